"""The public list: newest first, by pages that stay put, whatever is asked.

Two ways of reading a page. A walk goes down an index in the order of the list and stops at the
page's end; a choice looks at every report that could match, when they are few (a street, a rare
word, a handful of references), and sorts them. Each is a hundred times slower than the other on
the other's case: the counts say which to take.

Words are those that everybody may see. The index of cases' words, which knows more, only gives
candidates: each is read again in its public form.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from socle.capabilities.casework import queries as cases
from socle.capabilities.search.text import fold
from socle.domains.reports.models import PublicPhoto, PublicReport
from socle.domains.reports.public import counting
from socle.domains.reports.public.filters import EVERYTHING, Box, PublicFilter
from socle.foundations.files.models import StoredFile
from socle.foundations.territories import queries as territories
from socle.kernel import geo
from socle.kernel.errors import Invalid, NotFound

PAGE, MAX_PAGE = 50, 1_000
FEW = 2_000
"""Up to so many candidates, they are read and sorted rather than walked to."""
MAX_WALKS = 100
_LISTED = 10_000
"""Up to so many reports that say words are read and sorted; beyond, they are walked to."""
_READ_FOR_WORDS = 5_000
"""Reports read to find common words for a page; the next page goes on from there."""
_CHUNK = 500
_MAX_WORDS = 8
_TABLE = PublicReport._meta.db_table
_WORD = re.compile(r"[^\W_]+")

Position = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Some reports, each with its `shown_photos`, and the cursors around them."""

    rows: list[PublicReport]
    next: str | None
    previous: str | None


def public_list(
    wanted: PublicFilter = EVERYTHING, cursor: str | None = None, limit: int = PAGE
) -> Page:
    """A page of visible reports, newest first. Constant number of queries, but for common words.

    `cursor`: from a former page, either way. A page may be short and still have a next one when
    words are asked for. Raises Invalid for a cursor that is not one.
    """
    limit = max(1, min(limit, MAX_PAGE))
    upwards, position = read_cursor(cursor)
    words = words_of(wanted.words)
    if words:
        found, further = _with_words(wanted, words, position, upwards, limit + 1)
    else:
        found = _positions(wanted, position, upwards, limit + 1)
        further = None
    more = len(found) > limit
    found = found[:limit]
    # Where reading stopped without filling the page: it goes on from there.
    edge = (found[-1] if found else None) if more or further is None else further
    more = more or further is not None
    rows = rows_of([pk for _at, pk in found])
    below, above = edge if more else None, found[0] if found and position else None
    if upwards:
        rows.reverse()
        below, above = found[0] if found else position, edge if more else None
    return Page(
        rows,
        make_cursor(below) if below and (rows or not upwards) else None,
        make_cursor(above, upwards=True) if above else None,
    )


def rows_of(ids: Sequence[int]) -> list[PublicReport]:
    """Reports by id, in that order, with their photos that everybody may see (`shown_photos`)."""
    known = PublicReport.objects.in_bulk(ids)
    photos: dict[int, list[PublicPhoto]] = {}
    if ids:
        shown = PublicPhoto.objects.filter(report_id__in=ids, shown__state=StoredFile.State.CLEAN)
        for photo in shown.select_related("shown").order_by("pk"):
            photos.setdefault(photo.report_id, []).append(photo)
    for row in known.values():
        may = row.visible and row.moderation in _WITH_PHOTOS
        row.shown_photos = photos.get(row.pk, []) if may else []  # type: ignore[attr-defined]
    return [known[pk] for pk in ids if pk in known]


_WITH_PHOTOS = (PublicReport.Moderation.PENDING, PublicReport.Moderation.SHOWN)


def shown_photos() -> Any:
    """Photos that everybody may see, each with its file."""
    return (
        PublicPhoto.objects.filter(
            shown__state=StoredFile.State.CLEAN,
            report__visible=True,
            report__moderation__in=_WITH_PHOTOS,
        )
        .select_related("shown")
        .order_by("pk")
    )


def public_report(reference: str) -> PublicReport:
    """A report everybody may see, with its `shown_photos`; a merged reference gives its survivor.

    Raises NotFound for one that is hidden, whose category is not public, or that does not exist.
    """
    found = PublicReport.objects.filter(reference=reference).values_list(
        "pk", "visible", "case__merged_into"
    ).first()  # fmt: skip
    for _hop in range(10):
        if found is None or found[2] is None:
            break
        found = PublicReport.objects.filter(pk=found[2]).values_list(
            "pk", "visible", "case__merged_into"
        ).first()  # fmt: skip
    if found is None or not found[1]:
        raise NotFound
    return rows_of([found[0]])[0]


def public_report_by_id(case_id: int) -> PublicReport:
    """The same by the id that tiles carry."""
    found = PublicReport.objects.filter(pk=case_id).values_list("reference", flat=True).first()
    return public_report(found or "")


# --- Conditions ---


@dataclass(slots=True)
class _Where:
    """Conditions and their values; a condition never holds a value."""

    sql: list[str]
    values: list[Any]

    def add(self, sql: str, *values: Any) -> None:
        self.sql.append(sql)
        self.values += values

    def among(self, column: str, asked: Iterable[Any]) -> None:
        listed = sorted(asked)
        if not listed:
            self.add("1 = 0")
        elif len(listed) == 1:
            self.add(f"{column} = %s", *listed)
        else:
            self.add(f"{column} IN ({', '.join(['%s'] * len(listed))})", *listed)

    def ids(self, asked: Sequence[int]) -> None:
        if connection.vendor == "postgresql":
            # Thousands of values are read much sooner as one array.
            self.add("case_id = ANY(%s)", list(asked))
        else:
            self.among("case_id", asked)

    def __str__(self) -> str:
        return " AND ".join(self.sql)


def held(index: str) -> str:
    """The table, held to an index on SQLite: it prefers the feed's for ranges of cells."""
    return f'{_TABLE} INDEXED BY "{index}"' if connection.vendor == "sqlite" else _TABLE


def _instant(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _conditions(wanted: PublicFilter, *, ranges: int = 0) -> _Where:
    """Every condition of a filter but words. `ranges`: cells that hold the box, before it."""
    found = _Where(["visible"], [])
    box = wanted.bbox
    if wanted.area_code:
        found.add("area_code = %s", wanted.area_code)
    if ranges and (box or wanted.area_code):
        spans = geo.cover(*(box or _area_box(wanted.area_code)), max_ranges=ranges)
        found.add(
            "(" + " OR ".join(["(cell >= %s AND cell < %s)"] * len(spans)) + ")",
            *(edge for span in spans for edge in span),
        )
    if box:
        west, south, east, north = box
        across = "AND" if west <= east else "OR"
        found.add(
            f"lat >= %s AND lat <= %s AND (lon >= %s {across} lon <= %s)", south, north, west, east
        )
    if wanted.categories:
        found.among("category", wanted.categories)
    if wanted.statuses:
        found.among("status", wanted.statuses)
    if wanted.organisation_id is not None:
        found.add("organisation_id = %s", wanted.organisation_id)
    if wanted.is_open is not None:
        found.add("is_open" if wanted.is_open else "NOT is_open")
    if wanted.since:
        found.add("created_at >= %s", _instant(wanted.since))
    if wanted.until:
        found.add("created_at < %s", _instant(wanted.until))
    if wanted.updated_since:
        found.add("updated_at >= %s", _instant(wanted.updated_since))
    if wanted.references:
        found.among("reference", wanted.references)
    return found


def _area_box(code: str) -> Box:
    try:
        return territories.area(code).bounds
    except NotFound:
        return -180.0, -90.0, 180.0, 90.0


def _keyset(position: Position | None, upwards: bool) -> _Where:
    if position is None:
        return _Where([], [])
    at, sign = _instant(position[0]), ">" if upwards else "<"
    return _Where(
        [f"created_at {sign}= %s", f"(created_at {sign} %s OR case_id {sign} %s)"],
        [at, at, position[1]],
    )


# --- Reading positions ---


def positions(wanted: PublicFilter, limit: int) -> list[Position]:
    """`(created_at, id)` of the newest visible reports that match, words included."""
    words = words_of(wanted.words)
    if words:
        return _with_words(wanted, words, None, False, limit)[0]
    return _positions(wanted, None, False, limit)


def queryset(wanted: PublicFilter) -> QuerySet[PublicReport, PublicReport]:
    """Visible reports that match everything but words, in no order: for whole exports."""
    found = PublicReport.objects.filter(visible=True)
    box = wanted.bbox
    if box:
        west, south, east, north = box
        across = Q(lon__gte=west), Q(lon__lte=east)
        found = found.filter(
            across[0] & across[1] if west <= east else across[0] | across[1],
            lat__gte=south, lat__lte=north,
        )  # fmt: skip
    asked: dict[str, Any] = {
        "area_code": wanted.area_code or None,
        "category__in": wanted.categories or None,
        "status__in": wanted.statuses or None,
        "organisation_id": wanted.organisation_id,
        "is_open": wanted.is_open,
        "created_at__gte": wanted.since,
        "created_at__lt": wanted.until,
        "updated_at__gte": wanted.updated_since,
        "reference__in": wanted.references or None,
    }
    return found.filter(**{name: value for name, value in asked.items() if value is not None})


def _positions(
    wanted: PublicFilter, position: Position | None, upwards: bool, limit: int
) -> list[Position]:
    """`(created_at, id)` of the first reports from a position, in the order of reading."""
    few = _few(wanted)
    if few is not None:
        return _sorted(few, wanted, position, upwards, limit)
    index, column, prefixes = _cheapest(wanted, limit)
    rest = _conditions(wanted, ranges=4)
    keyset = _keyset(position, upwards)
    direction = "ASC" if upwards else "DESC"
    order = f" ORDER BY created_at {direction}, case_id {direction} LIMIT {int(limit)}"
    walks: list[str] = []
    values: list[Any] = []
    for prefix in prefixes:
        lead = _Where([f"{column} = %s"], [prefix]) if column else _Where([], [])
        conditions = [*lead.sql, *keyset.sql, *rest.sql]
        walks.append(
            f"SELECT created_at, case_id FROM {held(index)}"  # noqa: S608
            f" WHERE {' AND '.join(conditions)}{order}"
        )
        values += [*lead.values, *keyset.values, *rest.values]
    sql = walks[0]
    if len(walks) > 1:
        sql = " UNION ALL ".join(f"SELECT * FROM ({each}) AS walk" for each in walks)  # noqa: S608
        sql += f" ORDER BY 1 {direction}, 2 {direction} LIMIT {int(limit)}"
    return fetched(sql, values)


def _few(wanted: PublicFilter) -> tuple[str, Sequence[_Where]] | None:
    """Where to look (an index and alternatives) when what can match is few; else `None`."""
    if wanted.references:
        return "", [_Where([], [])]
    box = wanted.bbox or (_area_box(wanted.area_code) if wanted.area_code else None)
    if box:
        ranges = geo.cover(*box, max_ranges=8)
        if counting.count(counting.FINEST, ranges, wanted) <= FEW:
            within = [_Where(["cell >= %s", "cell < %s"], list(span)) for span in ranges]
            if wanted.is_open and (statuses := wanted.shown_statuses()):
                # The index knows statuses, not openness: closed ones are passed without being read.
                for each in within:
                    each.among("status", statuses)
            return "public_cell_idx", within
    if wanted.updated_since:
        since = _instant(wanted.updated_since)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT COUNT(*) FROM (SELECT 1 FROM {held('public_updated_idx')}"  # noqa: S608
                f" WHERE visible AND updated_at >= %s LIMIT {FEW + 1}) AS counted",
                [since],
            )
            if cursor.fetchone()[0] <= FEW:
                return "public_updated_idx", [_Where([], [])]
    return None


def _sorted(
    few: tuple[str, Sequence[_Where]],
    wanted: PublicFilter,
    position: Position | None,
    upwards: bool,
    limit: int,
) -> list[Position]:
    index, alternatives = few
    rest, keyset = _conditions(wanted), _keyset(position, upwards)
    direction = "ASC" if upwards else "DESC"
    source = held(index) if index else _TABLE
    # One search of the index for each: of ranges joined by OR, SQLite reads the whole index. Boxes
    # around the world may overlap: UNION.
    sql = " UNION ".join(
        f"SELECT created_at, case_id FROM {source}"  # noqa: S608
        f" WHERE {' AND '.join([*where.sql, *rest.sql, *keyset.sql])}"
        for where in alternatives
    )
    values = [
        value for where in alternatives for value in (*where.values, *rest.values, *keyset.values)
    ]
    return fetched(
        f"{sql} ORDER BY 1 {direction}, 2 {direction} LIMIT {int(limit)}",
        values,
    )


def _cheapest(wanted: PublicFilter, limit: int) -> tuple[str, str, Sequence[Any]]:
    """The index whose walk to the end of a page is the shortest, by the counts."""
    statuses = wanted.shown_statuses() if wanted.statuses else None
    choices: list[tuple[str, str, Sequence[Any], PublicFilter]] = []
    if wanted.organisation_id is not None:
        only = PublicFilter(organisation_id=wanted.organisation_id)
        choices.append(
            ("public_organisation_idx", "organisation_id", (wanted.organisation_id,), only)
        )
    if wanted.categories and len(wanted.categories) <= MAX_WALKS:
        only = PublicFilter(categories=wanted.categories)
        choices.append(("public_category_idx", "category", sorted(wanted.categories), only))
    if statuses:
        only = PublicFilter(statuses=frozenset(statuses))
        choices.append(("public_status_idx", "status", sorted(statuses), only))
    if not choices:
        return "public_feed_idx", "", ("",)
    if len(choices) > 1:
        level, world = counting.LEVELS[0], counting.WORLD
        choices.sort(key=lambda each: counting.count(level, world, each[3]))
    return choices[0][:3]


def fetched(sql: str, values: Sequence[Any]) -> list[Position]:
    """`(created_at, id)` of a statement of this room's own."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [(moment(at), pk) for at, pk in cursor.fetchall()]


def moment(at: Any) -> datetime:
    """An instant as the driver gives it, aware."""
    found: datetime = datetime.fromisoformat(at) if isinstance(at, str) else at
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# --- Words ---


def words_of(text: str) -> list[str]:
    """What is looked for: folded words, the first eight."""
    return list(dict.fromkeys(_WORD.findall(fold(text[:200]))))[:_MAX_WORDS]


def says(words: Sequence[str], reference: str, category: str, address: str, text: str) -> bool:
    """Whether each word begins one of those that everybody may see of a report."""
    from socle.domains.reports import queries

    label = queries.category_label(category)
    seen = f" {' '.join(_WORD.findall(fold(f'{reference} {label} {address} {text}')))}"
    return all(f" {word}" in seen for word in words)


_SEEN = ("reference", "category", "address", "text")


def _saying(ids: Sequence[int], words: Sequence[str]) -> set[int]:
    """Those of some reports that say the words."""
    rows = PublicReport.objects.filter(pk__in=ids).order_by().values_list("pk", *_SEEN)
    return {pk for pk, *seen in rows if says(words, *seen)}


def _with_words(
    wanted: PublicFilter,
    words: Sequence[str],
    position: Position | None,
    upwards: bool,
    limit: int,
) -> tuple[list[Position], Position | None]:
    """Positions of reports that say the words; and where reading stopped, if it had to."""
    ids = cases.having_words(" ".join(words), most=_LISTED)
    if ids is not None:
        found: list[Position] = []
        chosen = _Where([], [])
        chosen.ids(ids)
        rows = _sorted(("", [chosen]), wanted, position, upwards, len(ids) + 1) if ids else []
        for part in _parts(rows, min(_CHUNK, 2 * limit)):
            known = _saying([pk for _at, pk in part], words)
            found += [each for each in part if each[1] in known]
            if len(found) >= limit:
                return found[:limit], None
        return found, None
    found, read, chunk = [], 0, min(_CHUNK, 2 * limit)
    while read < _READ_FOR_WORDS:
        rows = _positions(wanted, position, upwards, chunk)
        read += len(rows)
        known = _saying([pk for _at, pk in rows], words)
        found += [each for each in rows if each[1] in known]
        if len(found) >= limit or len(rows) < chunk:
            return found[:limit], None
        position, chunk = rows[-1], _CHUNK
    return found, position


def _parts(rows: Sequence[Position], first: int) -> Iterable[Sequence[Position]]:
    """Some first, most often enough for a page; then many at a time."""
    yield rows[:first]
    for start in range(first, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]


# --- For maps ---


def cells_matching(
    wanted: PublicFilter, low: int, high: int, limit: int
) -> list[tuple[int, str, str, int]]:
    """`(cell, category, status, id)` of the newest reports within a range that match a filter the
    counts cannot answer. Newest, never first in the order of cells: no holes in the map.
    """
    words = words_of(wanted.words)
    statuses = wanted.shown_statuses()
    coarse = PublicFilter(
        categories=wanted.categories,
        statuses=frozenset(statuses or ()),
        organisation_id=wanted.organisation_id,
    )
    rest = _conditions(wanted, ranges=4)
    if words:
        ids = cases.having_words(" ".join(words), most=_LISTED)
        if ids is not None:
            rest.ids(ids)
    within = _Where(["cell >= %s", "cell < %s"], [low, high])
    scanned = counting.count(counting.FINEST, [(low, high)], coarse) <= 4 * limit
    index = "public_cell_idx" if scanned else "public_feed_idx"
    most = limit if not words else _READ_FOR_WORDS
    sql = (
        f"SELECT cell, category, status, case_id FROM {held(index)}"  # noqa: S608
        f" WHERE {' AND '.join([*within.sql, *rest.sql])}"
        f" ORDER BY created_at DESC, case_id DESC LIMIT {int(most)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*within.values, *rest.values])
        rows = list(cursor.fetchall())
    if not words:
        return rows
    said: list[tuple[int, str, str, int]] = []
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        known = _saying([row[3] for row in part], words)
        said += [row for row in part if row[3] in known]
    return said[:limit]


# --- Cursors ---


def make_cursor(position: Position, *, upwards: bool = False) -> str:
    """An opaque position in the list."""
    text = f"{'<' if upwards else '>'}{position[0].astimezone(UTC).isoformat()}|{position[1]}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> tuple[bool, Position | None]:
    """`(upwards, position)`; Invalid when `make_cursor` did not make it."""
    if not cursor:
        return False, None
    try:
        text = base64.urlsafe_b64decode((cursor + "=" * (-len(cursor) % 4)).encode("ascii"))
        way, (at, pk) = text[:1], text[1:].decode("ascii").split("|")
        found = datetime.fromisoformat(at), int(pk)
        if way not in (b"<", b">") or found[0].tzinfo is None or not 0 <= found[1] < 2**63:
            raise ValueError
    except (ValueError, binascii.Error):
        raise Invalid(_("Cette page n’existe pas."), code="cursor") from None
    return way == b"<", found
