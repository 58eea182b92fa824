"""What a workflow allows, and by when. Pure: no database, no clock, the date is passed in.

The checks that a pack must pass are in `checking`, reached from here.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework.checking import FINAL, Finding, check_letters, problems
from socle.kernel import clock, expressions

if TYPE_CHECKING:
    from socle.capabilities.casework.pack import Deadline, State, Timer, Transition, Workflow

__all__ = [
    "BULK_LIMIT",
    "FINAL",
    "SKIPPED",
    "Finding",
    "available",
    "check_letters",
    "clocks_on_entry",
    "end_of_period",
    "holds",
    "is_overdue",
    "names_of",
    "problems",
    "state_of",
    "timer_of",
    "transition_of",
]

BULK_LIMIT = 500
"""Cases one bulk operation may touch."""

WAITING = "waiting"

SKIPPED = {
    "stale": _("Modifié entre-temps par une autre personne"),
    "not_found": _("Introuvable, ou hors de votre périmètre"),
    "not_allowed": _("Action non permise dans l’état actuel du dossier"),
    "own_case": _("Ce dossier vous concerne : un collègue doit le traiter"),
    "unchanged": _("Déjà dans l’état demandé"),
    "elsewhere": _("L’équipe ou l’agent est d’une autre organisation"),
}
"""Why a bulk operation left a case alone: code and sentence."""


def state_of(workflow: Workflow, state_id: str) -> State | None:
    """The state of that id, `None` when this revision of the workflow has none."""
    return next((state for state in workflow.states if state.id == state_id), None)


def transition_of(workflow: Workflow, transition_id: str) -> Transition | None:
    """The transition of that id, or `None`."""
    return next((each for each in workflow.transitions if each.id == transition_id), None)


@lru_cache(maxsize=4096)
def _parsed(condition: str) -> expressions.Node:
    return expressions.parse(condition)


def holds(condition: str, answers: Mapping[str, Any], today: date | None = None) -> bool:
    """Whether a condition of the pack is met; an empty one always is."""
    return not condition or expressions.holds(_parsed(condition), answers, today)


def names_of(workflow: Workflow) -> frozenset[str]:
    """The answers that the conditions of a workflow read."""
    return frozenset(
        name
        for each in workflow.transitions
        if each.condition
        for name in expressions.names(_parsed(each.condition))
    )


def available(
    workflow: Workflow,
    state_id: str,
    who: Collection[str],
    answers: Mapping[str, Any],
    today: date | None = None,
) -> tuple[Transition, ...]:
    """The transitions that somebody in these capacities may perform now, in the pack's order.

    `who`: capacities in which the actor stands towards the case (see `policies.capacities`).
    `answers`: typed values for the conditions. `today`: what ``today()`` gives.
    """
    return tuple(
        each
        for each in workflow.transitions
        if state_id in each.sources
        and any(one in who for one in each.who)
        and holds(each.condition, answers, today)
    )


def end_of_period(
    start: datetime,
    days: int,
    *,
    working: bool = False,
    holidays: Container[date] = (),
    tz: str = clock.PARIS,
) -> datetime:
    """The last second (UTC) of a period of `days`: the day it starts on is not counted.

    Counted on the local calendar, so that a day with a clock change is still one day. `working`:
    Monday to Friday without the public holidays passed in (*jours ouvrés*).
    """
    day = clock.local_date(start, tz)
    if working:
        last = clock.add_working_days(day, days, holidays)
    else:
        last = day + timedelta(days=days)
    return clock.local_day_bounds(last, tz)[1].astimezone(UTC) - timedelta(seconds=1)


def is_overdue(due_at: datetime | None, is_open: bool, now: datetime) -> bool:
    """An open case whose deadline has passed."""
    return is_open and due_at is not None and due_at < now


def _deadline(workflow: Workflow, state_id: str) -> Deadline | None:
    return next((each for each in workflow.deadlines if each.state == state_id), None)


def timer_of(workflow: Workflow, state_id: str) -> Timer | None:
    """The timer that runs while in a state, or `None`."""
    return next((each for each in workflow.timers if each.state == state_id), None)


def clocks_on_entry(
    workflow: Workflow,
    state_id: str,
    *,
    now: datetime,
    due_at: datetime | None,
    due_left: timedelta | None,
    holidays: Container[date] = (),
    tz: str = clock.PARIS,
) -> tuple[datetime | None, timedelta | None, datetime | None]:
    """`(due_at, due_left, timer_at)` of a case that enters a state at `now`.

    A state's own deadline starts anew. Waiting for the person stops the clock, and what was left
    runs again afterwards (the period is suspended while a request is incomplete: CRPA, article
    L.114-5). A closed case has no deadline. Any other state leaves the deadline as it was.
    """
    state = state_of(workflow, state_id)
    timer = timer_of(workflow, state_id)
    timer_at = (
        end_of_period(now, timer.days, working=timer.working, holidays=holidays, tz=tz)
        if timer
        else None
    )
    if state is None or not state.open:
        return None, None, timer_at
    deadline = _deadline(workflow, state_id)
    if deadline:
        due = end_of_period(now, deadline.days, working=deadline.working, holidays=holidays, tz=tz)
        return due, None, timer_at
    if state.public == WAITING:
        left = due_left if due_at is None else max(due_at - now, timedelta())
        return None, left, timer_at
    if due_at is None and due_left is not None:
        resumed = clock.local_date(now + due_left, tz)
        return clock.local_day_bounds(resumed, tz)[1] - timedelta(seconds=1), None, timer_at
    return due_at, None, timer_at
