"""Giving a report to somebody outside, sending it once, hearing from them, taking it back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.actions import recording
from socle.capabilities.casework.actions.noting import note
from socle.capabilities.casework.models import Case, CaseEvent
from socle.domains.reports.handovers import queries, registry, rules
from socle.domains.reports.handovers.ports import NotSent, Sent, Update
from socle.domains.reports.models import ExternalBody, Handover
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Invalid, NotFound, SocleError

_log = logging.getLogger("socle.handovers")

REASON_MAX = 2000
State = Handover.State
HANDED, NEWS, FAILED, BACK = "handed_over", "handover_news", "handover_failed", "taken_back"
_AGAIN = {State.QUEUED, State.FAILED}


@transaction.atomic
def hand_over(
    *, actor: Actor, case_id: int, body_id: int, reason: str = "", clock: Clock = SYSTEM
) -> Handover:
    """Give a report to an outside body. It stays open here and is followed until they are done.

    It leaves after the commit, once, with its photos and without who reported it. Raises
    `NotFound`, `Denied`, `Conflict` when it is handed over already or closed, `Invalid` when the
    body is not one of the organisation or does not take the category.
    """
    case = recording.for_agent(actor, recording.locked(case_id))
    recording.not_merged(case)
    body = ExternalBody.objects.filter(
        pk=body_id, organisation_id=case.organisation_id, active=True
    ).first()
    if body is None or (body.services and case.category not in body.services):
        message = _("Choisissez un organisme de l’organisation, qui reçoit cette catégorie.")
        raise Invalid(message, fields={"body": [message]})
    if not case.is_open:
        raise Conflict(_("Ce signalement est clos."), code="closed")
    reason = reason.replace("\x00", "").strip()[:REASON_MAX]
    try:
        with transaction.atomic():
            handover = Handover.objects.create(
                case=case, body=body, reason=reason, created_at=clock.now()
            )
    except IntegrityError:
        raise Conflict(
            _("Ce signalement est déjà transmis à un organisme."), code="handed"
        ) from None
    note(
        actor=actor,
        case_id=case.pk,
        kind=HANDED,
        data={"body": body.name, "reason": reason, "handover": handover.pk},
        facts={"handover": handover.pk, "body": body.pk},
        public=True,
        clock=clock,
    )
    _queue(handover.pk, handover.attempts)
    return handover


def _queue(handover_id: int, attempts: int) -> None:
    from socle.domains.reports.tasks import send_handover

    send_handover.enqueue(handover_id=handover_id, _key=f"handover:{handover_id}:{attempts}")


@transaction.atomic
def retry_handover(*, actor: Actor, handover_id: int, clock: Clock = SYSTEM) -> Handover:
    """Send again a hand-over that failed for good. Raises `NotFound`, `Conflict`."""
    handover = _locked(handover_id)
    recording.for_agent(actor, handover.case)
    if handover.state != State.FAILED or handover.ended_at is not None:
        raise Conflict(_("Cette transmission n’est pas en échec."), code="not-failed")
    handover.state, handover.error = State.QUEUED, ""
    handover.save(update_fields=["state", "error"])
    _queue(handover.pk, handover.attempts)
    return handover


@transaction.atomic
def take_back(*, actor: Actor, case_id: int, reason: str = "", clock: Clock = SYSTEM) -> Handover:
    """End the hand-over of a case: the organisation sees to it again, with its whole history.

    For a body that gave it back by a letter or a phone call, or that does nothing. Raises
    `NotFound` also when nothing is handed over.
    """
    case = recording.for_agent(actor, recording.locked(case_id))
    handover = Handover.objects.select_related("body").filter(case=case, ended_at=None).first()
    if handover is None:
        raise NotFound(_("Ce signalement n’est pas transmis à un organisme."))
    _end(handover, State.RETURNED, clock.now())
    note(
        actor=actor,
        case_id=case.pk,
        kind=BACK,
        data={"body": handover.body.name, "reason": reason.strip()[:REASON_MAX]},
        facts={"handover": handover.pk},
        public=True,
        clock=clock,
    )
    return handover


def _end(handover: Handover, state: Handover.State, now: datetime) -> None:
    handover.state, handover.ended_at, handover.error = state, now, ""
    handover.save(update_fields=["state", "ended_at", "error"])


def _locked(handover_id: int) -> Handover:
    rows = Handover.objects.select_related("case", "body").select_for_update(of=("self",))
    found = rows.filter(pk=handover_id).first()
    if found is None:
        raise NotFound()
    return found


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt: `wait` is when to try again, None when there is nothing to try."""

    sent: bool
    wait: timedelta | None = None
    error: str = ""


def send(*, handover_id: int, clock: Clock = SYSTEM) -> Attempt:
    """Send a hand-over, if it still has to be. Speaks to the network outside any transaction.

    The attempt is counted before it is made: one whose answer is lost, or that a crash cuts short,
    is known to the next, which looks whether it arrived.
    """
    handover = Handover.objects.select_related("case", "body").filter(pk=handover_id).first()
    if handover is None or handover.state != State.QUEUED or handover.ended_at is not None:
        return Attempt(False)
    leaving = queries.outgoing(handover)
    Handover.objects.filter(pk=handover_id).update(attempts=F("attempts") + 1)
    sender = registry.sender(handover.body.means)
    try:
        if sender is None:
            raise NotSent(_("Ce moyen de transmission n’est pas installé."), permanent=True)
        sent = sender.send(leaving)
    except NotSent as error:
        return _not_sent(handover_id, error, clock)
    except Exception as error:
        _log.exception("hand-over %s could not be sent", handover_id)
        return _not_sent(handover_id, NotSent(_unexpected(error)), clock)
    _sent(handover_id, sent, clock)
    return Attempt(True)


def _unexpected(error: Exception) -> str:
    if isinstance(error, SocleError):
        return str(error.message)
    return _("Erreur inattendue (%(kind)s).") % {"kind": type(error).__name__}


@transaction.atomic
def _sent(handover_id: int, sent: Sent, clock: Clock) -> None:
    handover = _locked(handover_id)
    handover.external_id = sent.external_id[:200]
    handover.external_token = sent.token[:200]
    handover.external_status = sent.status[:60]
    handover.sent_at, handover.error = clock.now(), ""
    # Taken back while it was being sent: they have it all the same, and it is known.
    if handover.state == State.QUEUED:
        handover.state = State.SENT
    try:
        with transaction.atomic():
            handover.save()
    except IntegrityError:
        # They gave a reference that another report already has: theirs is kept out, not ours.
        handover.external_id = ""
        handover.save()


@transaction.atomic
def _not_sent(handover_id: int, error: NotSent, clock: Clock) -> Attempt:
    handover = _locked(handover_id)
    handover.error = error.sentence[: rules.ERROR_MAX]
    wait = None if error.permanent else rules.wait_after(handover.attempts, error.retry_after)
    if wait is None and handover.state == State.QUEUED:
        handover.state = State.FAILED
        note(
            actor=SYSTEM_ACTOR,
            case_id=handover.case_id,
            kind=FAILED,
            data={"body": handover.body.name, "error": handover.error},
            facts={"handover": handover.pk, "attempts": handover.attempts},
            changes={"has_news": True},
            tell_team=True,
            clock=clock,
        )
    handover.save(update_fields=["error", "state"])
    return Attempt(False, wait, handover.error)


def sync(*, handover_id: int, clock: Clock = SYSTEM) -> int:
    """Ask for what they said since the last time; gives how many updates were new.

    A failure is kept on the hand-over and asked again at the next round.
    """
    handover = Handover.objects.select_related("case", "body").filter(pk=handover_id).first()
    if handover is None or handover.ended_at is not None:
        return 0
    sender = registry.sender(handover.body.means)
    if sender is None or handover.state not in (State.SENT, State.ACCEPTED):
        return 0
    began = clock.now()
    try:
        updates = sender.updates(queries.outgoing(handover))
    except NotSent as error:
        _asked(handover_id, handover.synced_at, error.sentence)
        return 0
    except Exception as error:
        _log.exception("no news of hand-over %s", handover_id)
        _asked(handover_id, handover.synced_at, _unexpected(error))
        return 0
    new = record_updates(handover_id=handover_id, updates=updates, clock=clock)
    _asked(handover_id, began, "")
    return new


def _asked(handover_id: int, synced_at: datetime | None, error: str) -> None:
    Handover.objects.filter(pk=handover_id).update(
        synced_at=synced_at, error=error[: rules.ERROR_MAX]
    )


@transaction.atomic
def record_updates(*, handover_id: int, updates: Sequence[Update], clock: Clock = SYSTEM) -> int:
    """Write what they said in the history of the case, each thing once; gives how many were new.

    Treated: the case moves on to its resolved state when the workflow lets the system do so, else
    its team is told. Not theirs: the case comes back to its organisation, whose team is told.
    """
    handover = _locked(handover_id)
    known = {
        (data.get("handover"), data.get("key"))
        for data in CaseEvent.objects.filter(case_id=handover.case_id, kind=NEWS).values_list(
            "data", flat=True
        )
    }
    new = 0
    for update in updates:
        if update.external_id and not handover.external_id:
            handover.external_id = update.external_id[:200]
        if (handover.pk, update.key) in known or handover.ended_at is not None:
            continue
        known.add((handover.pk, update.key))
        new += 1
        _told(handover, update, clock)
    handover.save()
    return new


def _told(handover: Handover, update: Update, clock: Clock) -> None:
    ends = update.status in ("done", "returned")
    handover.external_status = (update.external_status or update.status)[:60]
    if update.status == "accepted":
        handover.state = State.ACCEPTED
    elif update.status == "done":
        handover.state, handover.ended_at = State.DONE, clock.now()
    elif update.status == "returned":
        handover.state, handover.ended_at = State.RETURNED, clock.now()
    data: dict[str, Any] = {
        "handover": handover.pk,
        "key": update.key,
        "status": update.status,
        "body": handover.body.name,
        "text": update.text[:REASON_MAX],
        "at": update.at.isoformat(),
    }
    case = note(
        actor=SYSTEM_ACTOR,
        case_id=handover.case_id,
        kind=NEWS,
        data=data,
        facts={"handover": handover.pk, "status": update.status},
        changes={"has_news": True} if ends or update.text else {},
        public=update.public,
        tell_team=ends,
        clock=clock,
    )
    if update.status == "done" and case.is_open:
        _resolve(case, clock)


def _resolve(case: Case, clock: Clock) -> None:
    """Close the case as resolved, when its workflow lets the system do it without a word."""
    workflow = cases.workflow_of(case)
    closed = {
        state.id for state in workflow.states if not state.open and state.public == "resolved"
    }
    offered = cases.transitions_for(SYSTEM_ACTOR, case, clock=clock)
    found = next((each for each in offered if each.target in closed and not each.needs), None)
    if found is not None:
        casework.perform(
            actor=SYSTEM_ACTOR,
            case_id=case.pk,
            transition_id=found.id,
            version=case.version,
            clock=clock,
        )
