"""Parsers' complaints become sentences; none is passed on raw."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core._pydantic_core import list_all_errors

from socle.foundations.packs import sentences
from socle.foundations.packs.document import Document, Key
from socle.foundations.packs.typing_walk import fields_at


@pytest.mark.parametrize("known", list_all_errors(), ids=lambda known: str(known["type"]))
def test_every_kind_of_error_of_pydantic_has_a_sentence(known: dict[str, Any]) -> None:
    error = {
        "type": known["type"],
        "loc": ("field",),
        "input": "x",
        "msg": known["example_message_python"],
        "ctx": known.get("example_context") or {},
    }
    sentence = sentences.of_pydantic(error)
    assert sentence
    assert sentence != error["msg"]
    assert "%(" not in sentence


@pytest.mark.parametrize(
    "text",
    [
        'a = "x',
        "a = [1, 2",
        "a = {b=1",
        "a=1 2",
        "a",
        "[a",
        "[[a]",
        "a=1\na=2",
        "[a]\n[a]",
        "a={}\n[a.b]\n",
        'a = "\\q"',
        'a = """x',
        "a = 'x\n'",
        "a='''",
        "a = 2026-02-31",
        "a = é",
        'a="\\ud800"',
        'a="\\u12"',
        "=1",
        "a={b=1,b=2}",
        "a=[]\n[[a]]",
        "a=[1 2]",
        'x = "\\',
        'a = "\x01"',
        "a = 1\n[a]",
        '"a',
        "a.b=1\na.b.c=2",
    ],
)
def test_every_syntax_error_of_toml_has_its_own_sentence(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    message, line, _column = sentences.of_toml(caught.value)
    assert message != "Ce n’est pas du TOML correct."
    assert 0 <= line <= text.count("\n") + 1


class Leaf(Document):
    id: Key
    label: str = ""


class Branch(Document):
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    by_name: dict[str, Leaf] = {}


@pytest.mark.parametrize(
    ("location", "names"),
    [
        ((), {"leaf", "leaves", "by_name"}),
        (("leaf",), {"id", "label"}),
        (("leaves", 3), {"id", "label"}),
        (("by_name", "a"), {"id", "label"}),
        (("leaf", "Leaf"), {"id", "label"}),
    ],
)
def test_the_fields_of_a_place_are_known(location: tuple[str | int, ...], names: set[str]) -> None:
    assert fields_at(Branch, location) == names


def test_a_rooms_own_sentence_is_passed_on() -> None:
    error = {"type": "value_error", "loc": ("a",), "input": 1, "ctx": {"error": ValueError("Dit.")}}
    assert sentences.of_pydantic(error) == "Dit."


def test_a_long_value_is_cut() -> None:
    with pytest.raises(ValidationError) as caught:
        Leaf.model_validate_json('{"id": "' + "É" * 70 + '"}', strict=True)
    assert "…" in sentences.of_pydantic(caught.value.errors()[0])
