"""What is already known around a place: asked before a report is sent."""

from __future__ import annotations

from typing import Any

from django.db import connection

from socle.capabilities.casework.queries import Neighbour
from socle.domains.reports.public import declared, lists
from socle.foundations.territories import queries as territories
from socle.kernel import geo
from socle.kernel.errors import NotFound

_MOST = 1_000
_RANGES = 6


def nearby(
    lon: float, lat: float, *, radius_m: float, category: str = "", limit: int = 5
) -> list[Neighbour]:
    """Open reports that everybody may see around a point (degrees), nearest first. One statement.

    The index tells cell, category and status; only the rows of open reports are read.
    """
    ranges = geo.cover(*geo.bbox_around(lon, lat, radius_m), max_ranges=_RANGES)
    statuses = sorted(declared.open_statuses())
    one = (
        "SELECT case_id, reference, category, status, created_at, lon, lat, address, area_code"  # noqa: S608
        f" FROM {lists.held('public_cell_idx')} WHERE visible AND cell >= %s AND cell < %s"
        f" AND status IN ({', '.join(['%s'] * len(statuses))})"
        f"{' AND category = %s' if category else ''} AND is_open"
    )
    given = [*statuses, category] if category else statuses
    values: list[Any] = []
    for low, high in ranges:
        values += [low, high, *given]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join([one] * len(ranges)) + f" LIMIT {_MOST}",
            values,
        )
        rows = cursor.fetchall()
    close = []
    for row in rows:
        metres = geo.distance_m(lon, lat, row[5], row[6])
        if metres <= radius_m:
            close.append((metres, row))
    close.sort(key=lambda each: (each[0], each[1][0]))
    return [_neighbour(metres, *row) for metres, row in close[:limit]]


def _neighbour(
    metres: float,
    pk: int,
    reference: str,
    category: str,
    status: str,
    created_at: object,
    lon: float,
    lat: float,
    address: str,
    area_code: str,
) -> Neighbour:
    from socle.domains.reports import queries

    label, where = queries.category_label(category), address or _area(area_code)
    return Neighbour(
        id=pk,
        reference=reference,
        title=f"{label} – {where}" if where else label,
        category=category,
        public_status=status,
        created_at=lists.moment(created_at),
        lon=lon,
        lat=lat,
        metres=metres,
    )


def _area(code: str) -> str:
    try:
        return territories.area(code).name if code else ""
    except NotFound:
        return ""
