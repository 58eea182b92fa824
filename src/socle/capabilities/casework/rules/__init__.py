"""What a workflow allows, and by when. Pure: no database, no clock, the date is passed in.

The checks that a pack must pass are in `checking`, reached from here.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework.checking import FINAL, Finding, check_letters, problems
from socle.capabilities.casework.rules.working import WorkingCalendar
from socle.kernel import clock, expressions

if TYPE_CHECKING:
    from socle.capabilities.casework.pack import Deadline, State, Timer, Transition, Workflow

__all__ = [
    "BULK_LIMIT",
    "FINAL",
    "SKIPPED",
    "Clocks",
    "Finding",
    "WorkingCalendar",
    "available",
    "check_letters",
    "clocks_on_entry",
    "due_of",
    "end_of_period",
    "holds",
    "is_overdue",
    "names_of",
    "problems",
    "state_of",
    "timer_of",
    "transition_of",
    "warning_at",
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
    "merged": _("Ce dossier est regroupé dans un autre"),
    "open_parts": _("Il reste des sous-dossiers ouverts"),
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


@dataclass(frozen=True, slots=True)
class Clocks:
    """What runs while a case is in a state. Instants are UTC.

    `warn_at`: when the managers are told that the deadline is near; kept as it was while the clock
    is stopped, `None` once they were told.
    """

    due_at: datetime | None = None
    due_left: timedelta | None = None
    timer_at: datetime | None = None
    warn_at: datetime | None = None


def clocks_on_entry(
    workflow: Workflow,
    state_id: str,
    *,
    now: datetime,
    before: Clocks,
    calendar: WorkingCalendar,
) -> Clocks:
    """The clocks of a case that enters a state at `now`, from what they were before.

    A state's own deadline starts anew. Waiting for the person stops the clock, and what was left
    runs again afterwards (the period is suspended while a request is incomplete: CRPA, article
    L.114-5). A closed case has no deadline. Any other state leaves the deadline as it was.
    """
    tz, holidays = calendar.tz, calendar.holidays
    state = state_of(workflow, state_id)
    timer = timer_of(workflow, state_id)
    timer_at = (
        end_of_period(now, timer.days, working=timer.working, holidays=holidays, tz=tz)
        if timer
        else None
    )
    if state is None or not state.open:
        return Clocks(timer_at=timer_at)
    deadline = _deadline(workflow, state_id)
    if deadline:
        due = due_of(deadline, now, calendar)
        return Clocks(due, None, timer_at, warning_at(workflow, now, due, calendar))
    if state.public == WAITING:
        left = before.due_left
        if before.due_at is not None:
            passed = calendar.between if workflow.in_working_hours else _elapsed
            left = max(passed(now, before.due_at), timedelta())
        return Clocks(None, left, timer_at, before.warn_at)
    if before.due_at is None and before.due_left is not None:
        due = _resumed(workflow, now, before.due_left, calendar)
        warn = warning_at(workflow, now, due, calendar) if before.warn_at else None
        return Clocks(due, None, timer_at, warn)
    return Clocks(before.due_at, None, timer_at, before.warn_at if before.due_at else None)


def _elapsed(start: datetime, end: datetime) -> timedelta:
    return end - start


def due_of(deadline: Deadline, start: datetime, calendar: WorkingCalendar) -> datetime:
    """When a declared deadline that starts at `start` ends: working hours, or whole days."""
    if deadline.hours is not None:
        return calendar.add_working(start, timedelta(hours=deadline.hours))
    return end_of_period(
        start, deadline.days or 1, working=deadline.working, holidays=calendar.holidays,
        tz=calendar.tz,
    )  # fmt: skip


def _resumed(
    workflow: Workflow, now: datetime, left: timedelta, calendar: WorkingCalendar
) -> datetime:
    if workflow.in_working_hours:
        return calendar.add_working(now, left)
    day = clock.local_date(now + left, calendar.tz)
    return clock.local_day_bounds(day, calendar.tz)[1] - timedelta(seconds=1)


def warning_at(
    workflow: Workflow, start: datetime, due_at: datetime, calendar: WorkingCalendar
) -> datetime | None:
    """When a deadline that started at `start` is near: so much of its time has passed, or so many
    working hours are left. Never after it, nor before `start`; `None` when nobody is to be told.
    """
    rule = workflow.escalation
    if rule.hours_before is not None:
        at = calendar.add_working(due_at, -timedelta(hours=rule.hours_before))
    elif rule.percent is None:
        return None
    elif workflow.in_working_hours:
        whole = calendar.between(start, due_at)
        at = calendar.add_working(start, whole * rule.percent / 100)
    else:
        at = start + (due_at - start) * rule.percent / 100
    return min(max(at, start), due_at)
