"""Seeded random expressions, as JSON trees, mostly meaningful: what a differential test needs."""

from __future__ import annotations

import random
from typing import Any

NUMBERS = ["0", "1", "2", "3", "0.5", "1.25", "10", "0.0000000003", "999999999999999999"]
TEXTS = ["", "a", "b", "A", "été", "🌞", "2026-01-31"]
DATES = ["2026-01-31", "2026-03-01", "2024-02-29", "1990-07-14"]


def random_tree(rng: random.Random, depth: int = 4, kind: str = "") -> list[Any]:
    """A tree of the wanted kind, or once in a while of another one."""
    kind = kind if kind and rng.random() < 0.95 else rng.choice(list(_MAKERS))
    return _MAKERS[kind](rng, depth - 1)


def random_values(rng: random.Random) -> dict[str, Any]:
    return {
        "n": rng.choice([None, 0, 1, 2, 3, 0.1, -2.5, 1e-11, 1e17, True, "3"]),
        "m": rng.choice([None, 1, 2, 7, 12.34, -1]),
        "garden": rng.choice([None, True, False]),
        "kind": rng.choice([None, "a", "b", "", 3]),
        "d": rng.choice([None, *DATES, "hier"]),
        "tags": rng.choice([None, [], ["a"], ["a", "b", None], [1, 2.5], ["2026-01-31"]]),
        "applicant": rng.choice([None, {}, {"kind": "a"}]),
    }


def _number(rng: random.Random, depth: int) -> list[Any]:
    if depth <= 0 or rng.random() < 0.3:
        return rng.choice([["number", rng.choice(NUMBERS)], ["name", "n"], ["name", "m"]])
    if rng.random() < 0.25:
        return rng.choice(
            [
                ["call", "length", random_tree(rng, depth, rng.choice(["text", "list"]))],
                ["call", "years_since", random_tree(rng, depth, "date")],
                ["negate", random_tree(rng, depth, "number")],
            ]
        )
    if rng.random() < 0.2:
        items = [random_tree(rng, depth, "number") for _ in range(rng.randint(1, 3))]
        return ["call", rng.choice(["min", "max"]), *items]
    return [
        rng.choice("+-*/"),
        random_tree(rng, depth, "number"),
        random_tree(rng, depth, "number"),
    ]


def _date(rng: random.Random, depth: int) -> list[Any]:
    if depth <= 0 or rng.random() < 0.5:
        return rng.choice([["date", rng.choice(DATES)], ["name", "d"], ["call", "today"]])
    if rng.random() < 0.3:
        items = [random_tree(rng, depth, "date") for _ in range(2)]
        return ["call", rng.choice(["min", "max"]), *items]
    return [rng.choice("+-"), random_tree(rng, depth, "date"), random_tree(rng, depth, "number")]


def _text(rng: random.Random, depth: int) -> list[Any]:
    if depth > 0 and rng.random() < 0.2:
        return ["call", "lower", random_tree(rng, depth, "text")]
    return rng.choice([["text", rng.choice(TEXTS)], ["name", "kind"], ["name", "applicant.kind"]])


def _list(rng: random.Random, depth: int) -> list[Any]:
    if rng.random() < 0.5:
        return ["name", "tags"]
    kind = rng.choice(["number", "text", "date"])
    return ["list", *(random_tree(rng, depth, kind) for _ in range(rng.randint(1, 3)))]


def _boolean(rng: random.Random, depth: int) -> list[Any]:
    if depth <= 0:
        return rng.choice([["boolean", rng.random() < 0.5], ["name", "garden"]])
    draw = rng.random()
    if draw < 0.3:
        items = [random_tree(rng, depth, "boolean") for _ in range(rng.randint(2, 3))]
        return [rng.choice(["and", "or"]), *items]
    if draw < 0.4:
        return ["not", random_tree(rng, depth, "boolean")]
    if draw < 0.5:
        return [rng.choice(["is empty", "is known"]), random_tree(rng, depth)]
    kind = rng.choice(["number", "text", "date"])
    if draw < 0.7:
        operator = rng.choice(["in", "not in"])
        return [operator, random_tree(rng, depth, kind), random_tree(rng, depth, "list")]
    if draw < 0.8:
        holder = rng.choice(["list", "text"])
        return ["contains", random_tree(rng, depth, holder), random_tree(rng, depth, kind)]
    operator = rng.choice(["==", "!=", "<", "<=", ">", ">="])
    return [operator, random_tree(rng, depth, kind), random_tree(rng, depth, kind)]


_MAKERS = {"boolean": _boolean, "number": _number, "date": _date, "text": _text, "list": _list}
