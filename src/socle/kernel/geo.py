"""One integer indexes space.

Every located thing carries its longitude, its latitude (degrees, WGS 84) and its ``cell``: the
web-mercator position at zoom 31 (2³¹ × 2³¹ squares, 1.9 cm wide at the equator), x and y
interleaved bit by bit into one 62-bit integer, the Morton code. Things close on the ground are
mostly close in this order, and any map tile is one contiguous range of it, so an ordinary B-tree
serves tiles, clusters and vicinity searches on every database.

Tiles are the usual z/x/y, y growing southwards; the *key* of a tile is the Morton code of its x
and y, which is ``cell >> 2 * (31 - level)`` for every cell it holds. Latitudes beyond ±85.0511° are
clamped to the edge of the map. Coordinates that are not on Earth raise ``Invalid``.
"""

from __future__ import annotations

import heapq
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
    """Longitude and latitude (degrees) of the centre of a cell.

    Within half a cell of what was encoded: 0.94 cm on each axis at the equator, less elsewhere.
    """
    x, y = tile_of(cell, ZOOM)
    return (x + 0.5) / SIDE * 360.0 - 180.0, _latitude((y + 0.5) / SIDE)


def tile_range(z: int, x: int, y: int) -> tuple[int, int]:
    """Cells of a map tile, half-open: ``lo <= cell < hi``.

    Raises ``Invalid`` for a tile which does not exist.
    """
    _tile_side(z, x, y)
    return key_range(_interleave(x, y), z)


def tile_of(cell: int, z: int) -> tuple[int, int]:
    """``(x, y)`` of the tile of zoom ``z`` which holds a cell."""
    key = parent(cell, z)
    return _compact(key), _compact(key >> 1)


def tile_bounds(z: int, x: int, y: int) -> Box:
    """``(west, south, east, north)`` of a tile, in degrees."""
    side = _tile_side(z, x, y)
    west, east = (edge / side * 360.0 - 180.0 for edge in (x, x + 1))
    north, south = (_latitude(edge / side) for edge in (y, y + 1))
    return west, south, east, north


def parent(cell: int, level: int) -> int:
    """The key of the tile of zoom ``level`` that holds a cell: ``cell >> 2 * (31 - level)``."""
    if not 0 <= cell < CELLS:
        raise Invalid(_("Cette cellule n’existe pas."))
    return cell >> 2 * (ZOOM - _level(level))


def key_range(key: int, level: int) -> tuple[int, int]:
    """Cells under a key of ``level``, half-open."""
    shift = 2 * (ZOOM - _level(level))
    return key << shift, (key + 1) << shift


def neighbours(cell: int, level: int) -> list[int]:
    """Keys, sorted, of the tiles of zoom ``level`` around the one which holds a cell.

    Eight of them, or five along the top and bottom edges of the map; longitude wraps around. The
    tile itself is not included.
    """
    x, y = tile_of(cell, level)
    side = 1 << level
    around = {
        _interleave((x + dx) % side, y + dy)
        for dx in (-1, 0, 1)
        for dy in (-1, 0, 1)
        if 0 <= y + dy < side
    }
    return sorted(around - {_interleave(x, y)})


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Great-circle distance in metres: haversine on the mean radius, within 0.6 % of the truth."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_phi, half_lambda = (phi2 - phi1) / 2, math.radians(lon2 - lon1) / 2
    h = math.sin(half_phi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def bbox_around(lon: float, lat: float, radius_m: float) -> Box:
    """``(west, south, east, north)`` of a box holding every point within ``radius_m`` metres.

    ``west > east`` when it crosses the antimeridian (RFC 7946, 5.2); every longitude when it holds
    a pole. Raises ``Invalid`` for coordinates or a radius that make no sense.
    """
    _check_point(lon, lat)
    if not 0 <= radius_m < math.inf:
        raise Invalid(_("Ce rayon n’est pas une distance."))
    # A hair wider, so that rounding never leaves out a point on the circle.
    angle = radius_m / EARTH_RADIUS_M * (1 + 1e-9) + 1e-12
    south, north = lat - math.degrees(angle), lat + math.degrees(angle)
    if south <= -90.0 or north >= 90.0:
        return -180.0, max(south, -90.0), 180.0, min(north, 90.0)
    reach = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(lat)))))
    west, east = _wrapped(lon - reach), _wrapped(lon + reach)
    return west, south, east, north


def _wrapped(lon: float) -> float:
    return lon + 360.0 if lon < -180.0 else lon - 360.0 if lon > 180.0 else lon


def cover(
    west: float, south: float, east: float, north: float, max_ranges: int = 8
) -> list[tuple[int, int]]:
    """Ranges of cells, half-open, that together hold a box (degrees), its edges included.

    Disjoint, sorted, at most ``max_ranges`` (at least 1). They hold more than the box: keep an
    exact test after the index. ``west > east`` crosses the antimeridian. Raises ``Invalid`` when
    ``south > north``.
    """
    if south > north:
        raise Invalid(_("Ce rectangle est à l’envers : le sud est au nord."))
    if max_ranges < 1:
        raise ValueError("a cover needs at least one range")
    x_west, y_south = _position(west, south)
    x_east, y_north = _position(east, north)
    spans = [(x_west, x_east)] if west <= east else [(x_west, SIDE - 1), (0, x_east)]
    tiles = [tile for low, high in spans for tile in _tiles(low, y_north, high, y_south)]
    return _merged(sorted(tiles), max_ranges)


# A tile straddling the edge of a box is cut until it is a 16th of its longest side: beyond, the
# ranges saved by merging weigh more than the precision gained.
_CUTS = 4


def _tiles(x0: int, y0: int, x1: int, y1: int) -> list[tuple[int, int]]:
    """Ranges of the tiles that hold a box of integer coordinates, bounds included; not sorted."""
    size = max(x1 - x0, y1 - y0).bit_length()
    finest = max(0, size - _CUTS)
    stack = [
        (size, x, y)
        for x in range(x0 >> size, (x1 >> size) + 1)
        for y in range(y0 >> size, (y1 >> size) + 1)
    ]
    found: list[tuple[int, int]] = []
    while stack:
        shift, x, y = stack.pop()
        left, top = x << shift, y << shift
        right, bottom = left + (1 << shift) - 1, top + (1 << shift) - 1
        if left > x1 or right < x0 or top > y1 or bottom < y0:
            continue
        if shift <= finest or (left >= x0 and right <= x1 and top >= y0 and bottom <= y1):
            key = _interleave(x, y)
            found.append((key << 2 * shift, (key + 1) << 2 * shift))
        else:
            x, y, shift = x << 1, y << 1, shift - 1
            stack += ((shift, x, y), (shift, x + 1, y), (shift, x, y + 1), (shift, x + 1, y + 1))
    return found


def _merged(ranges: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Sorted ranges, joined where they touch, then across the smallest gaps until ``most`` remain.

    The two sides of the antimeridian may overlap, when a box goes nearly around the world.
    """
    gaps: list[tuple[int, int, int]] = []  # size, end of the range before, start of the next
    first, end = ranges[0]
    for low, high in ranges:
        if low > end:
            gaps.append((low - end, end, low))
        end = max(end, high)
    kept = sorted(gap[1:] for gap in heapq.nlargest(most - 1, gaps))
    starts = [first, *(low for _, low in kept)]
    return list(zip(starts, [*(high for high, _ in kept), end], strict=True))


def _check_point(lon: float, lat: float) -> None:
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):  # false for NaN as well
        raise Invalid(_("Ces coordonnées ne sont pas sur Terre."))


def _position(lon: float, lat: float) -> tuple[int, int]:
    """Integer mercator coordinates at zoom 31."""
    _check_point(lon, lat)
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


def _tile_side(z: int, x: int, y: int) -> int:
    """How many tiles there are from edge to edge, if this is one of them."""
    side = 1 << _level(z)
    if not (0 <= x < side and 0 <= y < side):
        raise Invalid(_("Cette tuile n’existe pas."))
    return side


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
