"""One integer indexes space.

Every located thing carries its longitude, its latitude (degrees, WGS 84) and its ``cell``: the web-mercator position at zoom 31
(2³¹ × 2³¹ squares, 1.9 cm wide at the equator), x and y interleaved bit by bit into one 62-bit integer, the Morton code. Things
close on the ground are mostly close in this order, and any map tile is one contiguous range of it, so an ordinary B-tree
serves tiles, clusters and vicinity searches on every database.

Tiles are the usual z/x/y with y growing southwards; the ``key`` of a tile is ``cell >> 2 * (31 - level)``. Latitudes beyond
±85.0511° are clamped to the edge of the map. Coordinates that are not on Earth raise ``Invalid``.
"""

from __future__ import annotations

import math

from django.utils.translation import gettext_lazy as _

from .errors import Invalid

ZOOM = 31
SIDE = 1 << ZOOM
CELLS = 1 << 2 * ZOOM
MAX_LATITUDE = 85.0511287798066
EARTH_RADIUS_M = 6_371_008.8

_TAU = 2 * math.pi

Box = tuple[float, float, float, float]


def encode(lon: float, lat: float) -> int:
    """The cell of a point (degrees). Raises ``Invalid`` outside ±180 and ±90, or for NaN."""
    x, y = _position(lon, lat)
    return _interleave(x, y)


def decode(cell: int) -> tuple[float, float]:
    """Longitude and latitude (degrees) of the centre of a cell: within half a cell, 0.94 cm on each axis, of what was encoded."""
    if not 0 <= cell < CELLS:
        raise Invalid(_("Cette cellule n’existe pas."))
    x, y = _compact(cell), _compact(cell >> 1)
    return (x + 0.5) / SIDE * 360.0 - 180.0, _latitude((y + 0.5) / SIDE)


def tile_range(z: int, x: int, y: int) -> tuple[int, int]:
    """Cells of a map tile, half-open: ``lo <= cell < hi``. Raises ``Invalid`` for a tile which does not exist."""
    side = 1 << _level(z)
    if not (0 <= x < side and 0 <= y < side):
        raise Invalid(_("Cette tuile n’existe pas."))
    return key_range(_interleave(x, y), z)


def tile_of(cell: int, z: int) -> tuple[int, int]:
    """``(x, y)`` of the tile of zoom ``z`` which holds a cell."""
    key = parent(cell, z)
    return _compact(key), _compact(key >> 1)


def tile_bounds(z: int, x: int, y: int) -> Box:
    """``(west, south, east, north)`` of a tile, in degrees."""
    side = 1 << _level(z)
    return x / side * 360.0 - 180.0, _latitude((y + 1) / side), (x + 1) / side * 360.0 - 180.0, _latitude(y / side)


def parent(cell: int, level: int) -> int:
    """The key of the tile of zoom ``level`` that holds a cell: ``cell >> 2 * (31 - level)``."""
    return cell >> 2 * (ZOOM - _level(level))


def key_range(key: int, level: int) -> tuple[int, int]:
    """Cells under a key of ``level``, half-open."""
    shift = 2 * (ZOOM - _level(level))
    return key << shift, (key + 1) << shift


def neighbours(cell: int, level: int) -> list[int]:
    """Keys, sorted, of the tiles of zoom ``level`` around the one which holds a cell.

    Eight of them, or five along the top and bottom edges of the map; longitude wraps around. The tile itself is not included.
    """
    x, y = tile_of(cell, level)
    side = 1 << level
    around = {
        _interleave((x + dx) % side, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if 0 <= y + dy < side
    }
    return sorted(around - {_interleave(x, y)})


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Great-circle distance in metres (haversine, mean Earth radius): within 0.6 % of the ellipsoid."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_phi, half_lambda = (phi2 - phi1) / 2, math.radians(lon2 - lon1) / 2
    h = math.sin(half_phi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def bbox_around(lon: float, lat: float, radius_m: float) -> Box:
    """``(west, south, east, north)`` of the smallest box holding every point within ``radius_m`` metres.

    ``west > east`` when the box crosses the antimeridian (RFC 7946, 5.2); all longitudes when it holds a pole.
    """
    raise NotImplementedError


def cover(west: float, south: float, east: float, north: float, max_ranges: int = 8) -> list[tuple[int, int]]:
    """Ranges of cells, half-open, which together hold a box: disjoint, sorted, at most ``max_ranges``.

    They hold more than the box: keep an exact test after the index. ``west > east`` crosses the antimeridian.
    """
    raise NotImplementedError


def _position(lon: float, lat: float) -> tuple[int, int]:
    """Integer mercator coordinates at zoom 31."""
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):  # also false for NaN
        raise Invalid(_("Ces coordonnées ne sont pas sur Terre."))
    lat = min(max(lat, -MAX_LATITUDE), MAX_LATITUDE)
    x = int((lon + 180.0) / 360.0 * SIDE)
    y = int((0.5 - math.atanh(math.sin(math.radians(lat))) / _TAU) * SIDE)
    return min(x, SIDE - 1), min(max(y, 0), SIDE - 1)


def _latitude(y: float) -> float:
    """Latitude in degrees of a mercator ordinate, 0 at the north edge and 1 at the south one."""
    return math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * y))))


def _level(z: int) -> int:
    if not 0 <= z <= ZOOM:
        raise Invalid(_("Ce niveau de zoom n’existe pas."))
    return z


def _interleave(x: int, y: int) -> int:
    return _spread(x) | _spread(y) << 1


def _spread(n: int) -> int:
    n = (n | n << 16) & 0x0000FFFF0000FFFF
    n = (n | n << 8) & 0x00FF00FF00FF00FF
    n = (n | n << 4) & 0x0F0F0F0F0F0F0F0F
    n = (n | n << 2) & 0x3333333333333333
    return (n | n << 1) & 0x5555555555555555


def _compact(n: int) -> int:
    n &= 0x5555555555555555
    n = (n | n >> 1) & 0x3333333333333333
    n = (n | n >> 2) & 0x0F0F0F0F0F0F0F0F
    n = (n | n >> 4) & 0x00FF00FF00FF00FF
    n = (n | n >> 8) & 0x0000FFFF0000FFFF
    return (n | n >> 16) & 0x00000000FFFFFFFF
