"""Working time, deadlines in it, suspensions, warnings."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capabilities.casework.cast import WORKFLOW, World

from socle.capabilities.casework import actions, calendars, registry, rules
from socle.capabilities.casework.models import CaseEvent
from socle.capabilities.casework.pack import Workflow
from socle.capabilities.casework.rules.working import HOLIDAYS, Holidays, WorkingCalendar
from socle.capabilities.notifications.models import Email, Notification
from socle.kernel.clock import FixedClock, parse_local

OFFICE = WorkingCalendar()
NIGHTS = WorkingCalendar(hours={day: ((time(0), time(6)), (time(20), time(0))) for day in range(7)})
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return parse_local(text)


instants = st.datetimes(
    datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)
)  # fmt: skip
amounts = st.integers(0, 400 * 60).map(lambda minutes: timedelta(minutes=minutes))
calendars_ = st.sampled_from([OFFICE, NIGHTS])


@given(calendars_, instants, amounts)
def test_what_is_added_is_what_lies_between(
    calendar: WorkingCalendar, start: datetime, amount: timedelta
) -> None:
    end = calendar.add_working(start, amount)
    assert calendar.between(start, end) == amount
    # The first such instant: a microsecond before, less has passed.
    if amount:
        assert calendar.between(start, end - timedelta(microseconds=1)) < amount
        assert any(
            begins < end <= ends
            for day in (end.date() - timedelta(days=1), end.date(), end.date() + timedelta(days=1))
            for begins, ends in calendar.spans(day)
        )


@given(calendars_, instants, amounts)
def test_going_back_undoes_going_forward(
    calendar: WorkingCalendar, end: datetime, amount: timedelta
) -> None:
    start = calendar.add_working(end, -amount)
    assert start <= end
    assert calendar.between(start, end) == amount == -calendar.between(end, start)


@given(calendars_, st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_time_adds_up(calendar: WorkingCalendar, three: list[datetime]) -> None:
    first, second, third = three
    if third - first > timedelta(days=400):
        third = first + timedelta(days=400)
        second = min(second, third)
    whole = calendar.between(first, third)
    assert whole == calendar.between(first, second) + calendar.between(second, third)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 9), ("2026-10-25", 11), ("2026-06-28", 10)]
)
def test_a_day_with_a_clock_change_has_the_hours_that_pass(day: str, hours: int) -> None:
    begin = at(f"{day}T00:00")
    end = at(f"{date.fromisoformat(day) + timedelta(days=1)}T00:00")
    assert NIGHTS.between(begin, end) == hours * HOUR


def test_a_span_that_the_spring_swallows_has_no_length() -> None:
    calendar = WorkingCalendar(hours={6: ((time(2), time(3)),)})
    assert calendar.spans(date(2026, 3, 29)) == []
    assert len(calendar.spans(date(2026, 3, 22))) == 1


def test_weekends_holidays_and_closures_do_not_count() -> None:
    # Friday 10 July 2026, 16:00: one hour that day, Monday, and Tuesday is 14 July.
    assert OFFICE.add_working(at("2026-07-10T16:00"), 8 * HOUR) == at("2026-07-15T10:00")
    bridge = WorkingCalendar(closures=frozenset({date(2026, 7, 13)}))
    assert bridge.add_working(at("2026-07-10T16:00"), 2 * HOUR) == at("2026-07-15T10:00")


def test_a_calendar_without_hours_says_so() -> None:
    with pytest.raises(ValueError, match="not enough"):
        WorkingCalendar(hours={}).add_working(at("2026-07-10T16:00"), HOUR)


def test_alsace_and_moselle_have_two_more_holidays() -> None:
    east = Holidays("alsace-moselle")
    assert date(2026, 4, 3) in east
    assert date(2026, 12, 26) in east
    assert date(2026, 4, 3) not in HOLIDAYS
    assert date(2026, 12, 26) not in HOLIDAYS
    assert list(map(east.__contains__, [date(2026, 5, 1), date(2026, 5, 2)])) == [True, False]


def test_an_organisation_may_have_its_own_hours_and_holidays() -> None:
    document = calendars.Calendar.model_validate({
        "hours": [{"days": ["monday"], "from": "08:00", "to": "12:00"}],
        "organisation": [
            {"organisation": "nord", "region": "moselle",
             "hours": [{"days": ["monday", "sunday"], "from": "20:00", "to": "24:00"}]},
        ],
    })  # fmt: skip
    whole = calendars.calendar_from(document)
    north = calendars.calendar_from(document, "nord")
    assert whole.between(at("2026-07-06T00:00"), at("2026-07-13T00:00")) == 4 * HOUR
    assert north.between(at("2026-07-06T00:00"), at("2026-07-13T00:00")) == 8 * HOUR
    assert date(2026, 12, 26) in north.holidays
    assert date(2026, 12, 26) not in whole.holidays


# --- Deadlines ---


def workflow(**changes: Any) -> Workflow:
    table = copy.deepcopy(WORKFLOW)
    table["deadline"] = [{"state": "received", "hours": 12}]
    return Workflow.model_validate(table | changes)


def entry(table: Workflow, state: str, now: datetime, before: rules.Clocks) -> rules.Clocks:
    return rules.clocks_on_entry(table, state, now=now, before=before, calendar=OFFICE)


def test_waiting_for_the_person_stops_the_working_clock() -> None:
    table = workflow()
    opened = entry(table, "received", at("2026-07-06T09:00"), rules.Clocks())
    assert opened.due_at == at("2026-07-07T17:00")
    # Three of the twelve hours are spent; then a fortnight of waiting.
    waiting = entry(table, "waiting", at("2026-07-06T12:30"), opened)
    assert (waiting.due_at, waiting.due_left) == (None, 9 * HOUR)
    resumed = entry(table, "checking", at("2026-07-20T09:00"), waiting)
    assert (resumed.due_at, resumed.due_left) == (at("2026-07-21T12:00"), None)
    assert resumed.warn_at is not None
    assert at("2026-07-20T09:00") <= resumed.warn_at <= at("2026-07-21T12:00")


def test_a_warning_already_given_is_not_given_again_after_a_wait() -> None:
    table = workflow()
    told = rules.Clocks(due_at=at("2026-07-07T17:00"), warn_at=None)
    waiting = entry(table, "waiting", at("2026-07-07T16:00"), told)
    assert entry(table, "checking", at("2026-07-20T09:00"), waiting).warn_at is None


@given(instants, st.integers(1, 300), st.integers(1, 99))
def test_a_warning_comes_within_the_time_given(start: datetime, hours: int, percent: int) -> None:
    table = workflow(
        deadline=[{"state": "received", "hours": hours}], escalation={"percent": percent}
    )
    clocks = entry(table, "received", start, rules.Clocks())
    assert clocks.due_at is not None
    assert clocks.warn_at is not None
    assert start <= clocks.warn_at <= clocks.due_at
    spent = OFFICE.between(start, clocks.warn_at)
    assert abs(spent - hours * HOUR * percent / 100) < timedelta(seconds=1)


def test_a_warning_may_be_so_many_working_hours_before() -> None:
    table = workflow(escalation={"hours_before": 4})
    clocks = entry(table, "received", at("2026-07-06T09:00"), rules.Clocks())

    assert clocks.warn_at is not None
    assert clocks.due_at is not None
    assert OFFICE.between(clocks.warn_at, clocks.due_at) == 4 * HOUR


def test_a_deadline_has_one_measure() -> None:
    for deadline in ({"state": "received"}, {"state": "received", "days": 1, "hours": 1}):
        found = rules.problems(workflow(deadline=[deadline]))
        assert [each.path for each in found] == [("deadline", 0)]


# --- Escalation ---


def test_managers_and_the_agent_are_told_once_before_the_deadline(world: World) -> None:
    clock = FixedClock(at("2026-07-06T09:00"))
    case = world.case(clock, due_at=at("2026-07-16T09:00"))
    actions.assign(
        actor=world.camille, case_id=case.pk, version=1, assignee_id=world.camille.user_id,
        clock=clock,
    )  # fmt: skip
    clock.advance(timedelta(days=7, hours=23))
    assert actions.due_warnings(clock=clock) == []
    clock.advance(timedelta(hours=2))
    assert actions.due_warnings(clock=clock) == [(case.pk, 2)]
    Email.objects.all().delete()
    assert actions.warn(case_id=case.pk, clock=clock)
    assert not actions.warn(case_id=case.pk, clock=clock)
    told = Notification.objects.filter(kind="case.deadline").values_list("user_id", flat=True)
    assert set(told) == {world.camille.user_id, world.maud.user_id}
    assert {each.to for each in Email.objects.all()} == {"camille@nord.test", "maud@nord.test"}
    assert CaseEvent.objects.get(case=case, version=3).kind == "warned"
    assert actions.due_warnings(clock=clock) == []


def test_a_case_that_moved_warns_nobody(world: World) -> None:
    clock = FixedClock(at("2026-07-06T09:00"))
    case = world.case(clock)
    actions.perform(
        actor=world.camille, case_id=case.pk, transition_id="finish", version=1, clock=clock
    )
    clock.advance(timedelta(days=60))
    assert actions.due_warnings(clock=clock) == []
    assert not actions.warn(case_id=case.pk, clock=clock)


# --- Absence ---


def test_what_is_given_to_somebody_away_goes_to_who_answers_for_them(world: World) -> None:
    away = {world.camille.user_id: world.driss.user_id}
    saved = registry._covers[:]
    registry.cover(lambda user, organisation, day: away.get(user))
    try:
        case = world.case()
        given_to = actions.assign(
            actor=world.maud, case_id=case.pk, version=1, assignee_id=world.camille.user_id
        )
        assert given_to.assignee_id == world.driss.user_id
        event = CaseEvent.objects.get(case=case, version=2)
        assert (event.data["assignee"], event.data["instead_of"]) == ("Driss Amar", "Camille Roux")
        assert Notification.objects.filter(user_id=world.driss.user_id).exists()
        # A circle of people away ends with who was asked for, and it is told.
        away[world.driss.user_id] = world.camille.user_id
        case = world.case()
        given_to = actions.assign(
            actor=world.maud, case_id=case.pk, version=1, assignee_id=world.camille.user_id
        )
        assert given_to.assignee_id == world.camille.user_id
        assert CaseEvent.objects.get(case=case, version=2).data["away"] is True
    finally:
        registry._covers[:] = saved
