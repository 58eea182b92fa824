"""What the query of a list may say. Pure: text in, typed values out, every mistake a sentence.

An empty parameter counts as an absent one (GeoReport v2, "Optional Arguments").
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from django.utils.translation import gettext as _

SPAN = timedelta(days=90)
"""The longest span of a search, and the default one: the last 90 days."""
MOST = 1000
"""The most requests in one answer."""
DEEPEST = 10_000
"""How far pages go; beyond, dates make the search narrower (or `cursor` goes on)."""
LIST_MOST = 500
RADIUS_MOST = 50_000.0

# W3C note on dates and times: a time zone is required with a time.
_W3C = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|z|[+ -]\d\d:?\d\d))?"
)


class Raw(Protocol):
    """Django's `QueryDict`."""

    def get(self, key: str, /) -> Any: ...

    def getlist(self, key: str, /) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Circle:
    """Degrees and metres."""

    lon: float
    lat: float
    radius: float


@dataclass(frozen=True, slots=True)
class Search:
    """A list's parameters. Instants in UTC, `until` included; `None` means no bound."""

    references: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    statuses: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    bbox: tuple[float, float, float, float] | None = None
    circle: Circle | None = None
    page: int = 1
    page_size: int = MOST
    paged: bool = False
    cursor: str = ""
    extensions: bool = False


class Mistakes(ValueError):
    """Every sentence about what was not understood."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = list(sentences)
        super().__init__("; ".join(self.sentences))


class _Reader:
    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.wrong: list[str] = []

    def text(self, name: str) -> str:
        return (self.raw.get(name) or "").strip()

    def several(self, name: str) -> tuple[str, ...]:
        """Comma delimited, or declared several times."""
        given = [part.strip() for each in self.raw.getlist(name) for part in each.split(",")]
        found = tuple(dict.fromkeys(part for part in given if part))
        if len(found) > LIST_MOST:
            self.refuse(name, _("au plus %(most)s valeurs") % {"most": LIST_MOST})
            return ()
        return found

    def moment(self, *names: str) -> datetime | None:
        name = next((each for each in names if self.text(each)), "")
        if not name:
            return None
        read = read_date(self.text(name))
        if read is None:
            self.refuse(name, _("une date W3C avec son fuseau, comme 2026-01-31T08:00:00Z"))
        return read

    def number(self, name: str, least: float, most: float) -> float | None:
        text = self.text(name)
        if not text:
            return None
        try:
            value = float(text) if len(text) <= 40 and "_" not in text else math.nan
        except ValueError:
            value = math.nan
        # NaN compares false to everything.
        if least <= value <= most:
            return value
        self.refuse(name, _("un nombre de %(least)g à %(most)g") % {"least": least, "most": most})
        return None

    def whole(self, name: str, default: int, most: int) -> int:
        text = self.text(name)
        if not text:
            return default
        if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most:
            return int(text)
        self.refuse(name, _("un nombre entier de 1 à %(most)s") % {"most": most})
        return default

    def refuse(self, name: str, expected: str) -> None:
        self.wrong.append(
            _("Paramètre %(name)s : %(expected)s.") % {"name": name, "expected": expected}
        )


def read_date(text: str) -> datetime | None:
    """An instant in UTC; a day alone begins at midnight UTC. `None` when it is not one."""
    # A "+" that was not escaped in the address arrives as a space.
    found = _W3C.fullmatch(text)
    if found is None or not text.isascii():
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        at = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")), tzinfo=UTC,
        )  # fmt: skip
        if zone and zone not in "Zz":
            digits = zone[1:].replace(":", "")
            if int(digits[2:]) > 59 or int(digits[:2]) > 23:
                return None
            offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
            at = at + offset if zone[0] == "-" else at - offset
    except (ValueError, OverflowError):
        return None
    return at if 1900 <= at.year <= 2200 else None


def written(at: datetime) -> str:
    """An instant as the specification wants it: ``2010-01-01T00:00:00Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_search(raw: Raw, now: datetime) -> Search:
    """Read a list's parameters. Raises :class:`Mistakes`."""
    read = _Reader(raw)
    references = read.several("service_request_id")
    extensions = read.text("extensions").lower() in {"true", "1", "yes"}
    if references and not read.wrong:
        # "This overrides all other arguments."
        return Search(references=references, extensions=extensions)
    statuses = frozenset(each.lower() for each in read.several("status"))
    if statuses - {"open", "closed"}:
        read.refuse("status", _("open ou closed"))
    updated_since = read.moment("updated_after", "updated_since")
    updated_until = read.moment("updated_before", "updated_until")
    since, until = _span(read, now, limited=updated_since is None and updated_until is None)
    paged = bool(read.text("page") or read.text("page_size") or read.text("cursor"))
    page = read.whole("page", 1, DEEPEST)
    page_size = read.whole("page_size", 100 if paged else MOST, MOST)
    if page * page_size > DEEPEST and page > 1 and not read.wrong:
        read.refuse("page", _("resserrez les dates pour aller plus loin"))
    search = Search(
        codes=read.several("service_code"),
        statuses=frozenset() if len(statuses) == 2 else statuses,
        since=since,
        until=until,
        updated_since=updated_since,
        updated_until=updated_until,
        bbox=_box(read),
        circle=_circle(read),
        page=page,
        page_size=page_size,
        paged=paged,
        cursor=read.text("cursor")[:500],
        extensions=extensions,
    )
    if read.wrong:
        raise Mistakes(read.wrong)
    return search


def read_span(raw: Raw, now: datetime) -> tuple[datetime, datetime]:
    """`start_date` and `end_date` of a list of updates. Raises :class:`Mistakes`."""
    read = _Reader(raw)
    since, until = _span(read, now, limited=True)
    if read.wrong:
        raise Mistakes(read.wrong)
    return since or now - SPAN, until or now


def _span(
    read: _Reader, now: datetime, *, limited: bool
) -> tuple[datetime | None, datetime | None]:
    since, until = read.moment("start_date"), read.moment("end_date")
    if since and until:
        if until < since:
            read.refuse("end_date", _("une date qui ne précède pas start_date"))
        elif until - since > SPAN:
            read.refuse("end_date", _("au plus 90 jours après start_date"))
    elif since:
        until = since + SPAN
    elif until:
        since = until - SPAN
    elif limited:
        # The same for an hour: a program that reads page after page asks one question.
        since = now.replace(minute=0, second=0, microsecond=0) - SPAN
    return since, until


def _box(read: _Reader) -> tuple[float, float, float, float] | None:
    """`bbox=west,south,east,north`, degrees."""
    text = read.text("bbox")
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text[:200].split(","))
    except ValueError:
        west = south = east = north = math.nan
    if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
        return west, south, east, north
    read.refuse("bbox", _("ouest,sud,est,nord en degrés"))
    return None


def _circle(read: _Reader) -> Circle | None:
    lat, lon = read.number("lat", -90, 90), read.number("long", -180, 180)
    radius = read.number("radius", 0, RADIUS_MOST)
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        read.refuse("lat", _("lat et long vont ensemble"))
        return None
    return Circle(lon, lat, 100.0 if radius is None else radius)
