"""How a page of an inbox is read: several walks down an index, merged.

A *walk* fixes the leading columns of one index (this organisation, open cases…) and goes down it by
(created_at, id), so that a page costs what it shows, whatever the table holds. A filter that spans
several organisations, categories or teams takes one walk for each combination; the database merges
their heads in one statement.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Q, QuerySet, Value

from socle.capabilities.casework import searching
from socle.capabilities.casework.filters import ME, NOBODY, InboxFilter
from socle.capabilities.casework.models import Case
from socle.kernel import clock, geo

MAX_WALKS = 300
"""Beyond this many combinations, a coarser index is walked instead."""

Position = tuple[datetime, int]


@dataclass(frozen=True)
class Plan:
    """The walks of one filter: an index, the values of its leading columns, other conditions.

    Without an index, `rest` lists the rows by id.
    """

    index: str
    columns: tuple[str, ...]
    prefixes: tuple[tuple[Any, ...], ...]
    rest: Q

    @property
    def is_empty(self) -> bool:
        return not self.prefixes

    def also(self, condition: Q) -> Plan:
        """The same walks with one more condition."""
        return replace(self, rest=self.rest & condition)

    def everything(self) -> Q:
        """The whole selection as one condition, for counts and bulk selections."""
        if self.is_empty:
            return Q(pk__in=[])
        found = Q()
        for index, column in enumerate(self.columns):
            # Prefixes are a cartesian product: each column's values stand alone.
            values = list(dict.fromkeys(prefix[index] for prefix in self.prefixes))
            found &= (
                _equals(column, values[0]) if len(values) == 1 else Q((f"{column}__in", values))
            )
        return found & self.rest


def _equals(column: str, value: Any) -> Q:
    # A bare boolean column is no equality for SQLite's planner; "= true" is one.
    return Q((column, Value(value) if isinstance(value, bool) else value))


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
        return Plan("", (), (), Q())
    scope = Q(organisation_id__in=list(organisations))
    rest = _conditions(wanted, assignee, now, tz)
    ids, by_text = _listed(wanted, using)
    rest &= by_text
    if ids is not None:
        # Few enough to be read one by one, whatever their age.
        return Plan("", (), ((),), Q(pk__in=sorted(ids)) & scope & _open_q(wanted) & rest)
    for choice in _choices(wanted, organisations, assignee, counting):
        if choice.walks <= MAX_WALKS or choice.index == "case_inbox_idx":
            if "is_open" not in choice.columns:
                rest &= _open_q(wanted)
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
    if wanted.statuses:
        by_status = ("organisation_id", "public_status")
        yield _Choice("case_status_idx", by_status, (organisations, wanted.statuses))
    yield _Choice("case_inbox_idx", ("organisation_id", "is_open"), (organisations, opens))


def _open_q(wanted: InboxFilter) -> Q:
    # Bare, as in the conditions of the partial indexes.
    return Q() if wanted.open is None else Q(is_open=wanted.open)


def _conditions(wanted: InboxFilter, assignee: int | str, now: datetime, tz: str) -> Q:
    """Every condition but the scope, openness and what `_listed` answers. Some repeat a prefix."""
    found = Q()
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
            found &= Q((f"{column}__in", values))
    if isinstance(assignee, int):
        found &= Q(assignee_id=assignee)
    elif assignee == NOBODY:
        found &= Q(assignee_id__isnull=True)
    if wanted.overdue:
        found &= Q(due_at__lt=now, is_open=True)
    if wanted.news:
        found &= Q(has_news=True)
    if wanted.created_from:
        found &= Q(created_at__gte=clock.local_day_bounds(wanted.created_from, tz)[0])
    if wanted.created_to:
        found &= Q(created_at__lt=clock.local_day_bounds(wanted.created_to, tz)[1])
    if wanted.bbox:
        found &= box_q(wanted.bbox)
    return found


def _listed(wanted: InboxFilter, using: str) -> tuple[set[int] | None, Q]:
    """Ids that a search by words or by place narrows to, when few; else a condition to test.

    Rare words and small boxes would otherwise walk the whole inbox to fill a page.
    """
    ids, condition = (None, Q()) if not wanted.text else _by_text(wanted.text, using)
    if wanted.bbox:
        inside = Case.objects.using(using).filter(cells_q(wanted.bbox)).order_by()
        near = set(inside.values_list("pk", flat=True)[: searching.CANDIDATES + 1])
        if len(near) <= searching.CANDIDATES:
            ids = near if ids is None else ids & near
    return ids, condition


def _by_text(text: str, using: str) -> tuple[set[int] | None, Q]:
    prefix = searching.reference_prefix(text)
    ids: set[int] = set()
    if prefix:
        by_reference = searching.reference_q(prefix, connections[using].vendor)
        rows = Case.objects.using(using).filter(by_reference).order_by()
        ids = set(rows.values_list("pk", flat=True)[: searching.CANDIDATES + 1])
        if len(ids) > searching.CANDIDATES:
            return None, by_reference
    # "rue 12" could begin a reference: its words count too.
    by_words = searching.candidates(text, using)
    if by_words is not None:
        return ids | set(by_words), Q()
    return None, searching.match_q(text)


def box_q(box: tuple[float, float, float, float]) -> Q:
    """Inside a box, edges included; west beyond east crosses the antimeridian."""
    west, south, east, north = box
    across = (
        Q(lon__gte=west, lon__lte=east) if west <= east else Q(lon__gte=west) | Q(lon__lte=east)
    )
    return Q(lat__gte=south, lat__lte=north) & across


def cells_q(box: tuple[float, float, float, float], max_ranges: int = 8) -> Q:
    """The ranges of cells that hold a box: what the index can do of `box_q`."""
    found = Q()
    for low, high in geo.cover(*box, max_ranges=max_ranges):
        found |= Q(cell__gte=low, cell__lt=high)
    return found


def after(position: Position) -> Q:
    """Rows that come after a position in an inbox (older)."""
    at, pk = position
    return Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=pk))


def before(position: Position) -> Q:
    """Rows that come before a position in an inbox (newer)."""
    at, pk = position
    return Q(created_at__gte=at) & (Q(created_at__gt=at) | Q(pk__gt=pk))


def _compiled(
    plan: Plan, rows: QuerySet[Case, Any], using: str
) -> tuple[str, tuple[Any, ...]] | None:
    """The statement of a selection, held to the plan's index; `None` when nothing can match."""
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    if connections[using].vendor == "sqlite":
        # Without statistics SQLite may prefer an index that does not give the order.
        hint = f'INDEXED BY "{plan.index}"' if plan.index else "NOT INDEXED"
        sql = sql.replace('FROM "casework_case" WHERE', f'FROM "casework_case" {hint} WHERE', 1)
    return sql, parameters


def first_ids(
    plan: Plan,
    *,
    limit: int,
    keyset: Q | None = None,
    upwards: bool = False,
    using: str = "default",
) -> list[int]:
    """Ids of the first `limit` rows, newest first (oldest first when `upwards`): one statement."""
    return merged_ids([plan], limit=limit, keyset=keyset, upwards=upwards, using=using)


def merged_ids(
    plans: Sequence[Plan],
    *,
    limit: int,
    keyset: Q | None = None,
    upwards: bool = False,
    using: str = "default",
) -> list[int]:
    """`first_ids` over several plans that select different rows: still one statement."""
    walks: list[str] = []
    given: list[Any] = []
    for each in plans:
        for sql, parameters in _walks(each, limit, keyset, upwards, using):
            walks.append(f"SELECT * FROM ({sql}) AS walk")  # noqa: S608
            given += parameters
    if not walks:
        return []
    whole = " UNION ALL ".join(walks)
    if len(walks) > 1:
        direction = "ASC" if upwards else "DESC"
        whole += f" ORDER BY 2 {direction}, 1 {direction} LIMIT {int(limit)}"
    with connections[using].cursor() as cursor:
        cursor.execute(whole, given)
        return [row[0] for row in cursor.fetchall()]


def _walks(
    plan: Plan, limit: int, keyset: Q | None, upwards: bool, using: str
) -> Iterator[tuple[str, list[Any]]]:
    if plan.is_empty:
        return
    fixed = Q()
    for column, value in zip(plan.columns, plan.prefixes[0], strict=True):
        fixed &= _equals(column, value)
    order = ("created_at", "id") if upwards else ("-created_at", "-id")
    rows = Case.objects.using(using).filter(fixed & (keyset or Q()) & plan.rest).order_by(*order)
    compiled = _compiled(plan, rows.values_list("id", "created_at")[:limit], using)
    if compiled is None:
        return
    sql, parameters = compiled
    width = len(plan.columns)
    # Walks differ by their prefix only, and the prefix comes first: one compilation serves all.
    if tuple(parameters[:width]) != plan.prefixes[0]:
        raise AssertionError("the prefix of a walk must come first")
    for prefix in plan.prefixes:
        yield sql, [*prefix, *parameters[width:]]


def bounded_counts(plans: Sequence[Plan], *, cap: int, using: str = "default") -> list[int]:
    """How many cases each plan selects, counting no further than `cap` + 1: one statement."""
    statements: list[str] = []
    given: list[Any] = []
    for number, each in enumerate(plans):
        rows = Case.objects.using(using).filter(each.everything()).order_by()
        compiled = _compiled(each, rows.values_list("id")[: cap + 1], using)
        if compiled is not None:
            statements.append(f"SELECT {number}, COUNT(*) FROM ({compiled[0]}) AS counted")  # noqa: S608
            given += compiled[1]
    found: dict[int, int] = {}
    if statements:
        with connections[using].cursor() as cursor:
            cursor.execute(" UNION ALL ".join(statements), given)
            found = dict(cursor.fetchall())
    return [found.get(number, 0) for number in range(len(plans))]
