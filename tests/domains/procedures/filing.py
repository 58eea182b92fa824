"""A request for a composter of the small pack, begun and filled in without a browser."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from tests.cast import INSIDE, PACKS, photo

from socle.capabilities.questionnaires import actions as drafts
from socle.capabilities.questionnaires import queries as held
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.parsing import Cleaned, Files
from socle.domains.procedures import actions
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.foundations.files import actions as files
from socle.foundations.packs import actions as packs
from socle.kernel.clock import SYSTEM, Clock

KEY = "composteur"
CLAIM = "the-token-of-a-browser"
CONTACT = {"name": "Ada Test", "email": "ada@lac.example"}


def sent(**values: Any) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, value in values.items():
        query.setlist(name, value if isinstance(value, list) else [value])
    return query


def home(garden: bool = True, **more: Any) -> QueryDict:
    place = {"address": "1 place de la Mairie", "address_lon": INSIDE[0], "address_lat": INSIDE[1]}
    return sent(**place | {"household_size": "3", "garden": str(garden).lower()} | more)


def begin(actor: Actor = ANONYMOUS, claim: str = CLAIM, **given: Any) -> Draft:
    return actions.begin(actor=actor, claim=claim, service_key=KEY, **given)


def save(
    draft: Draft, page_id: str, raw: QueryDict, files: Any = None, clock: Clock = SYSTEM
) -> Cleaned:
    return actions.save_page(draft=draft, page_id=page_id, raw=raw, files=files, clock=clock)


def again(draft: Draft) -> Draft:
    return Draft.objects.select_related("definition").get(pk=draft.pk)


def proof(actor: Actor, claim: str) -> dict[str, Any]:
    upload = SimpleUploadedFile("facture.jpg", photo().read())
    stored = files.receive(
        upload=upload, name="facture.jpg", actor=actor, claim=held.claim_hash(claim)
    )
    return {"id": str(stored.pk), "name": stored.name, "size": stored.size}


def fill(
    draft: Draft,
    actor: Actor = ANONYMOUS,
    claim: str = CLAIM,
    *,
    garden: bool = True,
    contact: Any = CONTACT,
    evidence: bool = True,
) -> Draft:
    """Answer every page."""
    assert save(draft, "logement", home(garden)).ok
    if garden:
        assert save(again(draft), "jardin", sent(garden_area="40", model="wood")).ok
    added = [proof(actor, claim)] if evidence else []
    assert save(again(draft), "justificatif", sent(), {"proof": Files(added)}).ok
    drafts.save_contact(draft=draft, contact=contact)
    return again(draft)


def submit(
    draft: Draft, actor: Actor = ANONYMOUS, claim: str = CLAIM, clock: Clock = SYSTEM
) -> actions.Filed:
    return actions.submit(draft=draft, actor=actor, claim=claim, clock=clock)


def changed_pack(folder: Path, *changes: tuple[str, str]) -> None:
    """Apply the small pack with its composter form changed."""
    target = folder / "lakeside"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(PACKS / "lakeside", target)
    file = target / "services" / KEY / "questionnaire.toml"
    text = file.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file.write_text(text, "utf-8")
    (target / "services" / KEY / "examples.toml").unlink()
    packs.apply(target)
