"""Opening a case: once, whatever is retried."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from socle.capabilities.casework import (
    calendars,
    history,
    policies,
    registry,
    rules,
    searching,
    tokens,
)
from socle.capabilities.casework.actions import recording, telling
from socle.capabilities.casework.actions.attaching import NewDocument, attach
from socle.capabilities.casework.events import CaseOpened
from socle.capabilities.casework.models import Case, CaseEvent
from socle.capabilities.casework.pack import Workflow
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.packs.models import Revision
from socle.kernel import events, geo, references
from socle.kernel.clock import SYSTEM, Clock, local
from socle.kernel.errors import Conflict, Denied, Invalid

_DRAWS = 8
RNG: random.Random = secrets.SystemRandom()


@dataclass(frozen=True, slots=True)
class Opened:
    """The outcome. A retry gets the same case and the same private link, not `created`."""

    case: Case
    follow_token: str
    created: bool


def open_case(
    *,
    actor: Actor,
    kind: str,
    service_key: str,
    definition: Revision,
    title: str,
    organisation_id: int,
    prefix: str,
    workflow: Workflow | None = None,
    letters: Mapping[str, str] | None = None,
    description: str = "",
    category: str = "",
    answers: Mapping[str, Any] | None = None,
    team_id: int | None = None,
    applicant_id: int | None = None,
    entity_id: int | None = None,
    contact_name: str = "",
    contact_email: str = "",
    contact_phone: str = "",
    filed_by_id: int | None = None,
    channel: str = Case.Channel.WEB,
    language: str = "",
    lon: float | None = None,
    lat: float | None = None,
    address: str = "",
    area_code: str = "",
    due_at: datetime | None = None,
    documents: Sequence[NewDocument | Mapping[str, str]] = (),
    claim: str = "",
    priority: int = 0,
    source: str = "",
    source_id: str = "",
    idempotency_key: str | None = None,
    rng: random.Random = RNG,
    clock: Clock = SYSTEM,
) -> Opened:
    """File a request or a report.

    `prefix`: of the reference. `applicant_id`: whose it is; `filed_by_id` the agent who typed it
    for them. `team_id`: default, the organisation's default team. `lon`, `lat`: degrees, both or
    none. `due_at`: default, the deadline of the initial state. `documents`: files received before,
    held by the actor or by `claim`. `priority`: 0 ordinary, 1 soon, 2 at once. `source`,
    `source_id`: the program that sent it and its own number. `idempotency_key`: the same key gives
    the same case, even at the same moment, with its private link: make it impossible to guess.
    `workflow`, `letters`: those of `definition`, when the caller has them at hand.

    Raises `Denied` when the actor may not file for that person or by that channel, `Conflict` when
    the key already opened something else, `Invalid` for a place that is not whole or has no
    meaning.
    """
    _may_open(actor, applicant_id, entity_id, filed_by_id, channel)
    if (lon is None) != (lat is None):
        raise Invalid(
            _("Cet emplacement n’est pas complet."),
            fields={"location": [_("Placez le point sur la carte.")]},
        )
    read = (
        registry.definition_of(kind, definition.pk)
        if workflow is None
        else registry.Definition.read(workflow, letters)
    )
    now = clock.now()
    initial = rules.state_of(read.workflow, read.workflow.initial)
    if initial is None:
        raise LookupError("a workflow must have its initial state")
    calendar = calendars.calendar_of(organisation_id)
    entry = rules.clocks_on_entry(
        read.workflow, initial.id, now=now, before=rules.Clocks(due_at=due_at), calendar=calendar
    )
    if due_at is not None:
        warn_at = rules.warning_at(read.workflow, now, due_at, calendar)
        entry = replace(entry, due_at=due_at, due_left=None, warn_at=warn_at)
    nonce = tokens.new_nonce()
    case = Case(
        kind=kind,
        service_key=service_key,
        definition=definition,
        title=title[:200],
        description=description,
        category=category,
        answers=dict(answers or {}),
        state=initial.id,
        public_status=initial.public,
        is_open=True,
        organisation_id=organisation_id,
        team_id=team_id,
        applicant_id=applicant_id,
        entity_id=entity_id,
        contact_name=contact_name[:200],
        contact_email=contact_email,
        contact_phone=contact_phone[:30],
        filed_by_id=filed_by_id,
        channel=channel,
        language=(language or get_language() or "fr")[:5],
        lon=lon,
        lat=lat,
        cell=None if lon is None or lat is None else geo.encode(lon, lat),
        address=address[:300],
        area_code=area_code,
        created_at=now,
        updated_at=now,
        due_at=entry.due_at,
        warn_at=entry.warn_at,
        timer_at=entry.timer_at,
        follow_nonce=nonce,
        follow_hash=tokens.hashed(tokens.derive(nonce)),
        priority=priority,
        source=source,
        source_id=source_id,
        idempotency_key=idempotency_key,
    )
    with transaction.atomic():
        present = existing(idempotency_key)
        if present is not None:
            return _again(present, case)
        if case.team_id is None:
            team = accounts.default_team(organisation_id)
            case.team_id = team.pk if team else None
        if not insert(case, prefix, rng):
            present = existing(idempotency_key)
            if present is None:
                raise Conflict(_("Aucune référence libre n’a été trouvée : recommencez."))
            return _again(present, case)
        added = (
            attach(case, None, documents, actor, claim=claim, internal=False, clock=clock)
            if documents
            else []
        )
        act = recording.Act(
            case,
            history.OPENED,
            public=True,
            data={"channel": channel, "helped": filed_by_id is not None},
            facts={
                "kind": kind,
                "service": service_key,
                "category": category,
                "state": initial.id,
                "team": case.team_id,
                "channel": channel,
                "helped": filed_by_id is not None,
                "documents": [each.pk for each in added],
            },
        )
        CaseEvent.objects.bulk_create([recording.event_of(act, actor, now)])
        case = recording.case_of(case.pk)
        _acknowledge(case, read, actor, clock)
        events.emit(
            CaseOpened(
                case_id=case.pk,
                organisation_id=organisation_id,
                kind=kind,
                version=case.version,
                channel=channel,
            )
        )
        act.case = case
        recording.journal_acts([act], actor, clock)
    return Opened(case, tokens.token_of(case), created=True)


def _may_open(
    actor: Actor,
    applicant_id: int | None,
    entity_id: int | None,
    filed_by_id: int | None,
    channel: str,
) -> None:
    allowed = (
        policies.can_open_for(actor, applicant_id)
        and policies.can_open_by(actor, channel)
        and policies.can_open_as(actor, entity_id)
        and (filed_by_id is None or policies.can_file_for(actor, filed_by_id))
    )
    if not allowed:
        raise Denied(_("Vous ne pouvez pas déposer cette demande au nom de quelqu’un d’autre."))


def existing(idempotency_key: str | None) -> Case | None:
    """The case a key already opened."""
    if not idempotency_key:
        return None
    return Case.objects.filter(idempotency_key=idempotency_key).first()


def _again(present: Case, wanted: Case) -> Opened:
    """The answer to a retry; a key used for something else is refused, and reveals nothing."""
    same = (present.kind, present.service_key, present.applicant_id, present.filed_by_id) == (
        wanted.kind,
        wanted.service_key,
        wanted.applicant_id,
        wanted.filed_by_id,
    )
    if not same:
        raise Conflict(
            _("Cet envoi a déjà servi à une autre demande. Recommencez depuis le début."),
            code="idempotency-key",
        )
    return Opened(present, tokens.token_of(present), created=False)


def insert(case: Case, prefix: str, rng: random.Random) -> bool:
    """Insert with a reference nobody has; false when the idempotency key was taken meanwhile."""
    year = local(case.created_at, settings.TIME_ZONE).year
    for _draw in range(_DRAWS):
        case.reference = references.new(prefix, year, rng)
        case.search_text = searching.text_of(case)
        try:
            with transaction.atomic():
                case.save(force_insert=True)
        except IntegrityError:
            case.pk = None
            if existing(case.idempotency_key) is not None:
                return False
            if not Case.objects.filter(reference=case.reference).exists():
                # Neither the key nor the reference: a mistake of the caller, not a race.
                raise
        else:
            return True
    return False


def _acknowledge(case: Case, read: registry.Definition, actor: Actor, clock: Clock) -> None:
    """The acknowledgement of receipt (CRPA, article L.112-11), the pack's own letter or ours."""
    effects = read.workflow.opening
    enclosures = registry.enclosed_with_acknowledgement(case)
    telling.run_effects(case, effects, actor, clock, enclosures=enclosures)
    if not any(effect.notify == "applicant" for effect in effects):
        letter = telling.builtin(telling.OPENED, case)
        key = f"case:{case.pk}:opened"
        telling.tell_person(
            case, letter, actor, clock, key=key, required=True, enclosures=enclosures
        )
