"""The desk's inbox: pages, bounded counts, saved filters, the desk's home figures."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connections
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework import policies, registry, rules
from socle.capabilities.casework.filters import ME, NOBODY, InboxFilter
from socle.capabilities.casework.models import Case, PublicStatus, SavedFilter
from socle.capabilities.casework.queries import planning
from socle.capabilities.casework.queries.where import EVERYTHING
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid, NotFound

PAGE = 50
MAX_PAGE = 200
CAP = 1_000
"""Counts go no further: people read "1 000+", the database stops there."""


class Row(NamedTuple):
    """One line of an inbox."""

    id: int
    reference: str
    kind: str
    title: str
    service_key: str
    category: str
    state: str
    state_label: str
    public_status: str
    is_open: bool
    has_news: bool
    version: int
    organisation_id: int
    team_id: int | None
    team_name: str
    assignee_id: int | None
    assignee_name: str
    channel: str
    address: str
    area_code: str
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows and the cursors around them; `None` where there is nothing more."""

    rows: list[Row]
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """A bounded count: `str()` gives ``1 000+`` when it is capped."""

    value: int
    capped: bool = False

    def __str__(self) -> str:
        text = f"{self.value:,}".replace(",", "\u202f")
        return f"{text}+" if self.capped else text

    def __bool__(self) -> bool:
        return self.value > 0


_ROWS = """
SELECT c.id, c.reference, c.kind, c.title, c.service_key, c.category, c.state, c.public_status,
       c.is_open, c.has_news, c.version, c.organisation_id, c.team_id, t.name, c.assignee_id,
       u.given_names, u.preferred_name, u.family_name, u.email, c.channel, c.address, c.area_code,
       c.created_at, c.updated_at, c.due_at, c.definition_id
  FROM casework_case c
  LEFT JOIN accounts_team t ON t.id = c.team_id
  LEFT JOIN accounts_user u ON u.id = c.assignee_id
 WHERE c.id IN ({ids})
"""


def inbox(
    actor: Actor,
    wanted: InboxFilter | None = None,
    *,
    cursor: str | None = None,
    limit: int = PAGE,
    clock: Clock = SYSTEM,
) -> Page:
    """One page of the cases an agent sees, newest first. Constant number of queries.

    `cursor`: from a former page (forwards or backwards); pages stay put whatever arrives meanwhile.
    Raises `Invalid` for a cursor that is not one.
    """
    now = clock.now()
    limit = max(1, min(limit, MAX_PAGE))
    upwards, position = read_cursor(cursor)
    keyset = EVERYTHING
    if position:
        keyset = planning.before(position) if upwards else planning.after(position)
    ids = planning.first_ids(
        plan_for(actor, wanted or InboxFilter(), now),
        limit=limit + 1,
        keyset=keyset,
        upwards=upwards,
    )
    more = len(ids) > limit
    ids = ids[:limit]
    if upwards:
        ids.reverse()
    rows = _rows(ids, now)
    return paged(rows, more=more, upwards=upwards, started=position is not None)


def paged(rows: list[Row], *, more: bool, upwards: bool, started: bool) -> Page:
    """Put the cursors around rows that were read in a direction."""
    below = bool(rows) and (more or upwards)
    above = bool(rows) and (more if upwards else started)
    return Page(
        rows,
        make_cursor(rows[-1].created_at, rows[-1].id) if below else None,
        make_cursor(rows[0].created_at, rows[0].id, upwards=True) if above else None,
    )


def selection(
    actor: Actor, wanted: InboxFilter, *, limit: int = rules.BULK_LIMIT, clock: Clock = SYSTEM
) -> list[tuple[int, int]]:
    """`(id, version)` of the first cases of a filter: what "select all" hands to a bulk action."""
    ids = planning.first_ids(
        plan_for(actor, wanted, clock.now()), limit=min(limit, rules.BULK_LIMIT)
    )
    versions = dict(Case.objects.filter(pk__in=ids).values_list("pk", "version"))
    return [(pk, versions[pk]) for pk in ids if pk in versions]


def counts(
    actor: Actor, wanted: Sequence[InboxFilter], *, cap: int = CAP, clock: Clock = SYSTEM
) -> list[Count]:
    """Bounded counts of several filters, in one statement."""
    now = clock.now()
    organisations = _visible_organisations(actor)
    plans = [plan_for(actor, each, now, organisations, counting=True) for each in wanted]
    return [
        Count(min(found, cap), found > cap) for found in planning.bounded_counts(plans, cap=cap)
    ]


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved filter with its count. `filter` is `None` when it no longer makes sense."""

    id: int
    name: str
    team_id: int | None
    filter: InboxFilter | None
    count: Count


def saved_filters(actor: Actor, *, clock: Clock = SYSTEM) -> list[Saved]:
    """The agent's own filters, then those of their teams, each with its bounded count."""
    rows = SavedFilter.objects.filter(
        Q(owner_id=actor.user_id, owner_id__isnull=False) | Q(team_id__in=actor.team_ids)
    ).order_by("team_id", "position", "id")
    read = [(row, _readable(row)) for row in sorted(rows, key=lambda row: row.team_id is not None)]
    numbers = iter(counts(actor, [each for _row, each in read if each is not None], clock=clock))
    return [
        Saved(row.pk, row.name, row.team_id, each, Count(0) if each is None else next(numbers))
        for row, each in read
    ]


def saved_filter(actor: Actor, filter_id: int) -> SavedFilter:
    """One saved filter the agent may use; `NotFound` for somebody else's."""
    row = SavedFilter.objects.filter(pk=filter_id).select_related("team").first()
    if row is None or not (
        (row.owner_id is not None and row.owner_id == actor.user_id)
        or (row.team_id is not None and row.team_id in actor.team_ids)
        or (row.team is not None and policies.can_manage_in(actor, row.team.organisation_id))
    ):
        raise NotFound()
    return row


def _readable(row: SavedFilter) -> InboxFilter | None:
    try:
        return InboxFilter.parse(row.query)
    except Invalid:
        return None


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of the desk's home. Every count is bounded."""

    open: Count
    mine: Count
    unassigned: Count
    overdue: Count
    news: Count
    by_status: list[tuple[str, Count]]
    by_team: list[tuple[int, str, Count]]


def summary(actor: Actor, *, clock: Clock = SYSTEM) -> Summary:
    """What is on the agent's plate: open cases by public status and by team. Constant queries."""
    base = InboxFilter()
    heads = [
        base,
        base.but(assignee=ME),
        base.but(assignee=NOBODY),
        base.but(overdue=True),
        base.but(news=True),
    ]
    statuses = [status.value for status in PublicStatus if status.value not in rules.FINAL]
    teams = list(accounts.teams_of(actor)[:40].values_list("id", "name"))
    found = counts(
        actor,
        [
            *heads,
            *(base.but(statuses=(status,)) for status in statuses),
            *(base.but(teams=(team_id,)) for team_id, _name in teams),
        ],
        clock=clock,
    )
    by_status = found[len(heads) : len(heads) + len(statuses)]
    by_team = found[len(heads) + len(statuses) :]
    opened, mine, unassigned, overdue, news = found[: len(heads)]
    return Summary(
        open=opened,
        mine=mine,
        unassigned=unassigned,
        overdue=overdue,
        news=news,
        by_status=list(zip(statuses, by_status, strict=True)),
        by_team=[
            (team_id, name, count) for (team_id, name), count in zip(teams, by_team, strict=True)
        ],
    )


def _visible_organisations(actor: Actor) -> list[int]:
    visible = policies.scope(actor)
    if visible is None:
        return list(Organisation.objects.order_by("pk").values_list("pk", flat=True))
    return sorted(visible)


def plan_for(
    actor: Actor,
    wanted: InboxFilter,
    now: datetime,
    organisations: list[int] | None = None,
    *,
    counting: bool = False,
) -> planning.Plan:
    """How to read a filter within the actor's scope."""
    visible = _visible_organisations(actor) if organisations is None else organisations
    if wanted.organisations:
        visible = [each for each in visible if each in wanted.organisations]
    return planning.plan(
        wanted,
        organisations=visible,
        user_id=actor.user_id,
        now=now,
        counting=counting,
        tz=settings.TIME_ZONE,
    )


def _rows(ids: Sequence[int], now: datetime, using: str = "default") -> list[Row]:
    if not ids:
        return []
    with connections[using].cursor() as cursor:
        cursor.execute(_ROWS.format(ids=", ".join(["%s"] * len(ids))), ids)
        fetched = cursor.fetchall()
    found = {}
    for values in fetched:
        (
            pk, reference, kind, title, service, category, state, status, is_open, news, version,
            organisation_id, team_id, team_name, assignee_id, given, preferred, family, email,
            channel, address, area_code, created_at, updated_at, due_at, definition_id,
        ) = values  # fmt: skip
        assignee = ""
        if email:
            assignee = f"{given} {preferred or family}".strip() or email.partition("@")[0]
        due = _moment(due_at) if due_at else None
        found[pk] = Row(
            pk, reference, kind, title, service, category, state,
            state_label(kind, definition_id, state), status, bool(is_open), bool(news), version,
            organisation_id, team_id, team_name or "", assignee_id, assignee, channel, address,
            area_code, _moment(created_at), _moment(updated_at), due,
            rules.is_overdue(due, bool(is_open), now),
        )  # fmt: skip
    return [found[pk] for pk in ids if pk in found]


def _moment(value: datetime) -> datetime:
    """SQLite's driver gives the instants it keeps, in UTC, without saying so."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def state_label(kind: str, definition_id: int, state_id: str) -> str:
    """The label of a state in the revision a case is pinned to; its id when it has none."""
    try:
        state = rules.state_of(registry.definition_of(kind, definition_id).workflow, state_id)
    except LookupError:
        return state_id
    return state.label if state else state_id


def make_cursor(at: datetime, pk: int, *, upwards: bool = False) -> str:
    """An opaque position in a list."""
    text = json.dumps([int(upwards), at.astimezone(UTC).isoformat(), pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> tuple[bool, planning.Position | None]:
    """`(upwards, position)`; `Invalid` when it was not made by `make_cursor`."""
    if not cursor:
        return False, None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        upwards, at, pk = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        position = datetime.fromisoformat(at)
        if position.tzinfo is None or type(pk) is not int or upwards not in (0, 1):
            raise ValueError
        if not 0 <= pk < 2**63:
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Invalid(_("Cette page n’existe pas."), code="cursor") from None
    return bool(upwards), (position, pk)
