"""Work to be done: lists for the office, the round of an agent in the field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Prefetch, Q, QuerySet

from socle.capabilities.casework import policies as cases
from socle.capabilities.casework.models import Case
from socle.domains.reports.models import Contractor, Intervention, InterventionCase
from socle.foundations.accounts import policies as accounts
from socle.foundations.accounts.actors import Actor
from socle.kernel import geo
from socle.kernel.clock import SYSTEM, Clock, local_date
from socle.kernel.errors import NotFound

PAGE = 50
ROUND_MAX = 200
State = Intervention.State


@dataclass(frozen=True, slots=True)
class Page:
    """Orders by day, and the cursor of what follows."""

    rows: list[Intervention]
    next_cursor: str | None


def _whole() -> QuerySet[Intervention]:
    tied = InterventionCase.objects.select_related("case").order_by("pk")
    return Intervention.objects.select_related(
        "organisation", "team", "contractor", "assignee"
    ).prefetch_related(Prefetch("cases", queryset=tied))


def interventions(
    actor: Actor,
    *,
    states: Sequence[str] = (State.PLANNED, State.UNDER_WAY),
    organisation_id: int | None = None,
    team_ids: Sequence[int] = (),
    contractor_id: int | None = None,
    assignee_id: int | None = None,
    day_from: date | None = None,
    day_to: date | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
) -> Page:
    """Orders of the actor's organisations, in order of creation, newest first. Two queries.

    A cursor that is not one of ours begins again.
    """
    rows = _whole()
    scope = cases.scope(actor)
    if scope is not None:
        rows = rows.filter(organisation_id__in=scope)
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    if states:
        rows = rows.filter(state__in=list(states))
    if team_ids:
        rows = rows.filter(team_id__in=list(team_ids))
    if contractor_id is not None:
        rows = rows.filter(contractor_id=contractor_id)
    if assignee_id is not None:
        rows = rows.filter(assignee_id=assignee_id)
    if day_from is not None:
        rows = rows.filter(planned_for__gte=day_from)
    if day_to is not None:
        rows = rows.filter(planned_for__lte=day_to)
    if cursor and cursor.isascii() and cursor.isdecimal() and len(cursor) < 19:
        rows = rows.filter(pk__lt=int(cursor))
    limit = max(1, min(limit, 200))
    found = list(rows.order_by("-pk")[: limit + 1])
    more = str(found[limit - 1].pk) if len(found) > limit else None
    return Page(found[:limit], more)


def intervention(actor: Actor, reference: str) -> Intervention:
    """One order with its reports. Raises `NotFound` outside the actor's organisations."""
    found = _whole().filter(reference=reference).first()
    if found is None or not cases.can_handle_in(actor, found.organisation_id):
        raise NotFound()
    return found


def interventions_of(actor: Actor, case: Case) -> list[Intervention]:
    """The orders of a report, newest first. Raises `NotFound` outside the actor's organisations."""
    if not cases.can_see(actor, case):
        raise NotFound()
    return list(_whole().filter(cases__case=case).order_by("-pk"))


def contractors(actor: Actor, organisation_id: int) -> list[Contractor]:
    """The companies an organisation works with, by name."""
    if not cases.can_handle_in(actor, organisation_id):
        raise NotFound()
    return list(
        Contractor.objects.filter(organisation_id=organisation_id, active=True).order_by("name")
    )


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of a round: an order, or a report taken without one.

    Degrees WGS84. `version`: of the order, or of the report. `overdue`: past its deadline.
    """

    kind: str
    """`intervention` or `case`."""
    id: int
    reference: str
    version: int
    title: str
    text: str
    state: str
    address: str
    lon: float | None
    lat: float | None
    priority: int
    planned_for: date | None
    due_at: datetime | None
    overdue: bool
    mine: bool
    cases: tuple[Case, ...] = field(default=())


def round_of(actor: Actor, *, clock: Clock = SYSTEM, limit: int = ROUND_MAX) -> list[Stop]:
    """What an agent has to do in the field: their orders and those of their teams that nobody took,
    due today or without a day, and the open reports they took. Most urgent first, then from near
    to near.

    Three queries. Nobody but an agent has a round.
    """
    if actor.user_id is None or not accounts.can_enter_desk(actor):
        return []
    now, today = clock.now(), local_date(clock.now())
    orders = (
        _whole()
        .filter(state__in=(State.PLANNED, State.UNDER_WAY))
        .filter(organisation_id__in=actor.organisation_ids)
        .filter(Q(planned_for__isnull=True) | Q(planned_for__lte=today))
        .filter(
            Q(assignee_id=actor.user_id)
            | Q(assignee__isnull=True, team_id__in=list(actor.team_ids))
        )
        .order_by("planned_for", "pk")[:limit]
    )
    stops = [_order(each, actor, now) for each in orders]
    ordered = {case.pk for stop in stops for case in stop.cases}
    taken = (
        Case.objects.filter(
            assignee_id=actor.user_id, is_open=True, kind=Case.Kind.REPORT,
            organisation_id__in=actor.organisation_ids, merged_into__isnull=True,
        )
        .order_by("-created_at", "-id")[:limit]
    )  # fmt: skip
    stops += [_case(each, now) for each in taken if each.pk not in ordered]
    return _near_to_near(stops[:limit])


def _order(row: Intervention, actor: Actor, now: datetime) -> Stop:
    tied = tuple(each.case for each in row.cases.all())
    first = next((each for each in tied if each.lon is not None), tied[0] if tied else None)
    dues = [each.due_at for each in tied if each.due_at is not None and each.is_open]
    due = min(dues) if dues else None
    return Stop(
        kind="intervention",
        id=row.pk,
        reference=row.reference,
        version=row.version,
        title=row.title,
        text=row.instructions,
        state=row.state,
        address=first.address if first else "",
        lon=first.lon if first else None,
        lat=first.lat if first else None,
        priority=max((each.priority for each in tied), default=0),
        planned_for=row.planned_for,
        due_at=due,
        overdue=due is not None and due < now,
        mine=row.assignee_id == actor.user_id,
        cases=tied,
    )


def _case(case: Case, now: datetime) -> Stop:
    return Stop(
        kind="case",
        id=case.pk,
        reference=case.reference,
        version=case.version,
        title=case.title,
        text=case.description,
        state=case.state,
        address=case.address,
        lon=case.lon,
        lat=case.lat,
        priority=case.priority,
        planned_for=None,
        due_at=case.due_at,
        overdue=case.due_at is not None and case.due_at < now,
        mine=True,
        cases=(case,),
    )


def _near_to_near(stops: list[Stop]) -> list[Stop]:
    """Urgent ones first; among equals, each the nearest to the one before."""
    found: list[Stop] = []
    for priority in sorted({stop.priority for stop in stops}, reverse=True):
        left = [stop for stop in stops if stop.priority == priority]
        while left:
            here = next((stop for stop in reversed(found) if stop.lon is not None), None)
            if here is None or here.lon is None or here.lat is None:
                chosen = left[0]
            else:
                lon, lat = here.lon, here.lat
                chosen = min(
                    left,
                    key=lambda stop: (
                        geo.distance_m(lon, lat, stop.lon, stop.lat)
                        if stop.lon is not None and stop.lat is not None
                        else float("inf")
                    ),
                )
            left.remove(chosen)
            found.append(chosen)
    return found
