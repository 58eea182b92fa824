"""Which area is a point in? An index of contours held in memory; no database, no settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

TOLERANCE_M = 200.0
"""Contours are simplified: gaps between neighbours and what the outline cuts off reach this far."""

_METRES_PER_DEGREE = 111_195.0
_GRID = 1e-5  # about one metre


class Index:
    """Contours by code. Immutable; safe to read from several threads.

    Contours are laid on a local plane in metres (equirectangular, true at the middle latitude), so
    that a distance is a distance; over one degree of latitude the error stays under 2 %.
    """

    def __init__(self, contours: Iterable[tuple[str, Any]]) -> None:
        """`contours`: code and GeoJSON geometry (WGS 84 degrees)."""
        # In the order of the codes: the first of several answers is always the same.
        found = sorted((code, shape(geometry)) for code, geometry in contours)
        self.codes: list[str] = [code for code, _geometry in found]
        bounds = [geometry.bounds for _code, geometry in found]
        self._south = min((each[1] for each in bounds), default=0.0)
        self._north = max((each[3] for each in bounds), default=0.0)
        self._scale = math.cos(math.radians((self._south + self._north) / 2)) * _METRES_PER_DEGREE
        planes = [
            shapely.transform(geometry, lambda xy: xy * (self._scale, _METRES_PER_DEGREE))
            for _code, geometry in found
        ]
        shapely.prepare(planes)
        self._planes = planes
        self._boxes = [geometry.bounds for geometry in planes]
        self._tree = shapely.STRtree(planes)

    def __len__(self) -> int:
        return len(self.codes)

    def at(self, lon: float, lat: float) -> str | None:
        """Code of the area a point is in.

        On a shared border: the smallest code. In no contour: the nearest one no further than
        `TOLERANCE_M`, else None.
        """
        x, y = lon * self._scale, lat * _METRES_PER_DEGREE
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        for index, (west, south, east, north) in enumerate(self._boxes):
            if (
                west <= x <= east
                and south <= y <= north
                and shapely.intersects_xy(self._planes[index], x, y)
            ):
                return self.codes[index]
        return self._nearest(x, y)

    def many_at(self, lons: Sequence[float], lats: Sequence[float]) -> list[str | None]:
        """`at` for many points at once, several times faster."""
        points = shapely.points(
            [lon * self._scale for lon in lons], [lat * _METRES_PER_DEGREE for lat in lats]
        )
        answers: list[int | None] = [None] * len(points)
        for point, area in self._tree.query(points, predicate="intersects").T.tolist():
            known = answers[point]
            answers[point] = area if known is None else min(known, area)
        return [
            self.codes[area] if area is not None else self._nearest(points[i].x, points[i].y)
            for i, area in enumerate(answers)
        ]

    def _nearest(self, x: float, y: float) -> str | None:
        point = shapely.Point(x, y)
        near = self._tree.query(point, predicate="dwithin", distance=TOLERANCE_M)
        if len(near) == 0:
            return None
        best: int = min((self._planes[i].distance(point), i) for i in near.tolist())[1]
        return self.codes[best]


def union(contours: Iterable[Any]) -> dict[str, Any]:
    """One GeoJSON contour around several: slivers between neighbours are filled, islands kept."""
    merged = shapely.union_all([shape(contour) for contour in contours])
    filled = merged.buffer(0.002, quad_segs=4).buffer(-0.002, quad_segs=4).union(merged)
    tidy = shapely.set_precision(filled.simplify(0.0002), _GRID)
    return geojson(tidy)


def geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """The GeoJSON geometry, as plain lists."""
    found = mapping(geometry)
    return {"type": found["type"], "coordinates": _lists(found["coordinates"])}


def why_wrong(geometry: Any) -> str:
    """Why a GeoJSON polygon cannot be used: `""`, `shape`, `range`, `empty` or `crossed`."""
    try:
        found = shape(geometry)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ShapelyError):
        return "shape"
    if found.is_empty or found.geom_type not in {"Polygon", "MultiPolygon"}:
        return "empty"
    west, south, east, north = found.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return "range"
    return "" if found.is_valid else "crossed"


def box(geometry: Any) -> tuple[float, float, float, float]:
    """West, south, east, north of a GeoJSON geometry."""
    west, south, east, north = shape(geometry).bounds
    return west, south, east, north


def middle(geometry: Any) -> tuple[float, float]:
    """A point well inside a GeoJSON geometry."""
    point = shape(geometry).representative_point()
    return round(point.x, 6), round(point.y, 6)


def _lists(value: Any) -> Any:
    return [_lists(each) for each in value] if isinstance(value, list | tuple) else value
