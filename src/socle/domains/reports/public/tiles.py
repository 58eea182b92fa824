"""Vector tiles of public reports.

Below zoom 12, clusters read from the counts. From 12 to 16, every report, read from one range of
the covering index, whose cells give the places: no row is looked up. A tile of more than 5,000
reports is drawn as clusters: cutting a list in the order of cells would leave holes in the map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection

from socle.domains.reports.public import counting, lists, mvt
from socle.domains.reports.public.counting import Cluster
from socle.domains.reports.public.filters import EVERYTHING, Box, PublicFilter
from socle.domains.reports.public.mvt import Integers
from socle.kernel import geo
from socle.kernel.errors import NotFound

MAX_ZOOM = 16
"""Of tiles; beyond, browsers draw these larger."""
POINTS_FROM = 12
MOST = 5_000
"""Reports drawn one by one in a tile."""
FINE = 20_000
"""Up to so many, a crowded tile from zoom 14 is clustered from the cells themselves."""
_FINE_FROM = 14
_GRID = 5
"""Such clusters are 1/32 of the tile's side."""

POINTS, CLUSTERS = "reports", "clusters"


def public_tile(z: int, x: int, y: int, wanted: PublicFilter = EVERYTHING) -> bytes:
    """A Mapbox Vector Tile: layer `reports` (`id`, `category`, `status`) or layer `clusters`
    (`count`), or nothing (empty bytes).

    Raises NotFound beyond zoom 16, Invalid for a tile that does not exist.
    """
    if z > MAX_ZOOM:
        raise NotFound
    low, high = geo.tile_range(z, x, y)
    if not wanted.is_counted:
        return _drawn(z, x, y, lists.cells_matching(wanted, low, high, MOST + 1))
    if z < POINTS_FROM:
        return _clusters(z, x, y, clusters_of_tile(z, x, y, wanted))
    count = counting.count(_level_of_tile(z), [(low, high)], wanted)
    if not count:
        return b""
    if count <= MOST or (z >= _FINE_FROM and count <= FINE):
        return _drawn(z, x, y, cells_in(low, high, wanted))
    return _clusters(z, x, y, clusters_of_tile(z, x, y, wanted))


def clusters_of_tile(z: int, x: int, y: int, wanted: PublicFilter = EVERYTHING) -> list[Cluster]:
    """Clusters of a tile, from the counts."""
    return counting.clusters(counting.level_for(z), [geo.tile_range(z, x, y)], wanted)


def clusters(bbox: Box, zoom: int, wanted: PublicFilter = EVERYTHING) -> list[Cluster]:
    """Clusters of a box (west, south, east, north, degrees), as drawn at a zoom.

    Those of every cell the box touches. What the counts do not tell apart (area, dates, words) is
    read from the newest 5,000 reports that match.
    """
    level = counting.level_for(zoom)
    if wanted.is_counted:
        ranges = geo.cover(*bbox, max_ranges=4)
        return [
            each for each in counting.clusters(level, ranges, wanted) if _touches(each, level, bbox)
        ]
    found = lists.cells_matching(wanted.but(bbox=bbox), 0, geo.CELLS, MOST)
    return _grouped(np.array([row[0] for row in found], np.int64), level)


def _touches(found: Cluster, level: int, bbox: Box) -> bool:
    cell = found.key << 2 * (geo.ZOOM - level)
    west, south, east, north = geo.tile_bounds(level, *geo.tile_of(cell, level))
    if north < bbox[1] or south > bbox[3]:
        return False
    if bbox[0] <= bbox[2]:
        return west <= bbox[2] and east >= bbox[0]
    return west <= bbox[2] or east >= bbox[0]


def _level_of_tile(z: int) -> int:
    """The coarsest level that counts a tile exactly."""
    return z if z in counting.LEVELS else z + 1


def cells_in(low: int, high: int, wanted: PublicFilter) -> Sequence[tuple[int, str, str, int]]:
    """`(cell, category, status, id)` of visible reports in a range, from the index alone."""
    sql, values = statement(low, high, wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def statement(low: int, high: int, wanted: PublicFilter) -> tuple[str, list[Any]]:
    """What a tile asks the database, and its values."""
    conditions = ["visible", "cell >= %s", "cell < %s"]
    values: list[Any] = [low, high]
    statuses = wanted.shown_statuses()
    for name, asked in (("category", wanted.categories or None), ("status", statuses)):
        if asked is not None:
            marks = ", ".join(["%s"] * len(asked))
            conditions.append(f"{name} IN ({marks})" if asked else "1 = 0")
            values += sorted(asked)
    if wanted.organisation_id is not None:
        conditions.append("organisation_id = %s")
        values.append(wanted.organisation_id)
    source = lists.held("public_cell_idx")
    where = " AND ".join(conditions)
    return f"SELECT cell, category, status, case_id FROM {source} WHERE {where}", values  # noqa: S608


def _drawn(z: int, x: int, y: int, rows: Sequence[tuple[int, str, str, int]]) -> bytes:
    if not rows:
        return b""
    cells, categories, statuses, ids = zip(*rows, strict=True)
    cell = np.array(cells, np.int64)
    if len(rows) > MOST:
        return _clusters(z, x, y, _grouped(cell, min(z + _GRID, geo.ZOOM)))
    category, category_values = _ranks(categories)
    status, status_values = _ranks(statuses)
    at_x, at_y = positions(cell, z)
    number = np.array(ids, np.int64)
    return mvt.layer(
        POINTS, number, at_x, at_y,
        [
            mvt.Column("id", number),
            mvt.Column("category", category, category_values),
            mvt.Column("status", status, status_values),
        ],
    )  # fmt: skip


def _clusters(z: int, x: int, y: int, found: Sequence[Cluster]) -> bytes:
    if not found:
        return b""
    # The middle of reports of a cell lies in the cell, hence in the tile, but for rounding.
    west, north = x * mvt.EXTENT, y * mvt.EXTENT
    side = mvt.EXTENT << z
    lon = np.array([each.lon for each in found])
    lat = np.radians([each.lat for each in found])
    across = np.floor((lon + 180.0) / 360.0 * side).astype(np.int64) - west
    down = np.floor((0.5 - np.arctanh(np.sin(lat)) / (2 * np.pi)) * side).astype(np.int64) - north
    last = mvt.EXTENT - 1
    return mvt.layer(
        CLUSTERS,
        np.array([each.key for each in found], np.int64),
        np.clip(across, 0, last),
        np.clip(down, 0, last),
        [mvt.Column("count", np.array([each.count for each in found], np.int64))],
    )


def _grouped(cell: Integers, level: int) -> list[Cluster]:
    """Clusters of cells, each in the middle of its reports."""
    if not len(cell):
        return []
    keys, group, counts = np.unique(
        cell >> 2 * (geo.ZOOM - level), return_inverse=True, return_counts=True
    )
    middle_x = np.bincount(group, weights=_compact(cell)) / counts + 0.5
    middle_y = np.bincount(group, weights=_compact(cell >> 1)) / counts + 0.5
    lon = middle_x / geo.SIDE * 360.0 - 180.0
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1.0 - 2.0 * middle_y / geo.SIDE))))
    return [
        Cluster(*each)
        for each in zip(lon.tolist(), lat.tolist(), counts.tolist(), keys.tolist(), strict=True)
    ]


def positions(cell: Integers, z: int) -> tuple[Integers, Integers]:
    """Where cells lie in their tile of zoom `z` (at most 19), in tile units."""
    shift = geo.ZOOM - z - 12
    last = mvt.EXTENT - 1
    return _compact(cell) >> shift & last, _compact(cell >> 1) >> shift & last


def _compact(n: Integers) -> Integers:
    """Every other bit of a Morton code: x, or y when it is shifted by one."""
    n = n & 0x5555555555555555
    n = (n | n >> 1) & 0x3333333333333333
    n = (n | n >> 2) & 0x0F0F0F0F0F0F0F0F
    n = (n | n >> 4) & 0x00FF00FF00FF00FF
    n = (n | n >> 8) & 0x0000FFFF0000FFFF
    return (n | n >> 16) & 0x00000000FFFFFFFF


def _ranks(texts: Sequence[str]) -> tuple[Integers, list[str]]:
    known: dict[str, int] = {}
    ranks = np.array([known.setdefault(each, len(known)) for each in texts], np.int64)
    return ranks, list(known)
