"""One integer indexes space: cells, tiles, neighbours, covers, distances."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from socle.kernel import geo
from socle.kernel.errors import Invalid

EDGE = geo.MAX_LATITUDE
longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)
mapped = st.floats(-85.05, 85.05)
levels = st.integers(0, 31)
cells = st.integers(0, geo.CELLS - 1)


def morton_by_hand(x: int, y: int) -> int:
    """The definition, bit by bit."""
    return sum((x >> bit & 1) << 2 * bit | (y >> bit & 1) << 2 * bit + 1 for bit in range(31))


# --- Cells


@given(st.integers(0, geo.SIDE - 1), st.integers(0, geo.SIDE - 1))
@example(geo.SIDE - 1, geo.SIDE - 1)
@example(geo.SIDE - 1, 0)
def test_the_bits_of_x_and_y_alternate(x: int, y: int) -> None:
    (low, high), cell = geo.tile_range(31, x, y), morton_by_hand(x, y)
    assert (low, high) == (cell, cell + 1)
    assert geo.tile_of(cell, 31) == (x, y)


@given(longitudes, mapped)
@example(180.0, EDGE)
@example(-180.0, -EDGE)
@example(0.0, 0.0)
def test_a_point_comes_back_within_a_centimetre_on_each_axis(lon: float, lat: float) -> None:
    back_lon, back_lat = geo.decode(geo.encode(lon, lat))
    assert geo.distance_m(lon, lat, back_lon, lat) < 0.0095
    assert geo.distance_m(lon, lat, lon, back_lat) < 0.0095


@given(cells)
@example(0)
@example(geo.CELLS - 1)
def test_the_centre_of_a_cell_is_in_that_cell(cell: int) -> None:
    assert geo.encode(*geo.decode(cell)) == cell


def test_known_places() -> None:
    assert geo.encode(0.0, 0.0) == 3 << 60  # x and y both begin with a one
    assert geo.encode(-180.0, 90.0) == 0
    assert geo.encode(180.0, -90.0) == geo.CELLS - 1
    # Paris, in the numbering every web map shares.
    assert geo.tile_of(geo.encode(2.3522, 48.8566), 14) == (8299, 5636)
    assert geo.tile_of(geo.encode(-0.0001, 0.0001), 1) == (0, 0)


@given(longitudes, st.floats(EDGE, 90))
@example(12.0, 90.0)
def test_latitudes_beyond_the_map_are_clamped_to_its_edge(lon: float, lat: float) -> None:
    assert geo.encode(lon, lat) == geo.encode(lon, EDGE)
    assert geo.encode(lon, -lat) == geo.encode(lon, -EDGE)
    assert geo.tile_of(geo.encode(lon, lat), 31)[1] == 0
    assert geo.tile_of(geo.encode(lon, -lat), 31)[1] == geo.SIDE - 1


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (180.0001, 0),
        (-181, 0),
        (0, 90.1),
        (0, -91),
        (math.nan, 0),
        (0, math.nan),
        (math.inf, 0),
        (0, -math.inf),
    ],
)
def test_a_point_that_is_not_on_earth_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(Invalid):
        geo.encode(lon, lat)
    with pytest.raises(Invalid):
        geo.bbox_around(lon, lat, 10)


@pytest.mark.parametrize("cell", [-1, geo.CELLS])
def test_a_cell_that_does_not_exist_is_refused(cell: int) -> None:
    with pytest.raises(Invalid):
        geo.decode(cell)
    with pytest.raises(Invalid):
        geo.tile_of(cell, 3)


# --- Tiles


@given(levels, st.data())
def test_the_range_of_a_tile_holds_exactly_its_cells(z: int, data: st.DataObject) -> None:
    x, y = (data.draw(st.integers(0, 2**z - 1)) for _ in "xy")
    low, high = geo.tile_range(z, x, y)
    inside = data.draw(st.integers(low, high - 1))
    other = data.draw(cells)
    for cell in (low, high - 1, inside):
        assert geo.tile_of(cell, z) == (x, y)
        assert geo.key_range(geo.parent(cell, z), z) == (low, high)
    assert (geo.tile_of(other, z) == (x, y)) == (low <= other < high)
    for cell in (low - 1, high):
        if 0 <= cell < geo.CELLS:
            assert geo.tile_of(cell, z) != (x, y)


@given(longitudes, mapped, levels)
def test_a_tile_holds_its_points(lon: float, lat: float, z: int) -> None:
    x, y = geo.tile_of(geo.encode(lon, lat), z)
    west, south, east, north = geo.tile_bounds(z, x, y)
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


def test_the_whole_world_is_one_tile() -> None:
    assert geo.tile_range(0, 0, 0) == (0, geo.CELLS)
    assert geo.tile_bounds(0, 0, 0) == pytest.approx((-180, -EDGE, 180, EDGE))


@pytest.mark.parametrize(
    ("z", "x", "y"), [(-1, 0, 0), (32, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (3, 0, -1)]
)
def test_a_tile_that_does_not_exist_is_refused(z: int, x: int, y: int) -> None:
    with pytest.raises(Invalid):
        geo.tile_range(z, x, y)
    with pytest.raises(Invalid):
        geo.tile_bounds(z, x, y)


@given(cells, levels, levels)
def test_parents_nest(cell: int, one: int, other: int) -> None:
    coarse, fine = sorted((one, other))
    assert geo.parent(cell, coarse) == geo.parent(cell, fine) >> 2 * (fine - coarse)


# --- Neighbours


@given(cells, st.integers(2, 31))
def test_neighbours_are_eight_distinct_ones_away_from_the_edges(cell: int, level: int) -> None:
    key = geo.parent(cell, level)
    _, y = geo.tile_of(cell, level)
    around = geo.neighbours(cell, level)
    assert around == sorted(set(around))
    assert key not in around
    assert len(around) == (8 if 0 < y < 2**level - 1 else 5)


@given(cells, levels)
def test_being_neighbours_is_mutual(cell: int, level: int) -> None:
    key = geo.parent(cell, level)
    for other in geo.neighbours(cell, level):
        assert key in geo.neighbours(geo.key_range(other, level)[0], level)


@given(st.integers(1, 31), st.data())
def test_longitude_wraps_at_the_antimeridian(level: int, data: st.DataObject) -> None:
    y = data.draw(st.integers(0, 2**level - 1))
    last, first = geo.tile_range(level, 2**level - 1, y)[0], geo.tile_range(level, 0, y)[0]
    assert geo.parent(first, level) in geo.neighbours(last, level)


@given(longitudes, mapped, st.integers(4, 24), st.floats(-0.99, 0.99), st.floats(-0.99, 0.99))
def test_what_is_less_than_a_tile_away_is_in_the_tile_or_a_neighbour(
    lon: float, lat: float, level: int, dx: float, dy: float
) -> None:
    cell = geo.encode(lon, lat)
    x, y = geo.tile_of(cell, 31)
    width = 2 ** (31 - level)
    moved_y = y + int(dy * width)
    assume(0 <= moved_y < geo.SIDE)
    near = geo.tile_range(31, (x + int(dx * width)) % geo.SIDE, moved_y)[0]
    assert geo.parent(near, level) in {geo.parent(cell, level), *geo.neighbours(cell, level)}


def test_the_only_tile_has_no_neighbour() -> None:
    assert geo.neighbours(12345, 0) == []
    assert geo.neighbours(0, 1) == [1, 2, 3]


# --- Distances


@pytest.mark.parametrize(
    ("here", "there", "kilometres"),
    [
        ((2.3522, 48.8566), (-0.1276, 51.5072), 343.6),  # Paris, London
        ((2.3522, 48.8566), (-74.0060, 40.7128), 5837.0),  # Paris, New York
        ((151.2093, -33.8688), (-70.6693, -33.4489), 11346.0),  # Sydney, Santiago
        ((0, 0), (180, 0), math.pi * 6371.0088),
        ((0, 90), (0, -90), math.pi * 6371.0088),
        ((179.9, 0), (-179.9, 0), 22.239),
        ((10, 20), (10, 20), 0),
    ],
)
def test_known_distances(
    here: tuple[float, float], there: tuple[float, float], kilometres: float
) -> None:
    assert geo.distance_m(*here, *there) / 1000 == pytest.approx(kilometres, rel=2e-3)


@given(longitudes, latitudes, longitudes, latitudes)
def test_distance_is_symmetric_and_at_most_half_the_globe(
    lon1: float, lat1: float, lon2: float, lat2: float
) -> None:
    found = geo.distance_m(lon1, lat1, lon2, lat2)
    assert 0 <= found <= math.pi * geo.EARTH_RADIUS_M + 1e-6
    assert found == pytest.approx(geo.distance_m(lon2, lat2, lon1, lat1), abs=1e-6)


def destination(lon: float, lat: float, bearing: float, metres: float) -> tuple[float, float]:
    """Where one gets by going straight on for so long."""
    angle, phi, theta = metres / geo.EARTH_RADIUS_M, math.radians(lat), math.radians(bearing)
    sine = math.sin(phi) * math.cos(angle) + math.cos(phi) * math.sin(angle) * math.cos(theta)
    turn = math.atan2(
        math.sin(theta) * math.sin(angle) * math.cos(phi), math.cos(angle) - math.sin(phi) * sine
    )
    there = (lon + math.degrees(turn) + 540) % 360 - 180
    return there, math.degrees(math.asin(max(-1, min(1, sine))))


def in_box(box: geo.Box, lon: float, lat: float, slack: float = 1e-9) -> bool:
    west, south, east, north = box
    between = (
        west - slack <= lon <= east + slack
        if west <= east
        else lon >= west - slack or lon <= east + slack
    )
    return between and south - slack <= lat <= north + slack


@given(longitudes, latitudes, st.floats(0, 3_000_000), st.floats(0, 360), st.floats(0, 1))
@example(179.9999, 45.0, 500.0, 90.0, 1.0)
@example(-179.9999, 45.0, 500.0, 270.0, 1.0)
@example(3.0, 89.9999, 500.0, 90.0, 1.0)
def test_the_box_around_holds_the_circle(
    lon: float, lat: float, radius: float, bearing: float, share: float
) -> None:
    box = geo.bbox_around(lon, lat, radius)
    assert in_box(box, *destination(lon, lat, bearing, radius * share), slack=1e-6)


@given(longitudes, st.floats(-80, 80), st.floats(1, 100_000))
def test_the_box_around_is_no_larger_than_the_circle(lon: float, lat: float, radius: float) -> None:
    west, south, east, north = geo.bbox_around(lon, lat, radius)
    assert geo.distance_m(lon, lat, lon, north) == pytest.approx(radius, rel=1e-4)
    assert geo.distance_m(lon, lat, lon, south) == pytest.approx(radius, rel=1e-4)
    assert geo.distance_m(lon, lat, east, lat) >= radius * 0.999
    assert -180 <= west <= 180
    assert -180 <= east <= 180


@pytest.mark.parametrize("radius", [-1, math.nan, math.inf])
def test_a_radius_that_is_no_distance_is_refused(radius: float) -> None:
    with pytest.raises(Invalid):
        geo.bbox_around(0, 0, radius)


# --- Covers


@st.composite
def boxes(draw: st.DrawFn) -> geo.Box:
    """Of every size, a street as often as a continent; one in several crosses the antimeridian."""
    width, height = (360 * 2 ** -draw(st.floats(0, 30)), 170 * 2 ** -draw(st.floats(0, 30)))
    west, south = draw(longitudes), draw(st.floats(-85, 85))
    east = west + width
    return west, south, east - 360 if east > 180 else east, min(south + height, 90.0)


def within(box: geo.Box, u: float, v: float) -> tuple[float, float]:
    west, south, east, north = box
    lon = west + u * ((east - west) % 360 if west > east else east - west)
    return min(max(lon - 360 if lon > 180 else lon, -180.0), 180.0), min(
        south + v * (north - south), north
    )


@given(boxes(), st.integers(1, 12), st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1))))
@example((-180.0, -90.0, 180.0, 90.0), 8, [(0.5, 0.5)])
@example((179.0, -1.0, -179.0, 1.0), 8, [(0.5, 0.5)])
@example((179.0, -1.0, -179.0, 1.0), 1, [(0.5, 0.5)])
@example((-12.0, 1.0, -12.000000000000002, 90.0), 2, [(0.03, 0.0)])
@example((10.0, 1.0, 9.9, 2.0), 8, [(0.5, 0.5)])
@example((5.0, 43.0, 5.0, 43.0), 8, [])
@example((0.0, 0.0, 0.0, 0.0), 8, [])
@example((-0.001, -0.001, 0.001, 0.001), 3, [(0.1, 0.9)])
def test_a_cover_holds_its_box_in_few_sorted_disjoint_ranges(
    box: geo.Box, most: int, samples: list[tuple[float, float]]
) -> None:
    ranges = geo.cover(*box, max_ranges=most)
    assert 1 <= len(ranges) <= most
    assert all(0 <= low < high <= geo.CELLS for low, high in ranges)
    assert all(high < low for (_, high), (low, _) in pairwise(ranges))
    corners = [(u, v) for u in (0.0, 1.0) for v in (0.0, 1.0)]
    for u, v in samples + corners:
        lon, lat = within(box, u, v)
        if in_box(box, lon, lat, slack=0.0):
            cell = geo.encode(lon, lat)
            assert any(low <= cell < high for low, high in ranges)


@given(boxes())
def test_a_cover_is_not_much_larger_than_its_box(box: geo.Box) -> None:
    west, south, east, north = box
    assume(west < east and north < EDGE)
    x0, y0 = geo.tile_of(geo.encode(west, north), 31)
    x1, y1 = geo.tile_of(geo.encode(east, south), 31)
    side = max(x1 - x0, y1 - y0) + 1
    size = sum(high - low for low, high in geo.cover(*box))
    # Thin boxes cost most; with eight ranges the worst is a few squares of their longest side.
    assert size <= 4 * side * side


def test_more_ranges_fit_more_closely() -> None:
    sizes = [
        sum(high - low for low, high in geo.cover(5.2, 43.2, 5.5, 43.4, max_ranges=most))
        for most in (1, 2, 4, 8, 16, 64)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 2 * sizes[-1]


def test_a_tile_is_covered_by_itself() -> None:
    low, high = geo.tile_range(12, 2100, 1500)
    x, y = geo.tile_of(low, 31)
    width = 2**19
    south_east = geo.decode(geo.tile_range(31, x + width - 1, y + width - 1)[0])
    north_west = geo.decode(low)
    found = geo.cover(north_west[0], south_east[1], south_east[0], north_west[1])
    assert found == [(low, high)]


@pytest.mark.parametrize(
    "box", [(0, 2, 1, 1), (0, 0, 181, 1), (math.nan, 0, 1, 1), (0, 0, 1, math.nan)]
)
def test_a_box_that_makes_no_sense_is_refused(box: geo.Box) -> None:
    with pytest.raises(Invalid):
        geo.cover(*box)


def test_a_cover_of_no_range_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        geo.cover(0, 0, 1, 1, max_ranges=0)
