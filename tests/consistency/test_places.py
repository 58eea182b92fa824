"""The code knows no city: names of places and packs live in ``packs/`` only."""

from __future__ import annotations

import csv
import json
import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.consistency.house import ROOT, SRC, nothing

_TEXT = {
    ".py",
    ".html",
    ".txt",
    ".css",
    ".ts",
    ".mjs",
    ".json",
    ".toml",
    ".md",
    ".po",
    ".svg",
    ".typ",
}
SHORTEST = 5
# Names of communes that are also words of the language or of the trade. Lower case, no accent.
# An entry is a concession: it lets the commune of that name be mentioned in the code.
WORDS: frozenset[str] = frozenset()


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@cache
def _names() -> frozenset[str]:
    """Names of every pack, of its areas and of its organisations; each word of the pack's id."""
    names: set[str] = set()
    for declaration in (ROOT / "packs").glob("*/pack.toml"):
        names.add(declaration.parent.name)
        names.update(declaration.parent.name.split("-"))
        content = tomllib.loads(declaration.read_text(encoding="utf-8"))
        names.add(str(content.get("id", "")))
        for path in declaration.parent.rglob("*"):
            if "territor" in str(path) or "commune" in path.name or "area" in path.name:
                names.update(_names_in(path))
    plain = {_plain(name) for name in names}
    long = {name for name in plain if len(name.replace("-", "").replace(" ", "")) >= SHORTEST}
    return frozenset(long - WORDS)


def _names_in(path: Path) -> set[str]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return {
                value
                for row in csv.DictReader(stream)
                for column, value in row.items()
                if column in {"name", "nom", "label"} and value
            }
    if path.suffix in {".json", ".geojson"}:
        return _named(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".toml":
        return _named(tomllib.loads(path.read_text(encoding="utf-8")))
    return set()


def _named(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {str(value[key]) for key in ("name", "nom") if isinstance(value.get(key), str)}
        return own.union(*(_named(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(_named(inner) for inner in value))
    return set()


@cache
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    alternatives = "|".join(
        re.escape(name).replace(r"\-", r"[-_ ]").replace(r"\ ", r"[-_ ]") for name in sorted(names)
    )
    return re.compile(rf"(?<![a-z0-9])(?:{alternatives})(?![a-z0-9])")


def _mentions(text: str, names: frozenset[str]) -> list[tuple[int, str]]:
    """(line, name) of every mention."""
    plain = _plain(text)
    found = _pattern(names).finditer(plain)
    return [(plain.count("\n", 0, match.start()) + 1, match[0]) for match in found]


def test_there_are_names_to_look_for() -> None:
    assert len(_names()) > 50


@pytest.mark.parametrize(
    "text",
    ["commune = 'Villeneuve-du-Test'", "def villeneuve_du_test():", "VILLENEUVE DU TEST, été"],
)
def test_a_mention_is_seen_however_it_is_written(text: str) -> None:
    assert _mentions(text, frozenset({"villeneuve-du-test"}))


def test_a_name_inside_another_word_is_no_mention() -> None:
    assert not _mentions("les orgues et organes", frozenset({"orgue", "orgon"}))


def test_the_code_names_no_place() -> None:
    found = []
    for folder in (SRC, ROOT / "frontend" / "src"):
        for path in sorted(folder.rglob("*")):
            if path.suffix not in _TEXT or {"dist", "node_modules"} & set(path.parts):
                continue
            for number, name in _mentions(path.read_text(encoding="utf-8"), _names()):
                found.append(f"{path.relative_to(ROOT)}:{number}: {name}")
    nothing(found)
