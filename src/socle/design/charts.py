"""Geometry of the small server-drawn charts: numbers in, SVG coordinates out. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def _read(row: Any, name: str, default: Any = None) -> Any:
    return row.get(name, default) if isinstance(row, Mapping) else getattr(row, name, default)


@dataclass(frozen=True)
class Bar:
    """A horizontal bar; ``share`` is its length in percent of the longest."""

    label: Any
    value: float
    share: float
    href: str | None
    tone: str


def bars(rows: Iterable[Any], maximum: float | None = None) -> list[Bar]:
    """Bars of ``{label, value, href?, tone?}`` rows, scaled to ``maximum`` or to the greatest
    value.
    """
    rows = list(rows)
    top = maximum or max((_read(row, "value") for row in rows), default=0) or 1
    return [
        Bar(
            _read(row, "label"),
            _read(row, "value"),
            round(100 * min(_read(row, "value") / top, 1), 2),
            _read(row, "href"),
            _read(row, "tone") or "info",
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Column:
    """A vertical bar in a 480 × 200 drawing."""

    label: Any
    value: float
    x: float
    y: float
    width: float
    height: float
    middle: float
    shown: bool


@dataclass(frozen=True)
class Columns:
    """A column chart: bars and the horizontal guides with their values."""

    items: list[Column]
    guides: list[tuple[float, float]]


WIDTH, HEIGHT, LEFT, BASE = 480, 200, 44, 172


def nice_top(value: float) -> float:
    """Round maximum for an axis: 1, 2, 2.5 or 5 times a power of ten, at least ``value``."""
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(float(step * power) for step in (1, 2, 2.5, 5, 10) if step * power >= value)


def columns(rows: Iterable[Any]) -> Columns:
    """Columns of ``{label, value}`` rows; at most about twelve labels are shown so that they do not
    collide.
    """
    rows = list(rows)
    top = nice_top(max((_read(row, "value") for row in rows), default=0))
    slot = (WIDTH - LEFT) / max(len(rows), 1)
    every = max(1, math.ceil(len(rows) / 12))
    items = []
    for index, row in enumerate(rows):
        height = (BASE - 12) * _read(row, "value") / top
        width = min(slot * 0.68, 44)
        middle = LEFT + slot * (index + 0.5)
        items.append(
            Column(
                _read(row, "label"),
                _read(row, "value"),
                round(middle - width / 2, 1),
                round(BASE - height, 1),
                round(width, 1),
                round(height, 1),
                round(middle, 1),
                index % every == 0,
            )
        )
    guides = [(top * part / 2, round(BASE - (BASE - 12) * part / 2, 1)) for part in (0, 1, 2)]
    return Columns(items, guides)


def sparkline(values: Sequence[float], width: int = 120, height: int = 32) -> str:
    """Points of a polyline for a small trend line; empty for fewer than two values."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = (width - 4) / (len(values) - 1)
    return " ".join(
        f"{2 + index * step:.1f},{height - 3 - (value - low) / span * (height - 6):.1f}"
        for index, value in enumerate(values)
    )
