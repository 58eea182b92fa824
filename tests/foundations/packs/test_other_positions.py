"""CSV and JSON: every cell and every value has its place."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.foundations.packs import csv_reading, json_positions

CELLS = st.text(st.sampled_from("ab ,;\"\n'é|"), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6), st.sampled_from(",;"))
def test_csv_is_read_as_the_standard_library_reads_it(
    rows: list[list[str]], delimiter: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    found = list(csv_reading.records(text.getvalue(), delimiter))
    assert [[cell.text for cell in row] for row in found] == rows
    for row in found:
        for cell in row:
            assert text.getvalue()[cell.offset :].lstrip('"')[: len(cell.text)][:1] in {
                cell.text.lstrip('"')[:1], '"', delimiter, "\n", "",
            }  # fmt: skip


def test_blank_lines_and_a_missing_last_newline_are_accepted() -> None:
    rows = list(csv_reading.records('a,b\n\n"1 ""x""\n2",3', ","))
    assert [[cell.text for cell in row] for row in rows] == [["a", "b"], ['1 "x"\n2', "3"]]
    assert rows[1][1].offset == 17


def test_an_unclosed_quote_says_where_it_opens() -> None:
    with pytest.raises(csv_reading.UnclosedQuote) as caught:
        list(csv_reading.records('a,b\n1,"2\n3', ","))
    assert caught.value.offset == 6


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    yield path, value
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, each in inner:
        yield from _paths(each, (*path, key))


@given(JSON, st.sampled_from([None, 1, 4]))
def test_every_json_value_is_placed_on_its_own_text(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    found = json_positions.marks(text)
    values = dict(_paths(value))
    assert set(found) == set(values)
    for path, each in values.items():
        mark = found[path]
        assert json.loads(text[mark.start : mark.end]) == each
        if path and isinstance(path[-1], str):
            assert text[mark.key :].startswith(json.dumps(path[-1], ensure_ascii=False))


def test_a_depth_spares_the_coordinates_of_a_map() -> None:
    assert set(json_positions.marks('{"a": [[1, 2]]}', depth=1)) == {(), ("a",)}


def test_a_member_written_twice_is_refused() -> None:
    with pytest.raises(json_positions.DuplicateKey) as caught:
        json_positions.marks('{"a": 1, "a": 2}')
    assert caught.value.offset == 9
