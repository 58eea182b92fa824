"""The scanner agrees with tomllib on what is where."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.foundations.packs.toml_writer import documents

from socle.foundations.packs.toml_positions import marks, string_offsets, unclosed


def paths(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from paths(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from paths(each, (*path, index))


@given(documents())
def test_every_path_of_tomllib_is_placed_on_its_own_value(text: str) -> None:
    values = dict(paths(tomllib.loads(text)))
    found = marks(text)
    assert set(found) == set(values)
    for path, value in values.items():
        mark = found[path]
        if not isinstance(value, dict | list):
            written = tomllib.loads("x = " + text[mark.start : mark.end])["x"]
            assert written == value and type(written) is type(value)
        if path and isinstance(path[-1], str):
            named = tomllib.loads(text[mark.key : _key_end(text, mark.key)] + " = 1")
            assert list(named) == [path[-1]]


def _key_end(text: str, start: int) -> int:
    if text[start] in "\"'":
        return string_offsets(text, start)[-1] + 1
    end = start
    while text[end : end + 1].isalnum() or text[end : end + 1] in {"-", "_"}:
        end += 1
    return end


@given(documents())
def test_every_character_of_a_text_has_its_place(text: str) -> None:
    found = marks(text)
    for path, value in paths(tomllib.loads(text)):
        if not isinstance(value, str):
            continue
        offsets = string_offsets(text, found[path].start)
        assert len(offsets) == len(value) + 1
        assert offsets == sorted(set(offsets))
        for char, offset in zip(value, offsets, strict=False):
            assert text[offset] in {char, "\\"}


@given(st.text(st.sampled_from("ab.=[]{}\"'\\ \n#,1"), max_size=40))
def test_a_text_that_tomllib_refuses_never_hangs_the_scanner(text: str) -> None:
    unclosed(text)


@given(st.text(max_size=60))
def test_an_accepted_random_text_is_placed_too(text: str) -> None:
    text = text.replace("\r\n", "\n")
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError):
        return
    assert set(marks(text)) == {path for path, _value in paths(values)}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('a = 1\nb = "open', 10),
        ('b = """open\n\nstill', 4),
        ("b = '''open", 4),
        ("a = [1, [2,", 8),
        ("a = { b = 1", 4),
        ("a = [1]\n", None),
    ],
)
def test_what_is_left_open_is_found_where_it_begins(text: str, at: int | None) -> None:
    assert unclosed(text) == at


def test_elements_of_an_array_of_tables_are_told_apart() -> None:
    text = '[[page]]\nid = "a"\n[[page.field]]\nid = "x"\n[[page]]\n[[page.field]]\nid = "y"\n'
    found = marks(text)
    assert text[found["page", 0, "field", 0, "id"].start :].startswith('"x"')
    assert text[found["page", 1, "field", 0, "id"].start :].startswith('"y"')
    assert text[found["page", 1].start :].startswith('[[page]]\n[[page.field]]\nid = "y"')
