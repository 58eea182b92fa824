"""Colours of an organisation: validation, derived shades, contrast, and the stylesheet that
overrides the defaults.

A pack names a few colours (``{"primary": "#7a1f3d", "sun": "#e0a100"}``); what it does not name is
derived from those or
kept. Contrast is computed as WCAG 2.2 defines it (relative luminance, success criterion 1.4.3;
1.4.11 for graphics).
"""

from __future__ import annotations

import colorsys
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
DARK_PREFIX = "dark-"
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


class BrandError(ValueError):
    """A brand token that cannot be used; ``token`` says which."""

    def __init__(self, token: str, message: str) -> None:
        self.token = token
        super().__init__(f"{token}: {message}")


@dataclass(frozen=True)
class Pair:
    """A text (or graphic) colour used on a background, and the least contrast it must have."""

    text: str
    background: str
    use: str
    minimum: float


@dataclass(frozen=True)
class Contrast:
    """A pair measured in one theme."""

    pair: Pair
    theme: Theme
    ratio: float

    @property
    def passes(self) -> bool:
        return self.ratio >= self.pair.minimum


@cache
def _source() -> dict[str, Any]:
    source: dict[str, Any] = json.loads((Path(__file__).parent / "tokens.json").read_text("utf-8"))
    return source


@cache
def groups() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Groups of tokens in the order of the style page: (title, names)."""
    return tuple((group["title"], tuple(group["tokens"])) for group in _source()["groups"])


@cache
def defaults(theme: Theme) -> Mapping[str, str]:
    """Default value of every token in a theme. Do not modify the answer."""
    index = THEMES.index(theme)
    return {
        name: values[index]
        for group in _source()["groups"]
        for name, values in group["tokens"].items()
    }


pairs: list[Pair] = [Pair(*entry) for entry in _source()["pairs"]]
"""Every text/background pair the components use, with its WCAG AA minimum."""


def parse(color: str) -> tuple[int, int, int]:
    """``#rgb`` or ``#rrggbb`` → (red, green, blue) of 0–255; raises ``ValueError`` otherwise."""
    if not isinstance(color, str) or not _HEX.fullmatch(color):
        raise ValueError("expected a hexadecimal colour such as #0b5cad")
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def luminance(color: str) -> float:
    """Relative luminance, 0 (black) to 1 (white), WCAG 2.2."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (v / 255 for v in parse(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_ratio(fg: str, bg: str) -> float:
    """Contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(fg), luminance(bg)))
    return (high + 0.05) / (low + 0.05)


def mix(color: str, other: str, share: float) -> str:
    """``share`` (0–1) of ``other`` blended into ``color``."""
    blended = (round(a + (b - a) * share) for a, b in zip(parse(color), parse(other), strict=True))
    return "#" + "".join(f"{value:02x}" for value in blended)


def _lightness(color: str, towards: float, share: float) -> str:
    """The same hue and saturation, its lightness moved by ``share`` (0–1) towards 0 or 1."""
    hue, light, saturation = colorsys.rgb_to_hls(*(value / 255 for value in parse(color)))
    channels = colorsys.hls_to_rgb(hue, light + (towards - light) * share, saturation)
    return "#" + "".join(f"{round(value * 255):02x}" for value in channels)


def legible(color: str, *backgrounds: str, minimum: float = 4.6) -> str:
    """The nearest shade of ``color``, darker or lighter, that reaches ``minimum`` contrast on every
    background.
    """
    towards = 0.0 if luminance(backgrounds[0]) > 0.18 else 1.0
    for step in range(51):
        shade = _lightness(color, towards, step / 50)
        if all(contrast_ratio(shade, background) >= minimum for background in backgrounds):
            return shade
    return "#ffffff" if towards else "#000000"


def _readable_on(color: str, light: str, dark: str) -> str:
    return light if contrast_ratio(light, color) >= contrast_ratio(dark, color) else dark


def _derive(given: dict[str, str], theme: Theme) -> dict[str, str]:
    """Complete the shades that follow from a given colour, so that naming one colour is enough."""
    base = {**defaults(theme), **given}
    dark = theme == "dark"
    surface = base["surface"]
    grounds = [base[name] for name in ("sunken", "bg", "surface", "raised")]
    made: dict[str, str] = {}

    def shades(name: str, soft: float) -> tuple[str, str]:
        tint = mix(surface, given[name], soft)
        return tint, legible(given[name], tint, *grounds)

    if "primary" in given:
        color = given["primary"]
        made["on-primary"] = _readable_on(color, "#ffffff", "#06172b")
        made["primary-strong"] = mix(
            color, "#ffffff" if made["on-primary"] != "#ffffff" else "#000000", 0.25
        )
        made["primary-soft"], made["primary-text"] = shades("primary", 0.16 if dark else 0.12)
        made["link"] = legible(color, made["primary-soft"], base["sky"], *grounds)
        made["focus"] = base["focus"] if dark else legible(color, *grounds, minimum=3.1)
        for meaning in ("soft", "text"):
            made[f"info-{meaning}"] = made[f"primary-{meaning}"]
    if "sun" in given:
        made["on-sun"] = _readable_on(given["sun"], "#ffffff", "#1d1400" if dark else base["deep"])
        made["sun-soft"], made["sun-text"] = shades("sun", 0.16)
        made["deep-accent"] = legible(given["sun"], base["deep-raised"], base["deep"])
    if "calanque" in given:
        made["calanque-soft"], made["calanque-text"] = shades("calanque", 0.16 if dark else 0.13)
        for meaning in ("soft", "text"):
            made[f"progress-{meaning}"] = made[f"calanque-{meaning}"]
    if "deep" in given:
        made["deep-raised"] = mix(given["deep"], "#ffffff", 0.08)
        made["deep-line"] = mix(given["deep"], "#ffffff", 0.18)
        made["deep-text"] = legible("#e8f0fa", made["deep-raised"])
        made["deep-muted"] = legible(
            mix(made["deep-text"], given["deep"], 0.25), made["deep-raised"]
        )
    return {**made, **given}


def validated(tokens: Mapping[str, str]) -> dict[Theme, dict[str, str]]:
    """Tokens of a pack split by theme and normalised to ``#rrggbb``.

    A plain name sets the light theme, ``dark-<name>`` the dark one. Raises :class:`BrandError` on
    an unknown name or a value
    that is not a hexadecimal colour: nothing else may reach the stylesheet.
    """
    known = defaults("light")
    split: dict[Theme, dict[str, str]] = {"light": {}, "dark": {}}
    for token, value in tokens.items():
        theme: Theme = "dark" if token.startswith(DARK_PREFIX) else "light"
        name = token.removeprefix(DARK_PREFIX)
        if name not in known:
            raise BrandError(token, "unknown colour token")
        try:
            red, green, blue = parse(value)
        except ValueError as error:
            raise BrandError(token, str(error)) from None
        split[theme][name] = f"#{red:02x}{green:02x}{blue:02x}"
    for seed in ("primary", "sun", "calanque"):
        if seed in split["light"] and seed not in split["dark"]:
            split["dark"][seed] = legible(
                split["light"][seed], defaults("dark")["raised"], minimum=7.0
            )
    return split


def palette(tokens: Mapping[str, str], theme: Theme) -> dict[str, str]:
    """Every token of a theme once the pack's own are applied and their shades derived."""
    return {**defaults(theme), **_derive(validated(tokens)[theme], theme)}


def contrasts(tokens: Mapping[str, str] | None = None) -> list[Contrast]:
    """All pairs measured in both themes, with the pack's tokens when given."""
    found: list[Contrast] = []
    for theme in THEMES:
        colors = palette(tokens or {}, theme)
        found += [
            Contrast(pair, theme, contrast_ratio(colors[pair.text], colors[pair.background]))
            for pair in pairs
        ]
    return found


def failures(tokens: Mapping[str, str]) -> list[Contrast]:
    """Pairs that a pack's colours bring below WCAG AA; empty when the brand may be used."""
    return [contrast for contrast in contrasts(tokens) if not contrast.passes]


def stylesheet(tokens: dict[str, str]) -> str:
    """CSS overriding the default colours, in the ``tokens`` cascade layer; empty text for no token.

    Raises :class:`BrandError` on a bad name or value. Contrast is the caller's decision: see
    :func:`failures`.
    """
    if not tokens:
        return ""
    split = validated(tokens)
    blocks: list[str] = []
    for theme in THEMES:
        colors = _derive(split[theme], theme)
        if not colors:
            continue
        body = ";".join(f"--{name}:{value}" for name, value in sorted(colors.items()))
        # Each block is at least as strong as the default it replaces, and no stronger than the
        # other theme's.
        if theme == "light":
            blocks.append(f':root:not([data-theme="dark"]),[data-theme="light"]{{{body}}}')
        else:
            blocks.append(f'@media screen{{[data-theme="dark"]{{{body}}}}}')
            auto = ':root:not([data-theme="light"]):not([data-theme="dark"])'
            blocks.append(f"@media screen and (prefers-color-scheme:dark){{{auto}{{{body}}}}}")
    return "@layer tokens{" + "".join(blocks) + "}\n"
