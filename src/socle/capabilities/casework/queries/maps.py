"""Cases on a map: points of an inbox, and what lies around a place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from socle.capabilities.casework import policies
from socle.capabilities.casework.filters import InboxFilter
from socle.capabilities.casework.models import Case
from socle.capabilities.casework.queries import planning
from socle.capabilities.casework.queries.inbox import plan_for
from socle.foundations.accounts.actors import Actor
from socle.kernel import geo
from socle.kernel.clock import SYSTEM, Clock

MAX_POINTS = 2_000
NEAR_SCAN = 2_000


class Point(NamedTuple):
    """A case on the map."""

    id: int
    reference: str
    title: str
    kind: str
    category: str
    public_status: str
    is_open: bool
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Points:
    """`truncated`: there were more; these are the newest, spread over the whole box."""

    rows: list[Point]
    truncated: bool


def map_points(
    actor: Actor,
    wanted: InboxFilter,
    bbox: tuple[float, float, float, float],
    *,
    limit: int = MAX_POINTS,
    clock: Clock = SYSTEM,
) -> Points:
    """The located cases of an inbox filter inside a box (west, south, east, north, in degrees).

    A box with few cases is read from the ranges of cells that hold it. A crowded one gives its
    newest cases: cutting a list in cell order would leave rectangular holes in the map.
    """
    limit = max(1, min(limit, MAX_POINTS))
    plan = plan_for(actor, wanted.but(bbox=bbox), clock.now())
    ids = planning.first_ids(plan, limit=limit + 1)
    rows = Case.objects.filter(pk__in=ids[:limit]).values_list(*Point._fields)
    return Points([Point(*each) for each in rows], truncated=len(ids) > limit)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An open case close to a place, in its public form, and how far it is in metres."""

    id: int
    reference: str
    title: str
    category: str
    public_status: str
    created_at: datetime
    lon: float
    lat: float
    metres: float
    version: int = 0


def near(
    lon: float,
    lat: float,
    *,
    radius_m: float = 50,
    kind: str = Case.Kind.REPORT,
    category: str = "",
    limit: int = 10,
    excluding: int | None = None,
    scope: frozenset[int] | None = None,
) -> list[Neighbour]:
    """Open cases around a point, nearest first. Nothing about who asked.

    `scope`: only these organisations (`None`: all). A few ranges of cells cover the circle's box;
    the exact distance decides.
    """
    box = geo.bbox_around(lon, lat, radius_m)
    ids = planning.open_in_cells(box, NEAR_SCAN)
    rows = Case.objects.filter(pk__in=ids, kind=kind)
    if category:
        rows = rows.filter(category=category)
    if excluding is not None:
        rows = rows.exclude(pk=excluding)
    if scope is not None:
        rows = rows.filter(organisation_id__in=scope)
    columns = (
        "id", "reference", "title", "category", "public_status", "created_at", "lon", "lat",
        "version",
    )  # fmt: skip
    found = []
    for row in rows.values_list(*columns):
        pk, reference, title, category, status, created_at, there_lon, there_lat, version = row
        metres = geo.distance_m(lon, lat, there_lon or 0.0, there_lat or 0.0)
        found.append(
            Neighbour(
                pk, reference, title, category, status, created_at,
                there_lon or 0.0, there_lat or 0.0, metres, version,
            )
        )  # fmt: skip
    found = [each for each in found if each.metres <= radius_m]
    return sorted(found, key=lambda each: each.metres)[:limit]


def neighbours(
    actor: Actor, case: Case, *, radius_m: float = 100, limit: int = 10
) -> list[Neighbour]:
    """Open cases of the same category around this one, among those the agent sees: duplicates?"""
    if case.lon is None or case.lat is None:
        return []
    return near(
        case.lon,
        case.lat,
        radius_m=radius_m,
        kind=case.kind,
        category=case.category,
        limit=limit,
        excluding=case.pk,
        scope=policies.scope(actor),
    )
