"""When a task runs, again or for the first time. Pure: no database, no clock."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

Backoff = Callable[[int, Random], timedelta]
"""From the number of attempts already made (1 or more) to the wait before the next."""

_ADDRESS = re.compile(r"[^\s@<>\"'=]+@[^\s@<>\"',;)]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def exponential(
    first: timedelta = timedelta(seconds=5),
    cap: timedelta = timedelta(hours=1),
    jitter: float = 0.25,
) -> Backoff:
    """``first``, doubled after each attempt up to ``cap``, spread by ± ``jitter`` so that a crowd
    does not come back at once.
    """

    def wait(attempts: int, dice: Random) -> timedelta:
        exponent = min(max(attempts, 1) - 1, 40)
        base = min(first * 2**exponent, cap) if exponent < 30 else cap
        return base * (1 + dice.uniform(-jitter, jitter))

    return wait


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed rhythm, counted from the epoch in UTC: the same slots for every worker, whatever the
    season.
    """

    interval: timedelta

    def __post_init__(self) -> None:
        if self.interval < timedelta(seconds=1):
            raise ValueError("a periodic task runs at most once a second")

    def latest(self, now: datetime) -> datetime:
        """The last slot that is not after ``now``."""
        return now - ((now - _EPOCH) % self.interval)


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at a local time; ``weekday`` (Monday is 0) or ``day`` of the month narrow it to a
    week or a month.

    A time that the autumn change shows twice runs at its first showing; one that the spring change
    skips runs as much later as the clocks moved (02:30 becomes 03:30). Never twice, never not at
    all.
    """

    at: time
    zone: str = "Europe/Paris"
    weekday: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and not 1 <= self.day <= 28:
            raise ValueError("a day that every month has: 1 to 28")
        if self.weekday is not None and not 0 <= self.weekday <= 6:
            raise ValueError("a weekday is 0 (Monday) to 6")

    def latest(self, now: datetime) -> datetime:
        """The last slot that is not after ``now``."""
        zone = ZoneInfo(self.zone)
        day = now.astimezone(zone).date() + timedelta(days=1)
        for _count in range(64):
            if self.weekday in (None, day.weekday()) and self.day in (None, day.day):
                slot = datetime.combine(day, self.at, zone).astimezone(UTC)
                if slot <= now:
                    return slot
            day -= timedelta(days=1)
        raise ValueError("no slot within two months")


Rhythm = Every | Daily


def describe(error: BaseException) -> str:
    """What an administrator sees of a failure: type, message, the last lines of code; addresses
    masked, no values.
    """
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = "".join(
        f"\n  {'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}"
        for frame in frames
    )
    return masked(f"{type(error).__name__}: {error}"[:1500]) + places


def masked(text: str) -> str:
    """``text`` without e-mail addresses."""
    return _ADDRESS.sub("…@…", text)
