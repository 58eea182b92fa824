"""How many reports lie where: counts by cell of the map, and the changes not yet rolled up.

A count is kept at five levels for every choice of organisation, category and status, "all of them"
included: the clusters of a tile are one short walk of an index, whatever is asked. An act adds
its changes as rows nobody else touches (`ReportDelta`); a task rolls them up. Readers add both in
one statement, hence in one snapshot: what they read is exact at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from socle.domains.reports.models import PublicReport, ReportCount, ReportDelta
from socle.domains.reports.public.filters import EVERYTHING, PublicFilter
from socle.kernel import geo

LEVELS = (8, 10, 12, 14, 16)
FINEST = LEVELS[-1]
MILLION = 1_000_000
BATCH = 5_000
"""Changes rolled up in one transaction: on SQLite other writers wait that long, 0.2 s."""
_READ = 50_000
_COUNT, _DELTA = ReportCount._meta.db_table, ReportDelta._meta.db_table
_NAMES = "level, organisation, category, status, key, n, sum_lon, sum_lat"

Ranges = Sequence[tuple[int, int]]


class Spot(NamedTuple):
    """Where a visible report counts. Degrees."""

    cell: int
    organisation: int
    category: str
    status: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """Reports of one cell: how many, and their middle in degrees. `key`: the cell's own."""

    lon: float
    lat: float
    count: int
    key: int


def millionths(degrees: float) -> int:
    """Whole millionths of a degree: what is added is exactly what will be taken away."""
    return round(degrees * MILLION)


def delta(spot: Spot, n: int) -> ReportDelta:
    """A change of the counts, not saved: one more (`n` = 1) or one less (-1)."""
    return ReportDelta(
        cell=spot.cell,
        organisation=spot.organisation,
        category=spot.category,
        status=spot.status,
        n=n,
        lon=n * millionths(spot.lon),
        lat=n * millionths(spot.lat),
    )


def add_spots(spots: Iterable[Spot]) -> int:
    """Count many more reports at once, inside the caller's transaction. Give how many."""
    rows = [
        (each.cell, each.organisation, each.category, each.status, 1,
         millionths(each.lon), millionths(each.lat))
        for each in spots
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {_DELTA} (cell, organisation, category, status, n, lon, lat)"  # noqa: S608
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
    return len(rows)


# --- Rolling up ---


def roll_up(*, batch: int = BATCH) -> int:
    """Fold the changes into the counts, a batch in a transaction; give how many changes.

    May run at the same time as writers, readers and itself.
    """
    total = 0
    while True:
        with transaction.atomic():
            taken = _take(batch)
            if taken:
                for part in _cube(_Columns.of([taken])):
                    _add(part)
        total += len(taken)
        if len(taken) < batch:
            return total


def _take(most: int) -> list[tuple[Any, ...]]:
    """Changes that nobody else is rolling up, removed."""
    columns = "cell, organisation, category, status, n, lon, lat"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"DELETE FROM {_DELTA} WHERE id IN (SELECT id FROM {_DELTA} ORDER BY id LIMIT %s"  # noqa: S608
                f" FOR UPDATE SKIP LOCKED) RETURNING {columns}",
                [most],
            )
            return list(cursor.fetchall())
        # The transaction holds the only write lock.
        cursor.execute(
            f"SELECT {columns}, id FROM {_DELTA} ORDER BY id LIMIT %s",  # noqa: S608
            [most],
        )
        found = list(cursor.fetchall())
        if found:
            cursor.execute(f"DELETE FROM {_DELTA} WHERE id <= %s", [found[-1][-1]])  # noqa: S608
    return [row[:-1] for row in found]


_Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Changes by column; texts are ranks into their lists, 0 being all of them."""

    cell: _Numbers
    organisation: _Numbers
    category: _Numbers
    status: _Numbers
    n: _Numbers
    lon: _Numbers
    lat: _Numbers
    organisations: list[int]
    categories: list[str]
    statuses: list[str]

    @classmethod
    def of(cls, blocks: Iterable[Sequence[tuple[Any, ...]]]) -> _Columns | None:
        """From rows (cell, organisation, category, status, n, lon, lat), some at a time."""
        ranks: tuple[dict[Any, int], ...] = ({0: 0}, {"": 0}, {"": 0})
        parts: list[tuple[_Numbers, ...]] = []
        for block in blocks:
            cells, *texts = zip(*block, strict=True)
            parts.append(
                (
                    np.array(cells, np.int64),
                    *(
                        np.array([known.setdefault(each, len(known)) for each in values], np.int64)
                        for known, values in zip(ranks, texts[:3], strict=True)
                    ),
                    *(np.array(values, np.int64) for values in texts[3:]),
                )
            )
        if not parts:
            return None
        columns = (np.concatenate(each) for each in zip(*parts, strict=True))
        return cls(*columns, *(list(known) for known in ranks))  # type: ignore[arg-type]


_Part = list[tuple[int, int, str, str, int, int, int, int]]


def _cube(columns: _Columns | None) -> Iterator[_Part]:
    """Rows to add, a level and a choice of "all" at a time, each in the order of the index: two
    transactions that add the same rows wait for each other, never in a circle.
    """
    if columns is None:
        return
    for level in LEVELS:
        keys, key = np.unique(columns.cell >> 2 * (geo.ZOOM - level), return_inverse=True)
        for choice in range(8):
            part = _grouped(columns, level, keys, key, choice)
            if part:
                yield part


def _grouped(columns: _Columns, level: int, keys: _Numbers, key: _Numbers, choice: int) -> _Part:
    owners, kinds, states = (
        len(columns.organisations), len(columns.categories), len(columns.statuses),
    )  # fmt: skip
    code = key.astype(np.int64)
    code = code * owners + (columns.organisation if choice & 1 else 0)
    code = code * kinds + (columns.category if choice & 2 else 0)
    code = code * states + (columns.status if choice & 4 else 0)
    codes, group = np.unique(code, return_inverse=True)

    def total(values: _Numbers) -> _Numbers:
        # Sums stay far below 2**53: they are exact.
        return np.rint(np.bincount(group, weights=values, minlength=len(codes))).astype(np.int64)

    n, lon, lat = total(columns.n), total(columns.lon), total(columns.lat)
    kept = (n != 0) | (lon != 0) | (lat != 0)
    codes, n, lon, lat = codes[kept], n[kept], lon[kept], lat[kept]
    codes, state = codes // states, codes % states
    codes, kind = codes // kinds, codes % kinds
    codes, owner = codes // owners, codes % owners
    rows = [
        (level, columns.organisations[o], columns.categories[c], columns.statuses[s], k, a, b, d)
        for o, c, s, k, a, b, d in zip(
            owner.tolist(), kind.tolist(), state.tolist(), keys[codes].tolist(),
            n.tolist(), lon.tolist(), lat.tolist(), strict=True,
        )
    ]  # fmt: skip
    return sorted(rows)


_CONFLICT = (
    " ON CONFLICT (level, organisation, category, status, key) DO UPDATE SET"
    f" n = {_COUNT}.n + excluded.n, sum_lon = {_COUNT}.sum_lon + excluded.sum_lon,"
    f" sum_lat = {_COUNT}.sum_lat + excluded.sum_lat"
)


def _add(part: _Part, *, fresh: bool = False) -> None:
    """Add rows to the counts, in one statement on PostgreSQL. `fresh`: none is there yet."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            if fresh:
                with cursor.cursor.copy(f"COPY {_COUNT} ({_NAMES}) FROM STDIN") as copy:
                    for row in part:
                        copy.write_row(row)
                return
            cursor.execute(
                f"INSERT INTO {_COUNT} ({_NAMES}) SELECT * FROM unnest(%s::int[], %s::bigint[],"  # noqa: S608
                " %s::text[], %s::text[], %s::bigint[], %s::int[], %s::bigint[], %s::bigint[])"
                + _CONFLICT,
                [list(each) for each in zip(*part, strict=True)],
            )
            return
        cursor.executemany(
            f"INSERT INTO {_COUNT} ({_NAMES}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608
            + ("" if fresh else _CONFLICT),
            part,
        )


def sweep() -> int:
    """Remove the counts that came back to nothing; give how many."""
    return ReportCount.objects.filter(n=0, sum_lon=0, sum_lat=0).delete()[0]


@transaction.atomic
def recount() -> int:
    """Count everything anew from the public rows; give how many are counted.

    For repairs and after filling in bulk: acts wait until it is done (20 s a million reports).
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Nobody is between its row and its change any more.
            cursor.execute(f"LOCK TABLE {_DELTA} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"DELETE FROM {_DELTA}")  # noqa: S608
        cursor.execute(f"DELETE FROM {_COUNT}")  # noqa: S608
    columns = _Columns.of(_visible())
    if columns is None:
        return 0
    for part in _cube(columns):
        _add(part, fresh=True)
    return len(columns.cell)


def _visible() -> Iterator[list[tuple[Any, ...]]]:
    rows = PublicReport.objects.filter(visible=True).order_by("cell").values_list(
        "cell", "organisation_id", "category", "status", "lon", "lat"
    ).iterator(_READ)  # fmt: skip
    while block := list(islice(rows, _READ)):
        yield [
            (cell, organisation, category, status, 1, millionths(lon), millionths(lat))
            for cell, organisation, category, status, lon, lat in block
        ]


# --- Reading ---


def level_for(zoom: int) -> int:
    """The level whose cells, a quarter to an eighth of a tile's side, make the clusters of a zoom:
    on a tile shown 512 pixels wide their circles touch without hiding each other.
    """
    return min(FINEST, max(LEVELS[0], (zoom + 3) // 2 * 2))


def clusters(level: int, ranges: Ranges, wanted: PublicFilter = EVERYTHING) -> list[Cluster]:
    """Clusters of the cells of `level` within ranges of zoom 31, by key. One statement.

    Only category, status and organisation are read of the filter.
    """
    counted = _union(level, ranges, wanted)
    if counted is None:
        return []
    sql, values = counted
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, CAST(SUM(n) AS bigint), CAST(SUM(sum_lon) AS bigint),"  # noqa: S608
            f" CAST(SUM(sum_lat) AS bigint) FROM ({sql}) AS counted"
            " GROUP BY key HAVING SUM(n) > 0 ORDER BY key",
            values,
        )
        rows = cursor.fetchall()
    return [Cluster(lon / n / MILLION, lat / n / MILLION, n, key) for key, n, lon, lat in rows]


def count(level: int, ranges: Ranges, wanted: PublicFilter = EVERYTHING) -> int:
    """How many visible reports lie in ranges of cells, to the nearest cell of `level`."""
    counted = _union(level, ranges, wanted)
    if counted is None:
        return 0
    sql, values = counted
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT CAST(COALESCE(SUM(n), 0) AS bigint) FROM ({sql}) AS counted",  # noqa: S608
            values,
        )
        return int(cursor.fetchone()[0])


WORLD: Ranges = ((0, geo.CELLS),)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many visible reports, in all and by what they are."""

    total: int
    by_category: dict[str, int]
    by_status: dict[str, int]


def public_counts(wanted: PublicFilter = EVERYTHING) -> Counts:
    """Counts for the choices beside a list. `by_category` leaves the choice of categories aside and
    `by_status` that of statuses: what each box would give.

    Only category, status, openness and organisation are read of the filter, and the box, to the
    nearest cell of some 400 m.
    """
    level, ranges = LEVELS[0], WORLD
    if wanted.bbox:
        level, ranges = FINEST, geo.cover(*wanted.bbox, max_ranges=8)
    return Counts(
        count(level, ranges, wanted),
        by_dimension("category", wanted, level, ranges),
        by_dimension("status", wanted, level, ranges),
    )


def by_dimension(
    dimension: str,
    wanted: PublicFilter = EVERYTHING,
    level: int = LEVELS[0],
    ranges: Ranges = ((0, geo.CELLS),),
) -> dict[str, int]:
    """Counts by `category` or `status`, the filter's own choice on it left aside."""
    asked = wanted.but(categories=frozenset()) if dimension == "category" else wanted.but(
        statuses=frozenset(), is_open=None
    )  # fmt: skip
    counted = _union(level, ranges, asked, by=dimension)
    if counted is None:
        return {}
    sql, values = counted
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {dimension}, CAST(SUM(n) AS bigint) FROM ({sql}) AS counted"  # noqa: S608
            f" GROUP BY {dimension} HAVING SUM(n) > 0 ORDER BY {dimension}",
            values,
        )
        return dict(cursor.fetchall())


def _union(
    level: int, ranges: Ranges, wanted: PublicFilter, *, by: str = ""
) -> tuple[str, list[Any]] | None:
    """Counts and changes that a filter selects; `None` when it selects nothing."""
    statuses = wanted.shown_statuses()
    if statuses is not None and not statuses:
        return None
    shift = 2 * (geo.ZOOM - level)
    values: list[Any] = []
    rolled = ["level = %s", "organisation = %s"]
    values += [level, wanted.organisation_id or 0]
    for name, asked in (("category", wanted.categories), ("status", statuses)):
        if name == by and not asked:
            rolled.append(f"{name} <> ''")
        else:
            rolled.append(_among(name, sorted(asked or ("",)), values))
    spans = []
    for low, high in ranges:
        spans.append("(key >= %s AND key < %s)")
        values += [low >> shift, ((high - 1) >> shift) + 1]
    rolled.append(f"({' OR '.join(spans)})" if len(spans) > 1 else spans[0])
    changed = []
    spans = []
    for low, high in ranges:
        spans.append("(cell >= %s AND cell < %s)")
        values += [low >> shift << shift, ((high - 1 >> shift) + 1) << shift]
    changed.append(f"({' OR '.join(spans)})" if len(spans) > 1 else spans[0])
    if wanted.organisation_id:
        changed.append("organisation = %s")
        values.append(wanted.organisation_id)
    if wanted.categories:
        changed.append(_among("category", sorted(wanted.categories), values))
    if statuses:
        changed.append(_among("status", sorted(statuses), values))
    extra = f"{by}, " if by else ""
    sql = (
        f"SELECT {extra}key, n, sum_lon, sum_lat FROM {_COUNT} WHERE {' AND '.join(rolled)}"  # noqa: S608
        f" UNION ALL SELECT {extra}cell >> {shift} AS key, n, lon AS sum_lon, lat AS sum_lat"
        f" FROM {_DELTA} WHERE {' AND '.join(changed)}"
    )
    return sql, values


def _among(name: str, asked: Sequence[str], values: list[Any]) -> str:
    values += asked
    if len(asked) == 1:
        return f"{name} = %s"
    return f"{name} IN ({', '.join(['%s'] * len(asked))})"
