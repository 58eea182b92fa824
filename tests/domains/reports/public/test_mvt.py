"""Tiles of our own encoder, read by somebody else's decoder."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.domains.reports.public import mvt, tiles
from socle.kernel import geo

texts = st.text(min_size=1, max_size=12)
point = st.tuples(
    st.integers(0, 2**53), st.integers(-4096, 8191), st.integers(-4096, 8191), texts,
    st.integers(0, 2**40),
)  # fmt: skip


@given(st.lists(point, min_size=1, max_size=300))
def test_what_is_written_is_what_is_read(points: list[tuple[int, int, int, str, int]]) -> None:
    ids, x, y, words, numbers = zip(*points, strict=True)
    known = list(dict.fromkeys(words))
    content = mvt.layer(
        "things",
        np.array(ids, np.int64),
        np.array(x, np.int64),
        np.array(y, np.int64),
        [
            mvt.Column("word", np.array([known.index(each) for each in words], np.int64), known),
            mvt.Column("number", np.array(numbers, np.int64)),
        ],
    )
    read = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})
    assert list(read) == ["things"]
    assert read["things"]["extent"] == 4096
    assert [
        (each["id"], *each["geometry"]["coordinates"], *each["properties"].values())
        for each in read["things"]["features"]
    ] == list(zip(ids, x, y, words, numbers, strict=True))


def test_no_point_makes_no_layer() -> None:
    nothing = np.array([], np.int64)
    assert mvt.layer("things", nothing, nothing, nothing, []) == b""


@given(
    st.lists(st.tuples(st.floats(-179.9, 179.9), st.floats(-85, 85)), min_size=1, max_size=50),
    st.integers(0, 16),
)
def test_cells_tell_where_a_point_lies_in_its_tile(
    places: list[tuple[float, float]], zoom: int
) -> None:
    cells = [geo.encode(*place) for place in places]
    across, down = tiles.positions(np.array(cells, np.int64), zoom)
    for cell, x, y in zip(cells, across.tolist(), down.tolist(), strict=True):
        tile = geo.tile_of(cell, zoom)
        finer = geo.tile_of(cell, zoom + 12)
        assert (x, y) == (finer[0] - (tile[0] << 12), finer[1] - (tile[1] << 12))


@pytest.mark.parametrize("count", [127, 128, 129, 20_000])
def test_many_values_are_numbered_right(count: int) -> None:
    numbers = np.arange(count, dtype=np.int64)
    content = mvt.layer(
        "things", numbers, numbers % 4096, numbers % 4096, [mvt.Column("number", numbers)]
    )
    read = mapbox_vector_tile.decode(content)["things"]["features"]
    assert [each["properties"]["number"] for each in read] == list(range(count))
