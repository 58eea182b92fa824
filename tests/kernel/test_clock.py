"""Time: passed in, local days that are not 24 hours long, deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.kernel import clock
from socle.kernel.errors import Invalid

# In Europe/Paris, 2026: 02:00 becomes 03:00 on 29 March, 03:00 becomes 02:00 on 25 October.
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
days = st.dates(date(1990, 1, 1), date(2037, 12, 31))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


# --- Clocks


def test_the_system_clock_gives_an_aware_utc_instant() -> None:
    before = datetime.now(UTC)
    now = clock.SYSTEM.now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_a_fixed_clock_moves_only_when_told() -> None:
    fixed = clock.FixedClock(utc(2026, 1, 31, 12))
    assert fixed.now() == fixed.now() == utc(2026, 1, 31, 12)
    assert fixed.advance(timedelta(hours=13)) == fixed.now() == utc(2026, 2, 1, 1)
    fixed.advance(timedelta(days=-1))
    assert fixed.now() == utc(2026, 1, 31, 1)


def test_a_fixed_clock_speaks_utc_whatever_it_was_given() -> None:
    fixed = clock.FixedClock(datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=5))))
    assert fixed.now() == utc(2026, 1, 31, 7)
    assert fixed.now().tzinfo is UTC


def test_naive_times_are_refused() -> None:
    naive = datetime(2026, 1, 31, 12)
    with pytest.raises(ValueError, match="naive"):
        clock.FixedClock(naive)
    with pytest.raises(ValueError, match="naive"):
        clock.local(naive)


# --- Local time


def test_local_time_follows_the_season() -> None:
    assert clock.local(utc(2026, 1, 31, 23, 30)).isoformat() == "2026-02-01T00:30:00+01:00"
    assert clock.local(utc(2026, 7, 14, 23, 30)).isoformat() == "2026-07-15T01:30:00+02:00"
    assert clock.local(utc(2026, 7, 14, 12), "Indian/Reunion").hour == 16
    assert clock.local_date(utc(2026, 7, 14, 23, 30)) == date(2026, 7, 15)


@pytest.mark.parametrize(
    ("day", "start", "end", "hours"),
    [
        (date(2026, 1, 31), utc(2026, 1, 30, 23), utc(2026, 1, 31, 23), 24),
        (SPRING, utc(2026, 3, 28, 23), utc(2026, 3, 29, 22), 23),
        (AUTUMN, utc(2026, 10, 24, 22), utc(2026, 10, 25, 23), 25),
    ],
)
def test_a_local_day_lasts_23_24_or_25_hours(
    day: date, start: datetime, end: datetime, hours: int
) -> None:
    assert clock.local_day_bounds(day) == (start, end)
    assert end - start == timedelta(hours=hours)


@given(days)
def test_local_days_follow_each_other_without_gap_or_overlap(day: date) -> None:
    start, end = clock.local_day_bounds(day)
    assert end == clock.local_day_bounds(day + timedelta(days=1))[0]
    assert clock.local_date(start) == day
    assert clock.local_date(end - timedelta(microseconds=1)) == day
    assert clock.local_date(start - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_the_hour_that_spring_skips_does_not_exist() -> None:
    assert clock.parse_local(datetime(2026, 3, 29, 1, 59, 59)) == utc(2026, 3, 29, 0, 59, 59)
    assert clock.parse_local(datetime(2026, 3, 29, 3)) == utc(2026, 3, 29, 1)
    for minute in (0, 30, 59):
        with pytest.raises(Invalid, match=rf"02:{minute:02d} n’existe pas le 29/03/2026"):
            clock.parse_local(datetime(2026, 3, 29, 2, minute))
        with pytest.raises(Invalid):
            clock.parse_local(datetime(2026, 3, 29, 2, minute), fold=1)


def test_the_hour_that_autumn_repeats_is_taken_the_first_time_unless_said() -> None:
    twice = datetime(2026, 10, 25, 2, 30)
    assert clock.parse_local(twice) == utc(2026, 10, 25, 0, 30)
    assert clock.parse_local(twice, fold=1) == utc(2026, 10, 25, 1, 30)
    # The argument decides, not a flag that came along with the value.
    assert clock.parse_local(twice.replace(fold=1)) == utc(2026, 10, 25, 0, 30)
    assert clock.parse_local(datetime(2026, 10, 25, 3)) == utc(2026, 10, 25, 2)
    assert clock.parse_local(datetime(2026, 10, 25, 3), fold=1) == utc(2026, 10, 25, 2)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31)), st.sampled_from([0, 1]))
def test_a_local_time_comes_back_or_is_refused(wall: datetime, fold: int) -> None:
    try:
        instant = clock.parse_local(wall, fold=fold)
    except Invalid:
        assert wall.month == 3
        return
    assert instant.tzinfo is UTC
    assert clock.local(instant).replace(tzinfo=None, fold=0) == wall.replace(fold=0)


def test_text_is_read_as_forms_send_it() -> None:
    assert clock.parse_local("2026-01-31T14:30") == utc(2026, 1, 31, 13, 30)
    assert clock.parse_local(" 2026-07-14 14:30:15 ") == utc(2026, 7, 14, 12, 30, 15)
    assert clock.parse_local("2026-07-14T14:30", "Indian/Reunion") == utc(2026, 7, 14, 10, 30)


@pytest.mark.parametrize(
    "text",
    ["", "demain", "31/01/2026 14:30", "2026-02-30T10:00", "2026-01-31T14:30Z", "0001-01-01T00:00"],
)
def test_text_that_is_no_local_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        clock.parse_local(text)


def test_a_time_that_already_has_an_offset_is_refused() -> None:
    with pytest.raises(Invalid, match="sans décalage"):
        clock.parse_local(utc(2026, 1, 31, 14, 30))


# --- Working days

MAY = {date(2026, 5, 1), date(2026, 5, 8), date(2026, 5, 14), date(2026, 5, 25)}


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2026, 5, 4), 1, date(2026, 5, 5)),  # Monday
        (date(2026, 5, 4), 5, date(2026, 5, 12)),  # over the 8th and a weekend
        (date(2026, 4, 30), 1, date(2026, 5, 4)),  # over the 1st and a weekend
        (date(2026, 5, 2), 1, date(2026, 5, 4)),  # from a Saturday
        (date(2026, 5, 12), -2, date(2026, 5, 7)),
        (date(2026, 5, 4), -1, date(2026, 4, 30)),
        (date(2026, 5, 4), 0, date(2026, 5, 4)),
        (date(2026, 5, 1), 0, date(2026, 5, 4)),
        (date(2026, 5, 9), 0, date(2026, 5, 11)),
    ],
)
def test_working_days_leave_out_weekends_and_holidays(start: date, n: int, end: date) -> None:
    assert clock.add_working_days(start, n, MAY) == end


def test_saturdays_count_when_only_sunday_is_off() -> None:
    assert clock.add_working_days(date(2026, 5, 7), 1, MAY, weekend=(clock.SUNDAY,)) == date(
        2026, 5, 9
    )


@given(days, st.integers(-60, 60).filter(bool), st.sets(days, max_size=20))
def test_as_many_working_days_lie_between(start: date, n: int, holidays: set[date]) -> None:
    end = clock.add_working_days(start, n, holidays)
    step = timedelta(days=1 if n > 0 else -1)
    passed, day = 0, start
    while day != end:
        day += step
        passed += clock.is_working_day(day, holidays)
    assert passed == abs(n)
    assert clock.is_working_day(end, holidays)


def test_a_calendar_without_working_days_is_an_error_not_an_endless_loop() -> None:
    class Always:
        def __contains__(self, day: object) -> bool:
            return True

    with pytest.raises(ValueError, match="no working day"):
        clock.add_working_days(date(2026, 5, 4), 1, Always())
    with pytest.raises(ValueError, match="too many"):
        clock.add_working_days(date(2026, 5, 4), 1_000_000)


# --- Months


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2026, 1, 15), 2, date(2026, 3, 15)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_of_the_month(
    start: date, n: int, end: date
) -> None:
    assert clock.add_months(start, n) == end


@given(days, st.integers(0, 200))
def test_adding_months_never_goes_back(start: date, n: int) -> None:
    ends = [clock.add_months(start, months) for months in range(n, n + 3)]
    assert all(before < after for before, after in pairwise(ends))
