"""Time, passed in and never read behind one's back.

Actions take ``clock: Clock = SYSTEM`` and hand ``now`` to the rules, which stay pure. Every
instant is an aware ``datetime`` in UTC; a local time exists only at the edges, where a person
reads or writes it. Local days are not always 24 hours long: :func:`local_day_bounds` knows, and
:func:`parse_local` refuses the hour which the spring change removes.
"""

from __future__ import annotations

import calendar
from collections.abc import Container
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .errors import Invalid

PARIS = "Europe/Paris"
SATURDAY, SUNDAY = 5, 6

_MAX_WORKING_DAYS = 10_000


class Clock(Protocol):
    """Something which knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved, for tests and reproducible demonstrations."""

    def __init__(self, at: datetime) -> None:
        """``at``: any aware instant; a naive one raises ``ValueError``."""
        self._now = _aware(at)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move by ``by`` (backwards when negative) and give the new instant."""
        self._now += by
        return self._now


SYSTEM: Clock = SystemClock()


def local(at: datetime, tz: str = PARIS) -> datetime:
    """The same instant on the wall clock of ``tz``; ``ValueError`` when ``at`` is naive."""
    return _aware(at).astimezone(_zone(tz))


def local_date(at: datetime, tz: str = PARIS) -> date:
    """The date people in ``tz`` have on their calendar at this instant."""
    return local(at, tz).date()


def local_day_bounds(day: date, tz: str = PARIS) -> tuple[datetime, datetime]:
    """First instant of a local day and first of the next, in UTC: 23, 24 or 25 hours apart.

    Half-open, for ``start <= at < end``.
    """
    zone = _zone(tz)
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def parse_local(value: datetime | str, tz: str = PARIS, *, fold: int = 0) -> datetime:
    """The UTC instant of a wall-clock time typed by a person, such as ``2026-03-29T14:30``.

    A time that the autumn change shows twice is taken the first time; ``fold=1`` takes the second.
    Raises ``Invalid`` for a time which the spring change skips, for text which is not an ISO 8601
    date and time, and for one that already has an offset.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise Invalid(
                _("Indiquez une date et une heure, par exemple 2026-01-31T14:30.")
            ) from None
    if value.tzinfo is not None:
        raise Invalid(_("Indiquez l’heure locale, sans décalage horaire."))
    wall = value.replace(fold=0)
    try:
        instant = value.replace(tzinfo=_zone(tz), fold=fold).astimezone(UTC)
        back = instant.astimezone(_zone(tz)).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise Invalid(_("Cette date est hors du calendrier.")) from None
    if back != wall:
        raise Invalid(
            format_lazy(
                _(
                    "{time} n’existe pas le {day} : les horloges changent d’heure. "
                    "Choisissez une autre heure."
                ),
                time=wall.strftime("%H:%M"),
                day=wall.strftime("%d/%m/%Y"),
            )
        )
    return instant


def is_working_day(
    day: date, holidays: Container[date] = (), weekend: Container[int] = (SATURDAY, SUNDAY)
) -> bool:
    """Neither a weekend day (Monday is 0) nor a public holiday."""
    return day.weekday() not in weekend and day not in holidays


def add_working_days(
    start: date,
    n: int,
    holidays: Container[date] = (),
    weekend: Container[int] = (SATURDAY, SUNDAY),
) -> date:
    """The ``n``-th working day after ``start``, or before it when ``n`` is negative.

    ``start`` itself is never counted. With ``n = 0``: ``start`` if it is a working day, else the
    next one, which is how a deadline moves that would end on a Saturday, a Sunday or a public
    holiday (code de procédure civile, art. 642). Pass ``weekend=(SUNDAY,)`` for *jours ouvrables*.
    ``ValueError`` beyond 10,000 days, or when no working day is found within a year.
    """
    if abs(n) > _MAX_WORKING_DAYS:
        raise ValueError("too many working days")
    step = timedelta(days=-1 if n < 0 else 1)
    day = start
    if n == 0:
        return _next_working(day, step, holidays, weekend)
    for _count in range(abs(n)):
        day = _next_working(day + step, step, holidays, weekend)
    return day


def _next_working(
    day: date, step: timedelta, holidays: Container[date], weekend: Container[int]
) -> date:
    for _count in range(366):
        if is_working_day(day, holidays, weekend):
            return day
        day += step
    raise ValueError("no working day within a year")


def add_months(start: date, n: int) -> date:
    """The same day ``n`` months later, or earlier when ``n`` is negative.

    The last day of the month when it has no such day (code de procédure civile, art. 641).
    """
    month = start.year * 12 + start.month - 1 + n
    year, month = divmod(month, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError("a naive datetime has no place here: give its time zone")
    return at.astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(tz: str) -> ZoneInfo:
    return ZoneInfo(tz)
