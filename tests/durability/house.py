"""The inside of a house whose server is about to be killed, in a process of its own.

``python -m tests.durability.house prepare N`` makes the database and N reports that only have to be
sent; ``… verify`` reads from its input which were acknowledged and which were tried, and says what
is wrong (after ``damage``, something is). Both print JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

PACK = Path(__file__).parents[1] / "packs" / "lakeside"
# A point of the first commune of the small pack (degrees).
PLACE = {"lon": 2.05, "lat": 46.05, "label": "1 rue du Lac"}
PHOTO_ONE_IN = 4


def prepare(count: int) -> list[dict[str, str]]:
    """Drafts ready to be sent: `id` and the `cookie` of the browser that holds each."""
    from django.core.signing import get_cookie_signer
    from tests.cast import photo

    from socle.capabilities.questionnaires.models import Draft
    from socle.capabilities.questionnaires.queries import claim_hash
    from socle.config.cli import migrate
    from socle.domains.reports import actions, queries
    from socle.foundations.accounts.actors import ANONYMOUS
    from socle.foundations.files import actions as files
    from socle.foundations.files.models import StoredFile
    from socle.foundations.packs import actions as packs
    from socle.sites.portal import claims

    migrate.run()
    packs.apply(PACK)
    revision = queries.revision_in_force()
    category = queries.reporting_of(revision).categories.categories[0].id
    picture = files.receive(upload=photo(), name="photo.jpg", actor=ANONYMOUS, claim="model")
    known = {
        field.attname: getattr(picture, field.attname)
        for field in StoredFile._meta.concrete_fields
        if field.attname not in ("id", "claim")
    }
    signer = get_cookie_signer(salt=claims.COOKIE + claims._SALT)
    drafts, pictures, found = [], [], []
    for rank in range(count):
        token = f"browser-{rank}"
        photos = []
        if rank % PHOTO_ONE_IN == 0:
            each = StoredFile(**known, claim=claim_hash(token))
            pictures.append(each)
            photos = [{"id": str(each.pk), "name": each.name, "size": each.size}]
        draft = Draft(
            definition=revision,
            service_key=actions.SERVICE_KEY,
            claim=claim_hash(token),
            answers={
                "place": PLACE, "category": category, "description": f"write {rank}",
                "photos": photos,
            },
            contact={"name": "Ada Test", "email": f"ada{rank}@lac.example"},
        )  # fmt: skip
        drafts.append(draft)
        cookie = f"{claims.COOKIE}={signer.sign(token)}"
        found.append({"id": str(draft.pk), "cookie": cookie, "text": f"write {rank}"})
    StoredFile.objects.bulk_create(pictures, batch_size=500)
    Draft.objects.bulk_create(drafts, batch_size=500)
    return found


def verify(acknowledged: list[str], tried: list[str]) -> dict[str, Any]:
    """What is wrong in the database (nothing, it is hoped), and how many writes it holds.

    `acknowledged`: drafts whose sender was told it was done; `tried`: every draft ever sent. A
    write is recognised by its own words, not by the key that protects it.
    """
    from django.db import connection
    from django.db.models import Count, F, Max, Q

    from socle.capabilities.casework.models import Case, CaseDocument
    from socle.capabilities.notifications.models import Email
    from socle.capabilities.questionnaires.models import Draft
    from socle.foundations.files.models import StoredFile
    from socle.foundations.journal import queries as journal

    wrong: list[str] = []
    drafts = {str(each.pk): each for each in Draft.objects.all()}
    held = Counter(Case.objects.values_list("description", flat=True))
    for draft_id in tried:
        draft = drafts[draft_id]
        times = held[draft.answers["description"]]
        if times > 1:
            wrong.append(f"twice: {draft.answers['description']} is there {times} times")
        if draft.case_reference and not times:
            wrong.append(f"half: {draft.answers['description']} is filed without a case")
    for draft_id in acknowledged:
        draft = drafts[draft_id]
        if not held[draft.answers["description"]]:
            wrong.append(f"lost: {draft.answers['description']} was acknowledged")
        elif not draft.case_reference:
            wrong.append(f"half: {draft.answers['description']} has a case and is not filed")

    cases = Case.objects.annotate(
        events_n=Count("events", distinct=True),
        last=Max("events__version"),
        documents_n=Count("documents", distinct=True),
    )
    for case in cases.exclude(events_n__gte=1, last=F("version")):
        wrong.append(f"half: case {case.reference} v{case.version} has {case.events_n} events")
    with_photo = {each.answers["description"] for each in drafts.values() if each.answers["photos"]}
    for case in cases.filter(documents_n=0, description__in=with_photo):
        wrong.append(f"half: case {case.reference} lost its photo")
    attached = CaseDocument.objects.filter(file__attached_at=None).count()
    floating = StoredFile.objects.exclude(attached_at=None).exclude(
        pk__in=CaseDocument.objects.values("file_id")
    )
    if attached or floating.exists():
        wrong.append(f"half: {attached} documents unattached, {floating.count()} files without")
    letters = Counter(Email.objects.values_list("to", flat=True))
    for to, times in letters.items():
        if times != 1:
            wrong.append(f"twice: {times} letters to {to}")
    addresses = set(Case.objects.exclude(contact_email="").values_list("contact_email", flat=True))
    if addresses != set(letters):
        wrong.append(f"half: {len(addresses ^ set(letters))} cases without letter or the reverse")
    report = journal.verify()
    wrong += [f"journal: {each.reason} {each.chain}" for each in report.findings]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            verdict = cursor.fetchone()[0]
            if verdict != "ok":
                wrong.append(f"database: {verdict}")
    keyed = Case.objects.filter(~Q(idempotency_key=None)).count()
    return {"wrong": wrong, "cases": sum(held.values()), "keyed": keyed}


def lose_an_event() -> None:
    """Damage on purpose, to see that it is seen: a case without its first event."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM casework_caseevent WHERE id = (SELECT min(id) FROM casework_caseevent)"
        )


def main(words: list[str]) -> None:
    import django

    django.setup()
    answer: Any = None
    if "damage" in words:
        lose_an_event()
    if "prepare" in words:
        answer = prepare(int(words[-1]))
    if "verify" in words:
        answer = verify(**json.load(sys.stdin))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
