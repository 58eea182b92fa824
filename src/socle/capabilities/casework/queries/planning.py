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
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connections

from socle.capabilities.casework import searching
from socle.capabilities.casework.filters import ME, NOBODY, InboxFilter
from socle.capabilities.casework.queries.where import EVERYTHING, Where, any_of, either, equals
from socle.kernel import clock, geo

MAX_WALKS = 300
"""Beyond this many combinations, a coarser index is walked instead."""

Position = tuple[datetime, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Plan:
    """The walks of one filter: an index, the values of its leading columns, other conditions.

    Without an index, `rest` lists the rows by id.
    """

    index: str
    columns: tuple[str, ...]
    prefixes: tuple[tuple[Any, ...], ...]
    rest: Where

    @property
    def is_empty(self) -> bool:
        return not self.prefixes

    def also(self, condition: Where) -> Plan:
        """The same walks with one more condition."""
        return replace(self, rest=self.rest & condition)

    def everything(self) -> Where:
        """The whole selection as one condition, for counts."""
        found = EVERYTHING
        for index, column in enumerate(self.columns):
            # Prefixes are a cartesian product: each column's values stand alone.
            values = list(dict.fromkeys(prefix[index] for prefix in self.prefixes))
            if not (column == "is_open" and len(values) == 2):
                found &= any_of(column, values)
        return found & self.rest


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
    ids, by_text = _listed(wanted, using)
    rest = _conditions(wanted, assignee, now, tz, using) & by_text
    if ids is not None:
        # Few enough to be read one by one, whatever their age.
        if not ids:
            return Plan("", (), (), EVERYTHING)
        return Plan("", (), ((),), any_of("id", sorted(ids)) & scope & _open(wanted) & rest)
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
        yield _Choice("case_news_idx", ("organisation_id",), (organisations,))
    if wanted.overdue and wanted.open and counting:
        yield _Choice("case_due_idx", ("organisation_id",), (organisations,))
    if wanted.teams:
        yield _Choice("case_team_idx", ("team_id", "is_open"), (wanted.teams, opens))
    for index, column, values in (
        ("case_category_idx", "category", wanted.categories),
        ("case_area_idx", "area_code", wanted.areas),
    ):
        if values:
            columns = ("organisation_id", column, "is_open")
            yield _Choice(index, columns, (organisations, values, opens))
    # Among open cases every status is common: the inbox itself is narrower.
    if wanted.statuses and not wanted.open:
        by_status = ("organisation_id", "public_status")
        yield _Choice("case_status_idx", by_status, (organisations, wanted.statuses))
    yield _Choice("case_inbox_idx", ("organisation_id", "is_open"), (organisations, opens))


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


def _listed(wanted: InboxFilter, using: str) -> tuple[set[int] | None, Where]:
    """Ids that a search by words or by place narrows to, when few; else a condition to test.

    Rare words and small boxes would otherwise walk the whole inbox to fill a page.
    """
    ids: set[int] | None = None
    condition = EVERYTHING
    if wanted.text:
        ids, condition = _by_text(wanted.text, using)
    if wanted.bbox:
        near = set(_ids(in_cells(wanted.bbox), searching.CANDIDATES + 1, using))
        if len(near) <= searching.CANDIDATES:
            ids = near if ids is None else ids & near
    return ids, condition


def _by_text(text: str, using: str) -> tuple[set[int] | None, Where]:
    prefix = searching.reference_prefix(text)
    ids: set[int] = set()
    if prefix:
        by_reference = Where(*searching.reference_condition(prefix, connections[using].vendor))
        ids = set(_ids(by_reference, searching.CANDIDATES + 1, using))
        if len(ids) > searching.CANDIDATES:
            return None, by_reference
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


def in_cells(box: Box, max_ranges: int = 8) -> Where:
    """The ranges of cells that hold a box: what the index can do of `in_box`."""
    ranges = geo.cover(*box, max_ranges=max_ranges)
    return either(*(Where('"cell" >= %s AND "cell" < %s', each) for each in ranges))


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


def inside(plan: Plan, box: Box, limit: int, using: str = "default") -> list[int]:
    """Ids of a plan's rows inside a box, in no order, read from the ranges of cells."""
    if plan.is_empty:
        return []
    return _ids(in_cells(box) & plan.everything() & in_box(box), limit, using)


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
        fixed = [f'"{column}" = %s' for column in each.columns]
        wanted = keyset & each.rest
        sql = (
            f'SELECT "id", "created_at" FROM {_from(each.index, using)}'  # noqa: S608
            f" WHERE {' AND '.join([*fixed, wanted.sql])}"
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
        if not each.is_empty:
            wanted = each.everything()
            statements.append(
                f"SELECT {number}, COUNT(*) FROM (SELECT 1 FROM {_from(each.index, using)}"  # noqa: S608
                f" WHERE {wanted.sql} LIMIT {int(cap) + 1}) AS counted"
            )
            values += wanted.values
    found: dict[int, int] = {}
    if statements:
        found = dict(_fetched(" UNION ALL ".join(statements), values, using))
    return [found.get(number, 0) for number in range(len(plans))]
