"""When things run: patience after failures, slots on ordinary days and on days of 23 or
25 hours.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.foundations.tasks.rules import Daily, Every, describe, exponential, masked

PARIS = ZoneInfo("Europe/Paris")
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(st.integers(1, 10_000), st.integers())
def test_patience_grows_within_its_bounds(attempts: int, seed: int) -> None:
    wait = exponential(timedelta(seconds=5), timedelta(hours=1), 0.25)(attempts, Random(seed))
    base = min(5 * 2 ** min(attempts - 1, 20), 3600)
    assert base * 0.75 <= wait.total_seconds() <= base * 1.25


def test_patience_is_spread() -> None:
    dice = Random(1)
    assert len({exponential()(3, dice) for _count in range(20)}) == 20


@given(INSTANTS, st.integers(1, 100_000))
def test_the_latest_slot_of_an_interval_is_just_behind(now: datetime, seconds: int) -> None:
    slot = Every(timedelta(seconds=seconds)).latest(now)
    assert timedelta() <= now - slot < timedelta(seconds=seconds)
    assert Every(timedelta(seconds=seconds)).latest(slot) == slot


def test_an_interval_under_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="once a second"):
        Every(timedelta(milliseconds=10))


@given(INSTANTS, st.times())
def test_a_daily_slot_is_at_most_a_long_day_behind(now: datetime, at: time) -> None:
    slot = Daily(at=at.replace(microsecond=0)).latest(now)
    assert timedelta() <= now - slot <= timedelta(hours=25)


@pytest.mark.parametrize("at", ["00:00", "01:59", "02:00", "02:30", "02:59", "03:00", "23:30"])
@pytest.mark.parametrize("around", [datetime(2026, 3, 29), datetime(2026, 10, 25)])
def test_every_day_has_one_slot_even_when_clocks_change(at: str, around: datetime) -> None:
    rhythm = Daily(at=time.fromisoformat(at))
    start = around.replace(tzinfo=PARIS).astimezone(UTC) - timedelta(days=2)
    slots = {rhythm.latest(start + timedelta(minutes=minute)) for minute in range(5 * 24 * 60)}
    days = [slot.astimezone(PARIS).date() for slot in sorted(slots)][1:]
    assert days == sorted(set(days))
    assert len(days) >= 4


def test_a_time_the_spring_change_skips_runs_after_it() -> None:
    slot = Daily(at=time(2, 30)).latest(datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert slot.astimezone(PARIS).isoformat() == "2026-03-29T03:30:00+02:00"


def test_a_time_the_autumn_change_shows_twice_runs_the_first_time() -> None:
    rhythm = Daily(at=time(2, 30))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert rhythm.latest(first) == first
    assert rhythm.latest(first + timedelta(hours=2)) == first


def test_a_slot_may_be_weekly_or_monthly() -> None:
    now = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)  # a Wednesday
    monday = Daily(at=time(6), weekday=0).latest(now)
    assert monday.astimezone(PARIS).isoformat() == "2026-03-02T06:00:00+01:00"
    first = Daily(at=time(6), day=5).latest(now)
    assert first.astimezone(PARIS).isoformat() == "2026-02-05T06:00:00+01:00"
    assert Daily(at=time(6), weekday=2).latest(now).astimezone(PARIS).day == 4


@pytest.mark.parametrize("wrong", [{"day": 31}, {"day": 0}, {"weekday": 7}])
def test_days_that_not_every_month_has_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"every month|weekday"):
        Daily(at=time(6), **wrong)


def test_an_error_is_described_by_type_message_and_place() -> None:
    try:
        raise KeyError("case")
    except KeyError as error:
        text = describe(error)
    assert text.startswith("KeyError: 'case'\n")
    assert "test_rules.py" in text


@pytest.mark.parametrize(
    "text", ["to=<lea.roux@mairie.example>", "'lea@example.org'", "lea+tag@example.org refused"]
)
def test_addresses_are_masked(text: str) -> None:
    assert "lea" not in masked(text)
    assert "…@…" in masked(text)
