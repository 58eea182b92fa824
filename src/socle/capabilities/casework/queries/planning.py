"""How a page of an inbox is read: several walks down an index, merged.

A *walk* fixes the leading columns of one index (this organisation, open cases…) and goes down it by
(created_at, id), so that a page costs what it shows, whatever the table holds. A filter that spans
several organisations, categories or teams takes one walk for each combination; the database merges
their heads in one statement.

The statements are written here rather than by the ORM: they name the index SQLite must walk, they
merge ordered heads, and they are read on every page an agent opens. Columns come from this file
only, values are always parameters.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections

from socle.capabilities.casework import searching
from socle.capabilities.casework.filters import ME, NOBODY, InboxFilter
from socle.capabilities.casework.queries.where import EVERYTHING, Where, any_of, equals
from socle.kernel import clock, geo, references

MAX_WALKS = 300
"""Beyond this many combinations, a coarser index is walked instead."""

REFERENCES = 2_000
"""Beyond this many references that begin alike, their beginning is a condition of the walk."""

CROWD = 40_000
"""Beyond this many cases in a box, its newest are found sooner by walking the inbox."""

Position = tuple[datetime, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Plan:
    """The walks of one filter: an index, the values of its leading columns, other conditions.

    `cells`: the prefixes are ranges of the first column rather than values of each. Without an
    index, `rest` lists the rows by id.
    """

    index: str
    columns: tuple[str, ...]
    prefixes: tuple[tuple[Any, ...], ...]
    rest: Where
    cells: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.prefixes

    @property
    def lead(self) -> str:
        """The condition whose values are one of the prefixes."""
        if self.cells:
            return '"cell" >= %s AND "cell" < %s'
        return " AND ".join(f'"{column}" = %s' for column in self.columns)

    def alternatives(self) -> list[Where]:
        """Disjoint conditions that together select everything, for counts."""
        if self.cells:
            return [Where(self.lead, prefix) & self.rest for prefix in self.prefixes]
        found = EVERYTHING
        for index, column in enumerate(self.columns):
            # Prefixes are a cartesian product: each column's values stand alone.
            values = list(dict.fromkeys(prefix[index] for prefix in self.prefixes))
            if not (column == "is_open" and len(values) == 2):
                found &= any_of(column, values)
        return [found & self.rest]


@dataclass(frozen=True)
class _Choice:
    """An index that could be walked: its leading columns and their values."""

    index: str
    columns: tuple[str, ...]
    values: tuple[Sequence[Any], ...]

    @property
    def walks(self) -> int:
        return math.prod(len(each) for each in self.values)


def plan(
    wanted: InboxFilter,
    *,
    organisations: Sequence[int],
    user_id: int | None,
    now: datetime,
    counting: bool = False,
    tz: str = clock.PARIS,
    using: str = "default",
) -> Plan:
    """Choose the index and the walks of a filter within a scope.

    `organisations`: ids the actor sees, already narrowed to those the filter asks for. `counting`:
    the order does not matter.
    """
    assignee = user_id if wanted.assignee == ME else wanted.assignee
    if assignee is None or not organisations:
        return Plan("", (), (), EVERYTHING)
    scope = any_of("organisation_id", organisations)
    ids, by_text = _by_text(wanted.text, using) if wanted.text else (None, EVERYTHING)
    rest = _conditions(wanted, assignee, now, tz, using) & by_text
    # Rare words and small boxes would walk the whole inbox to fill a page: they come first.
    if ids is not None:
        if not ids:
            return Plan("", (), (), EVERYTHING)
        return Plan("", (), ((),), _listed(ids, using) & scope & _open(wanted) & rest)
    ranges = _ranges(wanted.bbox, bool(wanted.open), using) if wanted.bbox else None
    if ranges is not None:
        index = _cell_index(bool(wanted.open))
        return Plan(index, ("cell",), ranges, scope & _open(wanted) & rest, cells=True)
    for choice in _choices(wanted, organisations, assignee, counting):
        if choice.walks <= MAX_WALKS or choice.index == "case_inbox_idx":
            if "is_open" not in choice.columns:
                rest &= _open(wanted)
            # A team and an agent may be asked for from outside: the scope always holds.
            if "organisation_id" not in choice.columns:
                rest &= scope
            return Plan(
                choice.index, choice.columns, tuple(itertools.product(*choice.values)), rest
            )
    raise AssertionError("the inbox index is always a choice")


def _choices(
    wanted: InboxFilter, organisations: Sequence[int], assignee: int | str, counting: bool
) -> Iterator[_Choice]:
    """Indexes that serve a filter, the narrowest first."""
    opens = (True, False) if wanted.open is None else (wanted.open,)
    if isinstance(assignee, int):
        yield _Choice("case_assignee_idx", ("assignee_id", "is_open"), ((assignee,), opens))
    if wanted.news:
        yield _Choice("case_news_idx", ("organisation_id", "is_open"), (organisations, opens))
    if wanted.overdue and wanted.open and counting:
        yield _Choice("case_due_idx", ("organisation_id",), (organisations,))
    if wanted.teams:
        yield _Choice("case_team_idx", ("team_id", "is_open"), (wanted.teams, opens))
    # Among open cases every status is common: the inbox itself gives them in order sooner.
    statuses = wanted.statuses if counting or not wanted.open else ()
    for index, column, values in (
        ("case_category_idx", "category", wanted.categories),
        ("case_area_idx", "area_code", wanted.areas),
        ("case_status_idx", "public_status", statuses),
    ):
        if values:
            columns = ("organisation_id", column, "is_open")
            yield _Choice(index, columns, (organisations, values, opens))
    yield _Choice("case_inbox_idx", ("organisation_id", "is_open"), (organisations, opens))


def _listed(ids: set[int], using: str) -> Where:
    # PostgreSQL reads thousands of values much sooner as one array.
    if connections[using].vendor == "postgresql":
        return Where('"id" = ANY(%s)', (sorted(ids),))
    return any_of("id", sorted(ids))


def _open(wanted: InboxFilter) -> Where:
    if wanted.open is None:
        return EVERYTHING
    # Bare, as in the conditions of the partial indexes: SQLite compares texts.
    return Where('"is_open"' if wanted.open else 'NOT "is_open"')


def _conditions(
    wanted: InboxFilter, assignee: int | str, now: datetime, tz: str, using: str
) -> Where:
    """Every condition but the scope, openness and what `_listed` answers. Some repeat a prefix."""
    found = EVERYTHING
    for column, values in (
        ("kind", wanted.kinds),
        ("service_key", wanted.services),
        ("state", wanted.states),
        ("public_status", wanted.statuses),
        ("team_id", wanted.teams),
        ("category", wanted.categories),
        ("area_code", wanted.areas),
    ):
        if values:
            found &= any_of(column, values)
    if isinstance(assignee, int):
        found &= equals("assignee_id", assignee)
    elif assignee == NOBODY:
        found &= Where('"assignee_id" IS NULL')
    if wanted.overdue:
        found &= Where('"is_open" AND "due_at" < %s', (instant(now, using),))
    if wanted.news:
        found &= Where('"has_news"')
    if wanted.created_from:
        start = clock.local_day_bounds(wanted.created_from, tz)[0]
        found &= Where('"created_at" >= %s', (instant(start, using),))
    if wanted.created_to:
        end = clock.local_day_bounds(wanted.created_to, tz)[1]
        found &= Where('"created_at" < %s', (instant(end, using),))
    if wanted.bbox:
        found &= in_box(wanted.bbox)
    return found


def _cell_index(only_open: bool) -> str:
    return "case_open_cell_idx" if only_open else "case_cell_idx"


def _ranges(box: Box, only_open: bool, using: str) -> tuple[tuple[int, int], ...] | None:
    """The ranges of cells that hold a box, unless it is crowded. They hold a little more."""
    ranges = tuple(geo.cover(*box, max_ranges=8))
    source = _from(_cell_index(only_open), using)
    opened = ' AND "is_open"' if only_open else ""
    one = f'SELECT 1 FROM {source} WHERE "cell" >= %s AND "cell" < %s{opened}'  # noqa: S608
    each = " UNION ALL ".join([one] * len(ranges))
    sql = f"SELECT COUNT(*) FROM ({each} LIMIT {CROWD + 1}) AS counted"  # noqa: S608
    ((count,),) = _fetched(sql, [edge for pair in ranges for edge in pair], using)
    return ranges if count <= CROWD else None


def _by_text(text: str, using: str) -> tuple[set[int] | None, Where]:
    prefix = searching.reference_prefix(text)
    ids: set[int] = set()
    if prefix:
        by_reference = Where(*searching.reference_condition(prefix, connections[using].vendor))
        ids = set(_ids(by_reference, REFERENCES + 1, using))
        if len(ids) > REFERENCES:
            return None, by_reference
        if references.normalise(text):
            return ids, EVERYTHING
    # "rue 12" could begin a reference: its words count too.
    by_words = searching.candidates(text, using)
    if by_words is not None:
        return ids | set(by_words), EVERYTHING
    return None, Where(*searching.match_condition(text))


def instant(at: datetime, using: str) -> Any:
    """A moment as the database compares it."""
    return connections[using].ops.adapt_datetimefield_value(at)


def in_box(box: Box) -> Where:
    """Inside a box, edges included; west beyond east crosses the antimeridian."""
    west, south, east, north = box
    across = "AND" if west <= east else "OR"
    return Where(
        f'"lat" >= %s AND "lat" <= %s AND ("lon" >= %s {across} "lon" <= %s)',
        (south, north, west, east),
    )


def open_in_cells(box: Box, limit: int, using: str = "default") -> list[int]:
    """Ids of at most `limit` open cases in the ranges of cells that hold a box."""
    ranges = geo.cover(*box, max_ranges=6)
    source = _from(_cell_index(only_open=True), using)
    one = f'SELECT "id" FROM {source} WHERE "cell" >= %s AND "cell" < %s AND "is_open"'  # noqa: S608
    sql = " UNION ALL ".join([one] * len(ranges)) + f" LIMIT {int(limit)}"
    return [row[0] for row in _fetched(sql, [edge for pair in ranges for edge in pair], using)]


def after(position: Position, using: str = "default") -> Where:
    """Rows that come after a position in an inbox (older)."""
    at = instant(position[0], using)
    return Where('"created_at" <= %s AND ("created_at" < %s OR "id" < %s)', (at, at, position[1]))


def before(position: Position, using: str = "default") -> Where:
    """Rows that come before a position in an inbox (newer)."""
    at = instant(position[0], using)
    return Where('"created_at" >= %s AND ("created_at" > %s OR "id" > %s)', (at, at, position[1]))


def _from(index: str, using: str) -> str:
    """The table, held to an index on SQLite: without statistics it may prefer one out of order."""
    if connections[using].vendor != "sqlite":
        return '"casework_case"'
    return '"casework_case" ' + (f'INDEXED BY "{index}"' if index else "NOT INDEXED")


def _fetched(sql: str, values: Sequence[Any], using: str) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _ids(condition: Where, limit: int, using: str) -> list[int]:
    sql = f'SELECT "id" FROM "casework_case" WHERE {condition.sql} LIMIT {int(limit)}'  # noqa: S608
    return [row[0] for row in _fetched(sql, condition.values, using)]


def first_ids(
    plan: Plan,
    *,
    limit: int,
    keyset: Where = EVERYTHING,
    upwards: bool = False,
    using: str = "default",
) -> list[int]:
    """Ids of the first `limit` rows, newest first (oldest first when `upwards`): one statement."""
    return merged_ids([plan], limit=limit, keyset=keyset, upwards=upwards, using=using)


def merged_ids(
    plans: Sequence[Plan],
    *,
    limit: int,
    keyset: Where = EVERYTHING,
    upwards: bool = False,
    using: str = "default",
) -> list[int]:
    """`first_ids` over several plans that select different rows: still one statement."""
    direction = "ASC" if upwards else "DESC"
    walks: list[str] = []
    values: list[Any] = []
    for each in plans:
        wanted = keyset & each.rest
        lead = f"{each.lead} AND " if each.lead else ""
        sql = (
            f'SELECT "id", "created_at" FROM {_from(each.index, using)} WHERE {lead}{wanted.sql}'  # noqa: S608
            f' ORDER BY "created_at" {direction}, "id" {direction} LIMIT {int(limit)}'
        )
        for prefix in each.prefixes:
            walks.append(sql)
            values += [*prefix, *wanted.values]
    if not walks:
        return []
    whole = walks[0]
    if len(walks) > 1:
        whole = " UNION ALL ".join(f"SELECT * FROM ({walk}) AS walk" for walk in walks)  # noqa: S608
        whole += f" ORDER BY 2 {direction}, 1 {direction} LIMIT {int(limit)}"
    return [row[0] for row in _fetched(whole, values, using)]


def bounded_counts(plans: Sequence[Plan], *, cap: int, using: str = "default") -> list[int]:
    """How many cases each plan selects, counting no further than `cap` + 1: one statement."""
    statements: list[str] = []
    values: list[Any] = []
    for number, each in enumerate(plans):
        if each.is_empty:
            continue
        parts = each.alternatives()
        rows = " UNION ALL ".join(
            f"SELECT 1 FROM {_from(each.index, using)} WHERE {part.sql}"  # noqa: S608
            for part in parts
        )
        statements.append(
            f"SELECT {number}, COUNT(*) FROM ({rows} LIMIT {int(cap) + 1}) AS counted"  # noqa: S608
        )
        values += [value for part in parts for value in part.values]
    found: dict[int, int] = {}
    if statements:
        found = dict(_fetched(" UNION ALL ".join(statements), values, using))
    return [found.get(number, 0) for number in range(len(plans))]
