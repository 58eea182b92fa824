"""Planning work on public space, doing it, telling the people who reported it."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.actions import recording
from socle.capabilities.casework.actions.noting import note
from socle.capabilities.casework.models import Case, PublicStatus
from socle.capabilities.notifications import actions as notifications
from socle.domains.reports import policies
from socle.domains.reports.models import (
    Contractor,
    FieldAct,
    Intervention,
    InterventionCase,
)
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.journal import actions as journal
from socle.kernel import references
from socle.kernel.clock import SYSTEM, Clock, local_date
from socle.kernel.errors import Conflict, Invalid, NotFound

PREFIX = "BT"
"""Of references: *bon de travail*."""
MAX_CASES = 200
MAX_PARTS = 50
MAX_MINUTES = 60 * 24 * 14
TEXT_MAX = 4000
NOTE = "intervention"
RNG: random.Random = secrets.SystemRandom()

State = Intervention.State


@dataclass(frozen=True, slots=True)
class FieldPhoto:
    """A photo taken on site: a file received before. `case_id`: of which report (the first)."""

    file_id: str
    kind: str = "after"
    """`before` or `after`."""
    case_id: int | None = None


def plan_intervention(
    *,
    actor: Actor,
    case_ids: Sequence[int],
    title: str = "",
    team_id: int | None = None,
    contractor_id: int | None = None,
    assignee_id: int | None = None,
    instructions: str = "",
    planned_for: date | None = None,
    announce: bool = True,
    idempotency_key: str | None = None,
    clock: Clock = SYSTEM,
) -> Intervention:
    """Order work for some reports of one organisation, to one of its teams or companies.

    `planned_for`: a local day. `announce`: reports move on to their planned state when the workflow
    has one, and the people who sent them are told the day. A company with an address is written to,
    without a word about who reported. The same `idempotency_key` twice gives the same order.

    Raises `NotFound` for a report out of the actor's scope, `Denied` for their own, `Conflict` for
    a closed one, `Invalid` with the fields at fault.
    """
    with transaction.atomic():
        present = _existing(actor, idempotency_key)
        if present is not None:
            return present
        found = recording.lock(list(dict.fromkeys(case_ids))[: MAX_CASES + 1])
        rows = [
            recording.for_agent(actor, _there(found.get(each))) for each in dict.fromkeys(case_ids)
        ]
        organisation_id = _organisation(rows)
        if not policies.can_plan(actor, organisation_id):
            raise NotFound()
        for case in rows:
            recording.not_merged(case)
            if not case.is_open:
                raise Conflict(
                    _("Le signalement %(reference)s est clos.") % {"reference": case.reference},
                    code="closed",
                )
        contractor = _hand(organisation_id, team_id, contractor_id, assignee_id)
        now = clock.now()
        title = " ".join(title.split())[:200] or rows[0].title
        intervention = Intervention(
            organisation_id=organisation_id,
            title=title,
            instructions=_text(instructions),
            team_id=team_id,
            contractor_id=contractor_id,
            assignee_id=assignee_id,
            planned_for=planned_for,
            created_at=now,
            created_by_id=actor.user_id,
            idempotency_key=idempotency_key,
        )
        if not _insert(intervention, clock):
            present = _existing(actor, idempotency_key)
            if present is None:
                raise Conflict(_("Aucune référence libre n’a été trouvée : recommencez."))
            return present
        InterventionCase.objects.bulk_create(
            [InterventionCase(intervention=intervention, case=case) for case in rows]
        )
        for case in rows:
            _note(actor, case, intervention, clock)
            if announce:
                _move(actor, case, {PublicStatus.PLANNED}, clock, message=_day_text(planned_for))
        if contractor is not None and contractor.email:
            _tell(contractor, intervention, rows, clock)
        _record(actor, intervention, "intervention.planned", clock)
        return intervention


def _existing(actor: Actor, key: str | None) -> Intervention | None:
    present = Intervention.objects.filter(idempotency_key=key).first() if key else None
    if present is not None and present.created_by_id != actor.user_id:
        raise Conflict(_("Cet envoi a déjà servi. Recommencez."), code="idempotency-key")
    return present


def _there(case: Case | None) -> Case:
    if case is None or case.kind != Case.Kind.REPORT:
        raise NotFound()
    return case


def _organisation(rows: Sequence[Case]) -> int:
    organisations = {case.organisation_id for case in rows}
    if not rows or len(rows) > MAX_CASES:
        message = _("Choisissez de 1 à %(n)s signalements.") % {"n": MAX_CASES}
        raise Invalid(message, fields={"cases": [message]})
    if len(organisations) > 1:
        message = _("Ces signalements ne sont pas tous à la même organisation.")
        raise Invalid(message, fields={"cases": [message]})
    return organisations.pop()


def _hand(
    organisation_id: int, team_id: int | None, contractor_id: int | None, assignee_id: int | None
) -> Contractor | None:
    """Check who does it; gives the company when it is one."""
    fields: dict[str, list[str]] = {}
    contractor = None
    if (team_id is None) == (contractor_id is None):
        fields["team"] = [_("Choisissez une équipe ou une entreprise.")]
    if team_id is not None and not accounts.teams_in(organisation_id).filter(pk=team_id).exists():
        fields["team"] = [_("Cette équipe n’est pas de la même organisation.")]
    if contractor_id is not None:
        contractor = Contractor.objects.filter(
            pk=contractor_id, organisation_id=organisation_id, active=True
        ).first()
        if contractor is None:
            fields["contractor"] = [_("Cette entreprise ne travaille pas pour l’organisation.")]
    if assignee_id is not None and (
        team_id is None
        or not accounts.agents_of(organisation_id, team_id=team_id).filter(pk=assignee_id).exists()
    ):
        fields["assignee"] = [_("Cet agent n’est pas de l’équipe.")]
    if fields:
        raise Invalid(_("Cette intervention n’est pas possible."), fields=fields)
    return contractor


def _insert(intervention: Intervention, clock: Clock) -> bool:
    year = local_date(clock.now(), settings.TIME_ZONE).year
    for _draw in range(8):
        intervention.reference = references.new(PREFIX, year, RNG)
        try:
            with transaction.atomic():
                intervention.save(force_insert=True)
        except IntegrityError:
            intervention.pk = None
            key = intervention.idempotency_key
            if key and Intervention.objects.filter(idempotency_key=key).exists():
                return False
        else:
            return True
    return False


def start_intervention(
    *,
    actor: Actor,
    intervention_id: int,
    version: int | None = None,
    idempotency_key: str | None = None,
    clock: Clock = SYSTEM,
) -> Intervention:
    """Say that work began: reports move on to their state under way, when there is one.

    `version`: the one the person was shown; None accepts any (a phone that was offline). A key sent
    twice does it once. Raises `NotFound`, `Conflict` when it is done or cancelled.
    """

    def act(intervention: Intervention) -> dict[str, Any]:
        _state_in(intervention, State.PLANNED)
        intervention.state, intervention.started_at = State.UNDER_WAY, clock.now()
        if intervention.assignee_id is None and intervention.team_id is not None:
            intervention.assignee_id = actor.user_id
        for case in _open_cases(intervention):
            _note(actor, case, intervention, clock)
            _move(actor, case, {PublicStatus.IN_PROGRESS}, clock)
        return {}

    return _once(actor, intervention_id, version, "start", idempotency_key, act, clock)


def finish_intervention(
    *,
    actor: Actor,
    intervention_id: int,
    report: str = "",
    minutes: int | None = None,
    parts: Sequence[Mapping[str, Any]] = (),
    photos: Sequence[FieldPhoto] = (),
    claim: str = "",
    resolve: bool = True,
    version: int | None = None,
    idempotency_key: str | None = None,
    clock: Clock = SYSTEM,
) -> Intervention:
    """Say what was done: words, `minutes` spent, `parts` used (`label`, `quantity`), photos.

    Photos become documents of the reports (`before`, `after`). With `resolve`, reports that no
    other intervention waits for are closed as resolved. Raises like `start_intervention`, `Invalid`
    with the fields at fault.
    """
    used = _parts(parts)
    if minutes is not None and not 0 <= minutes <= MAX_MINUTES:
        message = _("Indiquez le temps passé en minutes.")
        raise Invalid(message, fields={"minutes": [message]})

    def act(intervention: Intervention) -> dict[str, Any]:
        _state_in(intervention, State.PLANNED, State.UNDER_WAY)
        now = clock.now()
        intervention.state, intervention.done_at = State.DONE, now
        intervention.started_at = intervention.started_at or now
        intervention.report, intervention.minutes = _text(report), minutes
        intervention.parts = used
        rows = _open_cases(intervention)
        _attach(actor, intervention, photos, claim, clock)
        left: list[str] = []
        for case in rows:
            fresh = recording.case_of(case.pk)
            fresh = _note(actor, fresh, intervention, clock)
            waited_for = not resolve or _others(intervention, case)
            if not waited_for and not _move(actor, fresh, {PublicStatus.RESOLVED}, clock):
                left.append(fresh.reference)
        return {"left_open": left}

    return _once(actor, intervention_id, version, "finish", idempotency_key, act, clock)


def cancel_intervention(
    *,
    actor: Actor,
    intervention_id: int,
    reason: str,
    version: int | None = None,
    idempotency_key: str | None = None,
    clock: Clock = SYSTEM,
) -> Intervention:
    """Give an order up. Its reports stay as they are. Raises like `start_intervention`, `Invalid`
    without a reason.
    """
    if not reason.strip():
        message = _("Expliquez en quelques mots pourquoi.")
        raise Invalid(message, fields={"reason": [message]})

    def act(intervention: Intervention) -> dict[str, Any]:
        _state_in(intervention, State.PLANNED, State.UNDER_WAY)
        intervention.state, intervention.report = State.CANCELLED, _text(reason)
        for case in _open_cases(intervention):
            _note(actor, case, intervention, clock)
        return {}

    return _once(actor, intervention_id, version, "cancel", idempotency_key, act, clock)


def _once(
    actor: Actor,
    intervention_id: int,
    version: int | None,
    kind: str,
    key: str | None,
    act: Callable[[Intervention], dict[str, Any]],
    clock: Clock,
) -> Intervention:
    """Do an act on an order, and never again for the same key of the same person."""
    with transaction.atomic():
        intervention = (
            Intervention.objects.select_for_update(of=("self",))
            .select_related("team", "contractor")
            .filter(pk=intervention_id)
            .first()
        )
        if intervention is None or not policies.can_plan(actor, intervention.organisation_id):
            raise NotFound()
        if key:
            done = FieldAct.objects.filter(key=key).first()
            if done is not None:
                same = (done.user_id, done.outcome.get("intervention"), done.kind) == (
                    actor.user_id,
                    intervention.pk,
                    kind,
                )
                if not same:
                    raise Conflict(
                        _("Cet envoi a déjà servi. Recommencez."), code="idempotency-key"
                    )
                return intervention
        if version is not None and version != intervention.version:
            raise Conflict(
                _("Cette intervention a changé depuis : relisez-la, puis recommencez."),
                code="stale-intervention",
            )
        outcome = act(intervention)
        intervention.version += 1
        intervention.save()
        if key and actor.user_id is not None:
            FieldAct.objects.create(
                key=key,
                user_id=actor.user_id,
                kind=kind,
                outcome={"intervention": intervention.pk, **outcome},
                at=clock.now(),
            )
        _record(actor, intervention, f"intervention.{kind}", clock)
        return intervention


def _state_in(intervention: Intervention, *states: Intervention.State) -> None:
    if intervention.state not in states:
        raise Conflict(
            _("Cette intervention est déjà à l’état « %(state)s ».")
            % {"state": intervention.get_state_display()},
            code="intervention-state",
        )


def _open_cases(intervention: Intervention) -> list[Case]:
    """The reports of an order that are still open in its organisation, locked."""
    ids = list(
        InterventionCase.objects.filter(intervention=intervention).values_list("case_id", flat=True)
    )
    found = recording.lock(ids)
    return [
        each
        for each in found.values()
        if each.is_open
        and each.merged_into_id is None
        and each.organisation_id == intervention.organisation_id
    ]


def _others(intervention: Intervention, case: Case) -> bool:
    """Whether another order of this report is still to be done."""
    return (
        InterventionCase.objects.filter(
            case=case, intervention__state__in=(State.PLANNED, State.UNDER_WAY)
        )
        .exclude(intervention=intervention)
        .exists()
    )


def _note(actor: Actor, case: Case, intervention: Intervention, clock: Clock) -> Case:
    hand = intervention.team or intervention.contractor
    return note(
        actor=actor,
        case_id=case.pk,
        kind=NOTE,
        data={
            "intervention": intervention.pk,
            "reference": intervention.reference,
            "state": str(intervention.state),
            "hand": hand.name if hand else "",
            "day": intervention.planned_for.strftime("%d/%m/%Y")
            if intervention.planned_for
            else "",
            "text": intervention.report[:500],
        },
        facts={"intervention": intervention.pk, "state": str(intervention.state)},
        public=intervention.state in (State.PLANNED, State.DONE),
        clock=clock,
    )


def _move(
    actor: Actor, case: Case, statuses: set[PublicStatus], clock: Clock, *, message: str = ""
) -> bool:
    """Move a report on to a state of that public meaning, when its workflow offers one."""
    case = recording.case_of(case.pk)
    workflow = cases.workflow_of(case)
    targets = {state.id for state in workflow.states if state.public in statuses}
    for each in cases.transitions_for(actor, case, clock=clock):
        needs_words = "message" in each.needs and not message
        if each.target in targets and "reason" not in each.needs and not needs_words:
            casework.perform(
                actor=actor,
                case_id=case.pk,
                transition_id=each.id,
                version=case.version,
                message=message,
                clock=clock,
            )
            return True
    return False


def _day_text(day: date | None) -> str:
    if day is None:
        return _("Une intervention est prévue.")
    return _("Une intervention est prévue le %(day)s.") % {"day": day.strftime("%d/%m/%Y")}


def _attach(
    actor: Actor,
    intervention: Intervention,
    photos: Sequence[FieldPhoto],
    claim: str,
    clock: Clock,
) -> None:
    ids = list(
        InterventionCase.objects.filter(intervention=intervention)
        .order_by("pk")
        .values_list("case_id", flat=True)
    )
    labels = {"before": _("Avant l’intervention"), "after": _("Après l’intervention")}
    by_case: dict[int, list[Mapping[str, str]]] = {}
    for photo in photos:
        case_id = photo.case_id if photo.case_id is not None else ids[0]
        if case_id not in ids or photo.kind not in labels:
            raise NotFound()
        by_case.setdefault(case_id, []).append(
            {"file_id": str(photo.file_id), "kind": photo.kind, "label": labels[photo.kind]}
        )
    for case_id, files in by_case.items():
        casework.add_document(actor=actor, case_id=case_id, files=files, claim=claim, clock=clock)


def _parts(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Parts used, checked: a label and a quantity above zero."""
    found: list[dict[str, Any]] = []
    for part in parts:
        label = " ".join(str(part.get("label", "")).split())[:200]
        quantity = part.get("quantity", 1)
        wrong = isinstance(quantity, bool) or not isinstance(quantity, int | float)
        if not label or wrong or not 0 < quantity <= 100_000 or len(found) >= MAX_PARTS:
            message = _("Indiquez chaque pièce par un nom et une quantité.")
            raise Invalid(message, fields={"parts": [message]})
        found.append({"label": label, "quantity": quantity})
    return found


def _text(text: str) -> str:
    return text.replace("\x00", "").replace("\r\n", "\n").strip()[:TEXT_MAX]


def _tell(
    contractor: Contractor, intervention: Intervention, rows: Sequence[Case], clock: Clock
) -> None:
    """The order, for the company: places and matters, nobody's name."""
    lines = [
        _("Bonjour,"),
        "",
        _("%(organisation)s vous confie une intervention, référence %(reference)s.")
        % {"organisation": rows[0].organisation.name, "reference": intervention.reference},
        "",
        intervention.title,
    ]
    if intervention.planned_for:
        day = intervention.planned_for.strftime("%d/%m/%Y")
        lines.append(_("Jour prévu : %(day)s") % {"day": day})
    if intervention.instructions:
        lines += ["", intervention.instructions]
    lines.append("")
    for case in rows:
        where = case.address
        if case.lat is not None and case.lon is not None:
            where = f"{where} ({case.lat:.6f}, {case.lon:.6f})".strip()
        lines.append(f"- {case.reference} : {case.title}. {where}")
    notifications.send_email(
        to=contractor.email,
        subject=_("[%(reference)s] %(title)s")
        % {"reference": intervention.reference, "title": intervention.title},
        text="\n".join(lines),
        key=f"intervention:{intervention.pk}:planned",
        required=True,
        clock=clock,
    )


def _record(actor: Actor, intervention: Intervention, action: str, clock: Clock) -> None:
    journal.record(
        chain=journal.chain_for(intervention.organisation_id),
        action=action,
        actor=actor,
        subject=("intervention", str(intervention.pk)),
        data={"state": str(intervention.state), "version": intervention.version},
        clock=clock,
    )
