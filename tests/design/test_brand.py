"""Colours: every pair of text and background is legible, and a brand can only bring colours."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from socle.design import brand
from socle.foundations import packs

COLOURS = st.builds("#{:02x}{:02x}{:02x}".format, *[st.integers(0, 255)] * 3)


@pytest.mark.parametrize("theme", brand.THEMES)
@pytest.mark.parametrize("pair", brand.pairs, ids=lambda pair: f"{pair.text}-on-{pair.background}")
def test_every_pair_of_the_default_palette_reaches_aa(pair: brand.Pair, theme: brand.Theme) -> None:
    colors = brand.defaults(theme)
    ratio = brand.contrast_ratio(colors[pair.text], colors[pair.background])
    assert ratio >= pair.minimum, f"{pair.use}: {ratio:.2f}"


def test_text_pairs_ask_for_four_and_a_half_and_graphics_for_three() -> None:
    graphics = {pair.text for pair in brand.pairs if pair.minimum < 4.5}
    assert {pair.minimum for pair in brand.pairs} == {4.5, 3.0}
    assert not any(name.endswith("text") or name.startswith("on-") for name in graphics)


def test_contrast_is_that_of_the_standard() -> None:
    assert brand.contrast_ratio("#000", "#fff") == pytest.approx(21)
    assert brand.contrast_ratio("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert brand.contrast_ratio("#0b5cad", "#0b5cad") == 1


@given(COLOURS, COLOURS)
def test_contrast_is_symmetric_and_bounded(one: str, other: str) -> None:
    ratio = brand.contrast_ratio(one, other)
    assert 1 <= ratio <= 21
    assert ratio == brand.contrast_ratio(other, one)


def test_a_weak_pair_is_reported() -> None:
    """The check itself sees a failure: pale yellow is no colour for a button."""
    weak = {
        (contrast.theme, contrast.pair.text) for contrast in brand.failures({"primary": "#fd0"})
    }
    assert ("light", "primary") in weak


@pytest.mark.parametrize("color", ["#7a1f3d", "#2e7d32", "#ff0000", "#00a", "#333", "#5b2a86"])
def test_naming_one_dark_enough_colour_gives_a_whole_legible_palette(color: str) -> None:
    assert brand.failures({"primary": color}) == []


@given(COLOURS)
def test_what_follows_from_a_colour_is_always_legible(color: str) -> None:
    """Only the given colour itself may be too pale; everything derived from it is corrected."""
    for contrast in brand.failures({"primary": color}):
        assert "primary" in (contrast.pair.text, contrast.pair.background)


def test_a_brand_without_tokens_changes_nothing() -> None:
    assert brand.stylesheet({}) == ""


def test_a_brand_overrides_both_themes_in_the_tokens_layer() -> None:
    css = brand.stylesheet({"primary": "#7A1F3D", "dark-primary": "#f0b"})
    assert css.startswith("@layer tokens{") and css.count("{") == css.count("}")
    assert "--primary:#7a1f3d" in css and "--primary:#ff00bb" in css
    assert '[data-theme="dark"]' in css and "prefers-color-scheme:dark" in css


def test_a_light_colour_does_not_leak_into_the_dark_theme() -> None:
    css = brand.stylesheet({"bg": "#fffdf5"})
    assert "--bg:#fffdf5" in css
    selectors = re.findall(r"([^{}]+)\{--bg:#fffdf5", css)
    assert selectors == [':root:not([data-theme="dark"]),[data-theme="light"]']


@pytest.mark.parametrize(
    ("tokens", "token"),
    [
        ({"primary": "red"}, "primary"),
        ({"primary": "#12345"}, "primary"),
        ({"primary": "#fff;} body{display:none"}, "primary"),
        ({"primary": "url(//evil.example)"}, "primary"),
        ({"primary": "#0b5cad\n"}, "primary"),
        ({"nonsense": "#fff"}, "nonsense"),
        ({"primary}body{color": "#fff"}, "primary}body{color"),
        ({"dark-dark-primary": "#fff"}, "dark-dark-primary"),
        ({"primary": None}, "primary"),
        ({"primary": 7}, "primary"),
    ],
)
def test_only_known_names_and_hexadecimal_colours_pass(tokens: Any, token: str) -> None:
    with pytest.raises(brand.BrandError) as refused:
        brand.stylesheet(tokens)
    assert refused.value.token == token


def test_every_pair_names_known_tokens() -> None:
    known = set(brand.defaults("light"))
    assert {name for pair in brand.pairs for name in (pair.text, pair.background)} <= known
    assert set(brand.defaults("dark")) == known


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., list[str]]:
    """Check the small pack with other colours; give what is said of brand.toml."""

    def checked(**replaced: str) -> list[str]:
        shutil.copytree(Path(__file__).parents[1] / "packs/lakeside", tmp_path / "p")
        file = tmp_path / "p/brand/brand.toml"
        text = file.read_text("utf-8")
        for old, new in replaced.items():
            text = text.replace({"primary": "#1b5e4b", "commune": '#7a1f3d"'}[old], new)
        file.write_text(text, "utf-8")
        with translation.override("fr"):
            found = packs.check(tmp_path / "p")
        return [str(each) for each in found if each.file == "brand/brand.toml"]

    return checked


def test_the_check_of_a_pack_measures_its_colours(look: Callable[..., list[str]]) -> None:
    assert look() == []


def test_a_colour_too_pale_is_said_on_its_line(look: Callable[..., list[str]]) -> None:
    [first, *_others] = look(commune='#7a1f3d"\non-primary = "#8a2f4d"')
    assert first.startswith("brand/brand.toml:8:")
    assert "« on-primary » et « primary »" in first
    assert "il faut 4.5" in first


def test_an_unknown_colour_is_said_with_the_likely_one(look: Callable[..., list[str]]) -> None:
    [only] = look(commune='#7a1f3d"\nprimry = "#7a1f3d"')
    assert only.startswith("brand/brand.toml:8:")
    assert "« primary »" in only
