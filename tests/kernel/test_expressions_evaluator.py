"""What expressions are worth. The bulk is in expression_vectors.json, shared with the browser."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.kernel import trees

from socle.kernel.expressions import evaluate, holds, parse
from socle.kernel.expressions.syntax import Node

VECTORS = json.loads(Path(__file__).with_name("expression_vectors.json").read_text("utf-8"))
CASES = [
    pytest.param(*case, id=f"{group}: {case[0]} {json.dumps(case[1], ensure_ascii=True)}")
    for group, cases in VECTORS["groups"].items()
    for case in cases
]
TODAY = date.fromisoformat(VECTORS["today"])


def as_json(value: Any) -> Any:
    """A result as JSON would hold it."""
    if isinstance(value, list):
        return [as_json(each) for each in value]
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize(("text", "values", "expected"), CASES)
def test_gives_the_shared_result(text: str, values: dict[str, Any], expected: Any) -> None:
    found = as_json(evaluate(parse(text), values, TODAY))
    assert (type(found) is bool, found) == (type(expected) is bool, expected)


def test_dates_and_decimals_are_python_s_own() -> None:
    values = {"d": date(2026, 1, 31), "price": Decimal("10.50"), "n": 3}
    assert evaluate(parse("d + 1"), values) == date(2026, 2, 1)
    assert evaluate(parse("min(d, date('2025-01-01'))"), values) == date(2025, 1, 1)
    assert evaluate(parse("price"), values) == Decimal("10.5")
    assert type(evaluate(parse("n + 1"), values)) is int
    assert type(evaluate(parse("n / 1"), values)) is Decimal
    assert str(evaluate(parse("100 / 1"), values)) == "100"
    assert evaluate(parse("'2026' in [d] or d contains '2026'"), values) is True


@pytest.mark.parametrize("text", ["Infinity", "NaN", "1e400", "-1e18"])
def test_numbers_without_a_sensible_value_are_missing(text: str) -> None:
    assert evaluate(parse("n"), {"n": Decimal(text)}) is None
    assert evaluate(parse("n"), {"n": float(text)}) is None


def test_huge_integers_do_not_take_time() -> None:
    text = "n" + " * n" * 50
    assert evaluate(parse(text), {"n": 10**4000}) is None


def test_the_caller_s_decimal_context_does_not_matter() -> None:
    with localcontext(prec=3):
        assert evaluate(parse("1 / 3 + 1000"), {}) == Decimal("1000.3333333333")


def test_today_must_be_given_when_it_is_needed() -> None:
    with pytest.raises(ValueError, match="today"):
        evaluate(parse("d < today()"), {"d": "2026-01-01"})
    assert evaluate(parse("d is known"), {"d": "2026-01-01"}) is True


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), object(), {1}, {"a": 1}])
def test_an_answer_of_a_foreign_type_is_a_programming_error(value: object) -> None:
    with pytest.raises(TypeError):
        evaluate(parse("x is known"), {"x": value})


def test_attributes_of_objects_are_out_of_reach() -> None:
    class Person:
        kind = "secret"

    assert evaluate(parse("applicant.kind"), {"applicant": Person()}) is None
    assert evaluate(parse("a.__class__"), {"a": "text"}) is None


def test_a_condition_with_a_missing_answer_does_not_hold() -> None:
    node = parse("garden and household_size >= 3")
    assert evaluate(node, {"household_size": 3}) is None
    assert holds(node, {"household_size": 3}) is False
    assert holds(node, {"household_size": 3, "garden": True}) is True


@given(trees.nodes, trees.values)
def test_never_fails_whatever_the_answers(node: Node, values: dict[str, Any]) -> None:
    evaluate(node, values, TODAY)


@given(trees.answers)
def test_comparing_with_a_missing_answer_is_false(answer: Any) -> None:
    for operator in ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "contains"):
        assert evaluate(parse(f"missing {operator} x"), {"x": answer}) is False
        assert evaluate(parse(f"x {operator} missing"), {"x": answer}) is False
