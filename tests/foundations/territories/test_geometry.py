"""Point in area: borders, holes, islands, slivers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape
from shapely.ops import nearest_points

from socle.foundations.territories import geometry
from socle.foundations.territories.geometry import Index
from socle.kernel.geo import distance_m

CONTOURS = Path(__file__).parents[3] / "packs" / "aix-marseille-provence" / "contours.geojson"


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


SQUARES = Index([("B", polygon(box(0.1, 0, 0.2, 0.1))), ("A", polygon(box(0, 0, 0.1, 0.1)))])


def test_a_point_inside_is_found() -> None:
    assert SQUARES.at(0.05, 0.05) == "A"
    assert SQUARES.at(0.15, 0.05) == "B"


@given(st.floats(0, 0.1))
def test_a_shared_border_belongs_to_one_area_always_the_same(lat: float) -> None:
    assert SQUARES.at(0.1, lat) == "A"
    assert SQUARES.many_at([0.1], [lat]) == ["A"]


def test_the_order_of_the_contours_does_not_matter() -> None:
    turned = Index([("A", polygon(box(0, 0, 0.1, 0.1))), ("B", polygon(box(0.1, 0, 0.2, 0.1)))])
    assert turned.at(0.1, 0.05) == "A"


def test_a_hole_is_not_inside_and_what_fills_it_is_found() -> None:
    ring = polygon(box(0, 0, 0.3, 0.3), box(0.1, 0.1, 0.2, 0.2))
    assert Index([("A", ring)]).at(0.15, 0.15) is None
    filled = Index([("A", ring), ("B", polygon(box(0.1, 0.1, 0.2, 0.2)))])
    assert filled.at(0.15, 0.15) == "B"
    assert filled.at(0.05, 0.15) == "A"


def test_every_island_belongs_to_its_area() -> None:
    islands = {
        "type": "MultiPolygon",
        "coordinates": [[box(0, 0, 0.1, 0.1)], [box(0.5, 0.5, 0.6, 0.6)]],
    }
    index = Index([("A", islands)])
    assert index.at(0.05, 0.05) == index.at(0.55, 0.55) == "A"
    assert index.at(0.3, 0.3) is None


# Two areas whose simplified contours leave a gap 300 m wide between them.
GAP = 300 / 111_195
SLIVER = Index([("A", polygon(box(0, 0, 0.1, 0.1))), ("B", polygon(box(0.1 + GAP, 0, 0.2, 0.1)))])


def test_a_gap_between_neighbours_belongs_to_the_nearest() -> None:
    assert SLIVER.at(0.1 + GAP * 0.2, 0.05) == "A"
    assert SLIVER.at(0.1 + GAP * 0.8, 0.05) == "B"
    assert SLIVER.at(0.1 + GAP * 0.5, 0.05) in {"A", "B"}


@pytest.mark.parametrize(("metres", "expected"), [(150, "A"), (199, "A"), (201, None), (400, None)])
@pytest.mark.parametrize("latitude", [0.05, 43.45, 59.95])
def test_the_outside_begins_two_hundred_metres_away_whatever_the_latitude(
    metres: float, expected: str | None, latitude: float
) -> None:
    index = Index([("A", polygon(box(5, latitude - 0.05, 5.1, latitude + 0.05)))])
    lon = 5.0
    while distance_m(lon, latitude, 5.0, latitude) < metres:
        lon -= 0.000002
    assert index.at(lon, latitude) == expected


@pytest.mark.parametrize(
    "point", [(float("nan"), 0.0), (0.0, float("inf")), (1e308, 1e308), (-180.0, 90.0)]
)
def test_a_place_that_is_nowhere_is_in_no_area(point: tuple[float, float]) -> None:
    assert SQUARES.at(*point) is None


def test_an_empty_index_answers() -> None:
    assert Index([]).at(0, 0) is None
    assert Index([]).many_at([0.0], [0.0]) == [None]


@given(st.lists(st.tuples(st.floats(-0.05, 0.25), st.floats(-0.05, 0.15)), max_size=30))
def test_many_points_at_once_get_the_same_answers(points: list[tuple[float, float]]) -> None:
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    assert SLIVER.many_at(lons, lats) == [SLIVER.at(*point) for point in points]


# --- the contours of the demonstration, which are real ---

REAL = {
    feature["properties"]["code"]: feature["geometry"]
    for feature in json.loads(CONTOURS.read_text("utf-8"))["features"]
}
INDEX = Index(REAL.items())
WHOLE = shapely.union_all([shape(contour) for contour in REAL.values()])


@given(st.floats(4.7, 5.85), st.floats(43.1, 43.8))
def test_real_contours_agree_with_a_plain_search(lon: float, lat: float) -> None:
    found = INDEX.at(lon, lat)
    inside = sorted(
        code for code, contour in REAL.items() if shape(contour).intersects(shapely.Point(lon, lat))
    )
    if inside:
        assert found == inside[0]
    elif found is not None:
        near = nearest_points(shape(REAL[found]), shapely.Point(lon, lat))[0]
        assert distance_m(lon, lat, near.x, near.y) < geometry.TOLERANCE_M * 1.02


def test_the_union_has_no_sliver_and_covers_every_area() -> None:
    whole = shape(geometry.union(REAL.values()))
    assert whole.is_valid
    assert whole.buffer(0.001).covers(WHOLE)
    assert whole.area == pytest.approx(WHOLE.area, rel=0.01)
    assert json.loads(json.dumps(geometry.geojson(whole)))["type"] in {"Polygon", "MultiPolygon"}


@pytest.mark.parametrize(
    ("contour", "reason"),
    [
        (polygon(box(0, 0, 1, 1)), ""),
        (polygon([]), "empty"),
        ({"type": "Point", "coordinates": [0, 0]}, "empty"),
        (polygon(box(650_000, 6_800_000, 650_100, 6_800_100)), "range"),
        (polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]), "crossed"),
        (polygon([[0, 0], [1, 1]]), "shape"),
        ({"type": "Polygon", "coordinates": "no"}, "shape"),
        ({"type": "Polygon", "coordinates": [[["a", "b"]]]}, "shape"),
        ({"type": "Polygon", "coordinates": [1]}, "shape"),
        ({"type": "Circle", "coordinates": []}, "shape"),
    ],
)
def test_a_contour_that_cannot_be_used_says_why(contour: Any, reason: str) -> None:
    assert geometry.why_wrong(contour) == reason


def test_the_middle_of_a_crescent_is_inside_it() -> None:
    crescent = polygon(
        [[0, 0], [3, 0], [3, 3], [0, 3], [0, 2.9], [2.9, 2.9], [2.9, 0.1], [0, 0.1], [0, 0]]
    )
    lon, lat = geometry.middle(crescent)
    assert shape(crescent).contains(shapely.Point(lon, lat))
