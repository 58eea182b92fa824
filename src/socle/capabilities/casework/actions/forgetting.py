"""Erasing who a case was about, and what follows from the life of accounts.

What remains serves statistics: kind, service, category, area, dates, states. The journal never held
anything personal.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, policies, registry
from socle.capabilities.casework.actions import recording
from socle.capabilities.casework.actions.assigning import KEEP, Target, assign_act
from socle.capabilities.casework.events import CaseAnonymised
from socle.capabilities.casework.models import (
    Case,
    CaseDocument,
    CaseEvent,
    Follower,
    Merge,
    Message,
)
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions as files
from socle.kernel import clock as clocks
from socle.kernel import geo
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied

BLURRED_LEVEL = 16
"""A request keeps the map square of some 400 m it came from, not the address."""

_CHUNK = 500


@transaction.atomic
def anonymise(*, actor: Actor = SYSTEM_ACTOR, case_id: int, clock: Clock = SYSTEM) -> Case:
    """Erase who asked, what they wrote and sent, from a closed case; what counts stays countable.

    A report keeps its place, which is public space. Raises `Denied` to agents, `Conflict` for an
    open case. Doing it twice changes nothing.
    """
    if not policies.can_anonymise(actor):
        raise Denied()
    case = recording.locked(case_id)
    if case.anonymised_at is not None:
        return case
    if case.is_open:
        raise Conflict(_("Ce dossier est encore ouvert."), code="open-case")
    changes: dict[str, Any] = {
        "applicant_id": None,
        "entity_id": None,
        "filed_by_id": None,
        "contact_name": "",
        "contact_email": "",
        "contact_phone": "",
        "answers": {},
        "description": "",
        "title": str(case.get_kind_display()),
        "search_text": case.reference.lower().replace("-", " "),
        "follow_nonce": "",
        "follow_hash": "",
        "idempotency_key": None,
        "has_news": False,
        "anonymised_at": clock.now(),
        **({} if case.kind == Case.Kind.REPORT else _blurred(case)),
    }
    file_ids = _erase_words(case)
    act = recording.Act(
        case,
        history.ANONYMISED,
        changes=changes,
        facts={"fields": sorted(changes), "files": len(file_ids)},
        emits=[
            CaseAnonymised(
                case_id=case.pk,
                organisation_id=case.organisation_id,
                kind=case.kind,
                version=case.version + 1,
            )
        ],
    )
    recording.write(act, actor, clock)
    # Last: rooms that heard of it have let go of what they showed.
    files.erase(file_ids=file_ids)
    return case


def due_for_oblivion(*, after: int = 0, limit: int, clock: Clock = SYSTEM) -> list[tuple[int, int]]:
    """Closed cases kept longer than their workflow says (`retention_months`): id and version, above
    the id `after`.

    The workflow in force decides, for old cases too; the case's own once the pack dropped it.
    """
    waiting = Case.objects.filter(is_open=False, anonymised_at__isnull=True)
    # One that goes on in another is kept as long as that one is open.
    waiting = waiting.exclude(merged_into__is_open=True)
    due = Q(pk__in=())
    for kind, definition_id in waiting.order_by().values_list("kind", "definition_id").distinct():
        before = _kept_since(kind, definition_id, clock)
        if before is not None:
            due |= Q(kind=kind, definition_id=definition_id, closed_at__lt=before)
    found = waiting.filter(due, pk__gt=after).order_by("pk")
    return list(found.values_list("pk", "version")[:limit])


def anonymise_if_due(*, case_id: int, clock: Clock = SYSTEM) -> None:
    """Anonymise a case, unless it was reopened since it was found due."""
    with transaction.atomic():
        case = recording.locked(case_id)
        before = _kept_since(case.kind, case.definition_id, clock)
        if case.closed_at is not None and before is not None and case.closed_at < before:
            anonymise(case_id=case_id, clock=clock)


def _kept_since(kind: str, definition_id: int, clock: Clock) -> datetime | None:
    """What was closed before this instant is kept no longer; None when it is kept."""
    months = registry.workflow_in_force(kind, definition_id).retention_months
    if months is None:
        return None
    today = clocks.local_date(clock.now(), settings.TIME_ZONE)
    return clocks.local_day_bounds(clocks.add_months(today, -months), settings.TIME_ZONE)[0]


def _blurred(case: Case) -> dict[str, Any]:
    if case.cell is None:
        return {"address": ""}
    low, high = geo.key_range(geo.parent(case.cell, BLURRED_LEVEL), BLURRED_LEVEL)
    lon, lat = geo.decode((low + high) // 2)
    return {"address": "", "lon": lon, "lat": lat, "cell": geo.encode(lon, lat)}


def _erase_words(case: Case) -> list[UUID]:
    """Messages, documents, and the names in the history. Give the files the documents held."""
    bonds = Merge.objects.filter(merged=case, undone_at__isnull=True)
    # What moved to a survivor with a merge is this person's all the same.
    moved = {
        name: [pk for bond in bonds for pk in bond.moved.get(name, ())]
        for name in ("messages", "documents")
    }
    documents = CaseDocument.objects.filter(Q(case_id=case.pk) | Q(pk__in=moved["documents"]))
    file_ids = list(documents.values_list("file_id", flat=True))
    documents.delete()
    Message.objects.filter(Q(case_id=case.pk) | Q(pk__in=moved["messages"])).delete()
    Follower.objects.filter(Q(case_id=case.pk) | Q(applicant_of=case)).delete()
    # The one exception to the append-only rule: what happened stays, who and why goes.
    events = CaseEvent._base_manager
    for event in events.filter(case_id=case.pk):
        kept = {
            name: value for name, value in event.data.items() if name not in {"reason", "labels"}
        }
        by_person = event.actor_kind in {"resident", "anonymous"}
        events.filter(pk=event.pk).update(
            data=kept,
            actor_label="" if by_person else event.actor_label,
            actor=None if by_person else event.actor_id,
        )
    return file_ids


@transaction.atomic
def forget_person(*, user_id: int, email: str, clock: Clock = SYSTEM) -> int:
    """A person closed their account: erase them from closed cases, unlink them from open ones.

    An open case goes on by its private link, to the address it was filed with, until it is closed:
    the administration still owes an answer. Returns how many cases were touched.
    """
    # They follow nothing any more; what they filed and was merged is closed, and erased below.
    Follower.objects.filter(Q(user_id=user_id) | Q(email=email.lower())).delete()
    mine = Case.objects.filter(applicant_id=user_id)
    closed = list(mine.filter(is_open=False).values_list("pk", flat=True))
    for case_id in closed:
        anonymise(case_id=case_id, clock=clock)
    still = mine.filter(is_open=True)
    still.filter(contact_email="").update(contact_email=email)
    return len(closed) + still.update(applicant_id=None)


@transaction.atomic
def release(*, user_id: int, organisation_id: int, clock: Clock = SYSTEM) -> int:
    """An agent left an organisation: nobody is in charge of their open cases any more."""
    rows = Case.objects.filter(assignee_id=user_id, organisation_id=organisation_id, is_open=True)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _CHUNK):
        cases = recording.lock(ids[start : start + _CHUNK]).values()
        acts = [
            assign_act(case, Target(KEEP, None)) for case in cases if case.assignee_id == user_id
        ]
        recording.write_many([act for act in acts if act], SYSTEM_ACTOR, clock)
    return len(ids)
