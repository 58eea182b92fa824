"""The value of an expression, given the answers.

``frontend/src/lib/expressions.ts`` follows these functions one by one; change both together, and
``tests/kernel/expression_vectors.json`` with them. Numbers are exact: integers, and decimals to
ten places, rounded half away from zero; 10¹⁸ and beyond counts as missing. Dates given as ISO
8601 texts behave as dates, for that is what JSON holds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from operator import ge, gt, le, lt
from typing import Any, TypeGuard

from .syntax import (
    ARITHMETIC,
    EQUALITY,
    ORDER,
    Binary,
    Call,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Unary,
)

_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_STEP = Decimal("1e-10")
_LIMIT = 10**18
_MAX_DAYS = 4_000_000
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: ``None`` is a missing answer.
Value = bool | int | Decimal | str | date | tuple["Value", ...] | None
Number = int | Decimal


def evaluate(node: Node, values: Mapping[str, Any], today: date | None = None) -> Any:
    """A ``bool``, ``int``, ``Decimal``, ``str``, ``date`` or ``list``; ``None`` when it is missing.

    ``values``: answers by name; a dotted name is looked for as it is, then through nested mappings.
    ``today``: what ``today()`` gives, never the clock. Raises ``ValueError`` when ``today`` is
    needed and not given, ``TypeError`` for an answer of a type the language does not have; both
    are programming errors.
    """
    return _result(_Evaluation(values, today).of(node))


def holds(node: Node, values: Mapping[str, Any], today: date | None = None) -> bool:
    """Whether a condition is met; one that comes out missing is not."""
    return evaluate(node, values, today) is True


class _Evaluation:
    def __init__(self, values: Mapping[str, Any], today: date | None) -> None:
        self.values = values
        self.today = today

    def of(self, node: Node) -> Value:
        match node:
            case Name():
                return _value(_look_up(self.values, node.name))
            case Literal():
                return node.value
            case Logic():
                return self.logic(node)
            case Binary():
                return _binary(node.operator, self.of(node.left), self.of(node.right))
            case Unary():
                return _unary(node.operator, self.of(node.operand))
            case Items():
                return tuple(self.of(item) for item in node.items)
            case Call():
                return self.call(node)

    def logic(self, node: Logic) -> bool | None:
        """Kleene's: one false decides an ``and``, one true an ``or``, whatever is missing."""
        decisive = node.operator == "or"
        missing = False
        for operand in node.operands:
            value = self.of(operand)
            if value is decisive:
                return decisive
            missing = missing or value is not (not decisive)
        return None if missing else not decisive

    def call(self, node: Call) -> Value:
        arguments = [self.of(argument) for argument in node.arguments]
        match node.function:
            case "today":
                return self.require_today()
            case "years_since":
                since = _date(arguments[0])
                return None if since is None else _years(since, self.require_today())
            case "length":
                found = _iso(arguments[0])
                return len(found) if isinstance(found, str | tuple) else None
            case "lower":
                found = _iso(arguments[0])
                return found.lower() if isinstance(found, str) else None
            case "min":
                return _extreme("<", arguments)
            case _:
                return _extreme(">", arguments)

    def require_today(self) -> date:
        if self.today is None:
            raise ValueError("this expression needs today's date")
        return self.today


def _look_up(values: Mapping[str, Any], name: str) -> Any:
    if name in values:
        return values[name]
    found: Any = values
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _value(given: Any) -> Value:
    """An answer as the language knows it."""
    if given is None or isinstance(given, bool | str):
        return given
    if isinstance(given, int | Decimal):
        return _bounded(given)
    if isinstance(given, float):
        return _bounded(Decimal(repr(given))) if math.isfinite(given) else None
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    if isinstance(given, list | tuple):
        return tuple(_value(each) for each in given)
    raise TypeError(f"an answer cannot be a {type(given).__name__}")


def _result(value: Value) -> Any:
    if isinstance(value, tuple):
        return [_result(each) for each in value]
    if isinstance(value, Decimal):
        return Decimal(f"{value:f}".rstrip("0").rstrip(".")) if value else Decimal(0)
    return value


def _bounded(number: Number) -> Number | None:
    if isinstance(number, Decimal):
        if not number.is_finite() or abs(number) >= _LIMIT:
            return None
        number = number.quantize(_STEP, context=_EXACT)
    return number if -_LIMIT < number < _LIMIT else None


def _unary(operator: str, value: Value) -> Value:
    match operator:
        case "not":
            return not value if isinstance(value, bool) else None
        case "-":
            return -value if _is_number(value) else None
        case "is empty":
            return _is_empty(value)
        case _:
            return not _is_empty(value)


def _is_empty(value: Value) -> bool:
    return value is None or value == "" or value == ()


def _binary(operator: str, left: Value, right: Value) -> Value:
    if operator in ARITHMETIC:
        return None if left is None or right is None else _arithmetic(operator, left, right)
    if left is None or right is None:
        return False
    if operator in EQUALITY:
        return _alike(left, right) and _equal(left, right) is (operator == "==")
    if operator in ORDER:
        return _ordered(operator, left, right)
    if operator == "contains":
        holder, part = _iso(left), _iso(right)
        if isinstance(holder, str) and isinstance(part, str):
            return part in holder
        left, right = right, left
    if not isinstance(right, tuple) or isinstance(left, tuple):
        return False
    return any(_equal(left, each) for each in right) is (operator != "not in")


def _is_number(value: Value) -> TypeGuard[Number]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _alike(left: Value, right: Value) -> bool:
    """Whether two values are of one kind; lists are never compared whole."""
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool)
    if _is_number(left) or _is_number(right):
        return _is_number(left) and _is_number(right)
    return isinstance(left, str | date) and isinstance(right, str | date)


def _equal(left: Value, right: Value) -> bool:
    return _alike(left, right) and _iso(left) == _iso(right)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def _ordered(operator: str, left: Value, right: Value) -> bool:
    if _is_number(left) and _is_number(right):
        return _ORDERS[operator](left, right)
    first, second = _date(left), _date(right)
    return first is not None and second is not None and _ORDERS[operator](first, second)


def _iso(value: Value) -> Value:
    """A date as its ISO 8601 text, anything else as it is."""
    return value.isoformat() if isinstance(value, date) else value


def _date(value: Value) -> date | None:
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def _arithmetic(operator: str, left: Value, right: Value) -> Value:
    if _is_number(left) and _is_number(right):
        return _calculate(operator, left, right)
    if operator == "+" and _is_number(left):
        left, right = right, left
    day = _date(left)
    if day is None or operator not in "+-":
        return None
    other = _date(right)
    if other is not None:
        return (day - other).days if operator == "-" else None
    if not _is_number(right) or right % 1 or not -_MAX_DAYS <= right <= _MAX_DAYS:
        return None
    try:
        return day + timedelta(days=int(right) if operator == "+" else -int(right))
    except OverflowError:
        return None


def _calculate(operator: str, left: Number, right: Number) -> Number | None:
    match operator:
        case "+":
            return _bounded(_EXACT.add(left, right) if _decimal(left, right) else left + right)
        case "-":
            return _bounded(_EXACT.subtract(left, right) if _decimal(left, right) else left - right)
        case "*":
            return _bounded(_EXACT.multiply(left, right) if _decimal(left, right) else left * right)
        case _:
            return _bounded(_EXACT.divide(Decimal(left), Decimal(right))) if right else None


def _decimal(left: Number, right: Number) -> bool:
    return isinstance(left, Decimal) or isinstance(right, Decimal)


def _extreme(order: str, arguments: list[Value]) -> Value:
    """The value that comes first in an order, numbers or dates; missing when one of them is."""
    if len(arguments) == 1 and isinstance(arguments[0], tuple):
        arguments = list(arguments[0])
    best: Value = None
    for index, each in enumerate(arguments):
        if not (_is_number(each) or _date(each)) or (index and not _alike(best, each)):
            return None
        if index == 0 or _ordered(order, each, best):
            best = each
    return best if _is_number(best) else _date(best)


def _years(since: date, today: date) -> int:
    """Whole years between two dates: an age."""
    return today.year - since.year - ((today.month, today.day) < (since.month, since.day))
