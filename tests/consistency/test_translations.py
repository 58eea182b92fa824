"""Every French sentence of the interface has its English one, with the same placeholders."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
ENGLISH = ROOT / "src/socle/locale/en/LC_MESSAGES/django.po"
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None, "gettext": None, "gettext_lazy": None, "N_": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
}  # fmt: skip
_PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]+\}")


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(io.StringIO(mapping.read()))
    found = Catalog()
    for _file, _line, message, _comments, _context in extract_from_dir(
        ROOT, methods, options, KEYWORDS
    ):
        found.add(message)
    return found


@pytest.fixture(scope="module")
def english() -> Catalog:
    with ENGLISH.open("rb") as stream:
        return read_po(stream, locale="en")


def _texts(value: str | tuple[str, ...] | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_every_sentence_has_an_english_translation(extracted: Catalog, english: Catalog) -> None:
    missing = []
    for message in extracted:
        if not message.id:
            continue
        known = english.get(message.id)
        if known is None or not all(_texts(known.string)):
            missing.append(_texts(message.id)[0])
    assert missing == []


def test_no_translation_is_left_without_its_sentence(extracted: Catalog, english: Catalog) -> None:
    stale = [
        _texts(message.id)[0]
        for message in english
        if message.id and extracted.get(message.id) is None
    ]
    assert stale == []


def test_translations_keep_the_placeholders(english: Catalog) -> None:
    wrong = []
    for message in english:
        if not message.id:
            continue
        wanted = {each for text in _texts(message.id) for each in _PLACEHOLDER.findall(text)}
        for text in _texts(message.string):
            if not set(_PLACEHOLDER.findall(text)) <= wanted:
                wrong.append(text)
    assert wrong == []


# Addresses shown as examples stay as they are written on the envelope.
_ADDRESSES = {"12 rue des Lavandes, Villeneuve", "1 place du Marché, 00000 Villeneuve"}
_ADDRESSES |= {"Place du Marché"}
_FRENCH = re.compile(
    r"(?i)\b(?:au|aux|avec|ce|cette|dans|de|des|du|en|est|et|la|le|les|mon|ne|nos|notre|par|pas"
    r"|pour|que|qui|sa|sans|ses|son|sur|un|une|vos|votre|vous)\b|\b[cdjlmnst]’"
)


def _left_in_french(messages: Catalog) -> list[str]:
    found = []
    for message in messages:
        same = set(_texts(message.id)) & set(_texts(message.string)) if message.id else set()
        found += [each for each in same - _ADDRESSES if _FRENCH.search(each)]
    return found


def test_no_translation_is_left_in_french(english: Catalog) -> None:
    assert _left_in_french(english) == []


def test_the_search_for_french_finds_it() -> None:
    untranslated = Catalog()
    untranslated.add("au même endroit", "au même endroit")
    untranslated.add("Documents", "Documents")
    assert _left_in_french(untranslated) == ["au même endroit"]
