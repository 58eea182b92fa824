"""Expressions as JSON: what is stored in revisions, for ever."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from tests.kernel import trees

from socle.kernel.expressions import MAX_DEPTH, ExpressionError, from_json, parse, to_json, to_text
from socle.kernel.expressions.syntax import Node


@given(trees.nodes)
def test_comes_back_from_json_as_it_was(node: Node) -> None:
    assert from_json(json.loads(json.dumps(to_json(node)))) == node


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (
            "garden == true and household_size >= 3",
            [
                "and",
                ["==", ["name", "garden"], ["boolean", True]],
                [">=", ["name", "household_size"], ["number", "3"]],
            ],
        ),
        (
            "not (applicant.kind in ['a'] or d < date('2026-01-31'))",
            [
                "not",
                [
                    "or",
                    ["in", ["name", "applicant.kind"], ["list", ["text", "a"]]],
                    ["<", ["name", "d"], ["date", "2026-01-31"]],
                ],
            ],
        ),
        ("-1.50 is known", ["is known", ["negate", ["number", "1.50"]]]),
        (
            "max(1, n) - length(t)",
            [
                "-",
                ["call", "max", ["number", "1"], ["name", "n"]],
                ["call", "length", ["name", "t"]],
            ],
        ),
        ("today()", ["call", "today"]),
        ("x is not empty", ["not", ["is empty", ["name", "x"]]]),
        ("x not in y", ["not in", ["name", "x"], ["name", "y"]]),
    ],
)
def test_the_stored_form_does_not_move(text: str, tree: list[Any]) -> None:
    assert to_json(parse(text)) == tree
    assert from_json(tree) == parse(text)


def deep(levels: int) -> list[Any]:
    tree: list[Any] = ["name", "a"]
    for _ in range(levels - 1):
        tree = ["not", tree]
    return tree


@pytest.mark.parametrize(
    "tree",
    [
        None,
        "name",
        3,
        {},
        [],
        ["name"],
        ["name", "a", "b"],
        ["name", "a b"],
        ["name", "__class__()"],
        ["name", 3],
        [["name"], "a"],
        ["boolean", 1],
        ["boolean", "true"],
        ["text", 3],
        ["text", "a", "b"],
        ["number", 3],
        ["number", "-3"],
        ["number", "1e9"],
        ["number", "1" * 19],
        ["number", "٣"],
        ["date", "2026-02-30"],
        ["date", "hier"],
        ["not", ["name", "a"], ["name", "b"]],
        ["and", ["name", "a"]],
        ["==", ["name", "a"]],
        ["==", ["name", "a"], "b"],
        ["call", "eval", ["text", "1"]],
        ["call", "length"],
        ["call", "today", ["name", "a"]],
        ["call", ["length"], ["name", "a"]],
        ["list"],
        ["lambda", ["name", "a"]],
        deep(MAX_DEPTH + 1),
        deep(500),
    ],
)
def test_refuses_what_is_not_an_expression(tree: object) -> None:
    with pytest.raises(ExpressionError, match="lisible"):
        from_json(tree)


def test_reads_the_deepest_tree() -> None:
    assert to_json(from_json(deep(MAX_DEPTH))) == deep(MAX_DEPTH)


@pytest.mark.parametrize(
    "text",
    [
        "garden == true and household_size >= 3",
        "not (a or b) and c is not empty",
        "a - (b - c) * -2 / (d + 1.50)",
        'lower(kind) in ["a", "b\\"c"] or tags not in [date("2026-01-31")]',
        "(a == b) == (c is known)",
    ],
)
def test_is_written_without_needless_parentheses(text: str) -> None:
    assert to_text(parse(text)) == text
