"""Working time: opening hours without public holidays nor closures. Pure.

Hours are local wall-clock times; instants are UTC, so that a day with a clock change has the hours
that really pass. French public holidays: code du travail, article L.3133-1; the two more of
Alsace-Moselle: article L.3134-13.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from socle.kernel import clock as clocks

Span = tuple[time, time]
"""From (included) to (excluded) on the wall clock; an end of 00:00 is the end of the day."""

OFFICE_HOURS: Mapping[int, tuple[Span, ...]] = {
    day: ((time(9), time(12)), (time(14), time(17))) for day in range(5)
}
"""Monday is 0. What is counted when a pack says nothing."""

REGIONS = {"": "", "alsace": "6AE", "moselle": "57", "alsace-moselle": "57"}
"""Where the list of public holidays differs; both départements of Alsace and Moselle share one."""

MAX_DAYS = 10_000
_ZERO = timedelta()
_DAY = timedelta(days=1)


@lru_cache(maxsize=128)
def _holidays_of(year: int, subdivision: str) -> frozenset[date]:
    from holidays.countries.france import France  # costs some 10 ms and 3 MB

    return frozenset(
        France(years=year, subdiv=subdivision or None)  # type: ignore[no-untyped-call]
    )


@dataclass(frozen=True, slots=True)
class Holidays:
    """French public holidays, year by year as they are asked for. `region`: see `REGIONS`."""

    region: str = ""

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and day in _holidays_of(day.year, REGIONS[self.region])


HOLIDAYS = Holidays()


@dataclass(frozen=True)
class WorkingCalendar:
    """When somebody is there to work on a case.

    `hours`: spans of each weekday (Monday is 0), in order, without overlap. `holidays`, `closures`:
    local days on which nobody is there.
    """

    hours: Mapping[int, tuple[Span, ...]] = field(default_factory=lambda: dict(OFFICE_HOURS))
    holidays: Container[date] = HOLIDAYS
    closures: Container[date] = ()
    tz: str = clocks.PARIS

    def is_working(self, day: date) -> bool:
        """Whether anybody is there at some time of a local day."""
        if day in self.holidays or day in self.closures:
            return False
        return bool(self.hours.get(day.weekday()))

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working spans of a local day, in UTC."""
        if not self.is_working(day):
            return []
        zone = ZoneInfo(self.tz)
        found = []
        for begins, ends in self.hours[day.weekday()]:
            start = datetime.combine(day, begins, zone).astimezone(UTC)
            last = day if ends != time.min else day + _DAY
            end = datetime.combine(last, ends, zone).astimezone(UTC)
            # A span that the spring change swallows has no length.
            if end > start:
                found.append((start, end))
        return found

    def add_working(self, start: datetime, amount: timedelta) -> datetime:
        """The first instant (UTC) by which `amount` of working time has passed since `start`.

        With a negative amount, the last instant from which that much is left until `start`. Raises
        `ValueError` for a naive datetime, or when so much time is not found in 10,000 days.
        """
        at = clocks.local(start, self.tz).astimezone(UTC)
        if amount == _ZERO:
            return at
        forwards, left = amount > _ZERO, abs(amount)
        for begins, ends in self._walk(at, forwards):
            length = ends - begins
            if length >= left:
                return begins + left if forwards else ends - left
            left -= length
        raise ValueError("not enough working time in this calendar")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants; negative when `end` comes first."""
        if end < start:
            return -self.between(end, start)
        total = _ZERO
        for begins, ends in self._walk(start, forwards=True):
            if begins >= end:
                break
            total += min(ends, end) - begins
        return total

    def _walk(self, at: datetime, forwards: bool) -> Iterator[tuple[datetime, datetime]]:
        """Spans from an instant on (or backwards), the first one cut at it."""
        day = clocks.local_date(at, self.tz)
        step = _DAY if forwards else -_DAY
        for _count in range(MAX_DAYS):
            spans = self.spans(day)
            for begins, ends in spans if forwards else reversed(spans):
                if forwards and ends > at:
                    yield max(begins, at), ends
                elif not forwards and begins < at:
                    yield begins, min(ends, at)
            day += step
