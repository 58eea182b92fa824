"""An expression as JSON, for storage and for the browser, and back; and as text again.

The JSON form is stored in revisions that are kept for ever, so it only ever grows. Every node is a
list whose first member says what it is::

    ["and", ["==", ["name", "garden"], ["boolean", true]],
            [">=", ["name", "household_size"], ["number", "3"]]]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from .errors import START, error
from .parser import MAX_DEPTH, POWERS, Power
from .syntax import (
    ARITHMETIC,
    COMPARISON,
    FUNCTIONS,
    LOGIC,
    UNARY,
    Binary,
    Call,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Scalar,
    Unary,
)

_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,10})?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def to_json(node: Node) -> list[Any]:
    """The tree as nested lists; numbers are texts, so that decimals stay exact."""
    match node:
        case Literal():
            return _literal_to_json(node)
        case Name():
            return ["name", node.name]
        case Items():
            return ["list", *map(to_json, node.items)]
        case Unary():
            return ["negate" if node.operator == "-" else node.operator, to_json(node.operand)]
        case Binary():
            return [node.operator, to_json(node.left), to_json(node.right)]
        case Logic():
            return [node.operator, *map(to_json, node.operands)]
        case Call():
            return ["call", node.function, *map(to_json, node.arguments)]


def _literal_to_json(node: Literal) -> list[Any]:
    value = node.value
    if isinstance(value, bool):
        return ["boolean", value]
    if isinstance(value, str):
        return ["text", value]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    return ["number", _number_text(value)]


def _number_text(value: int | Decimal) -> str:
    """Without exponent; a decimal keeps a point, so that it comes back as one."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text if isinstance(value, int) or "." in text else f"{text}.0"


def from_json(tree: Any) -> Node:
    """The expression of such a tree. Raises ``ExpressionError`` when it is not one."""
    return _read(tree, 1)


def _read(tree: Any, depth: int) -> Node:
    if depth > MAX_DEPTH or not isinstance(tree, list) or len(tree) < 2:
        raise _unreadable()
    head, rest = tree[0], tree[1:]
    if not isinstance(head, str):
        raise _unreadable()
    if head in _SCALARS:
        return Literal(_scalar(head, rest))
    if head == "name" and len(rest) == 1 and _is_text(rest[0], _NAME):
        return Name(rest[0])
    if head == "call" and isinstance(rest[0], str) and rest[0] in FUNCTIONS:
        least, most = FUNCTIONS[rest[0]]
        if least <= len(rest) - 1 <= (len(rest) if most is None else most):
            return Call(rest[0], tuple(_read(each, depth + 1) for each in rest[1:]))
        raise _unreadable()
    operands = tuple(_read(each, depth + 1) for each in rest)
    if head == "list":
        return Items(operands)
    if head in LOGIC and len(operands) >= 2:
        return Logic(head, operands)
    if head in COMPARISON | ARITHMETIC and len(operands) == 2:
        return Binary(head, *operands)
    if head in (UNARY - {"-"}) | {"negate"} and len(operands) == 1:
        return Unary("-" if head == "negate" else head, operands[0])
    raise _unreadable()


_SCALARS: dict[str, Callable[[Any], Scalar]] = {
    "boolean": bool,
    "text": str,
    "date": date.fromisoformat,
    "number": lambda text: Decimal(text) if "." in text else int(text),
}


def _scalar(head: str, rest: list[Any]) -> Scalar:
    value = rest[0]
    right = isinstance(value, bool) if head == "boolean" else isinstance(value, str)
    if len(rest) != 1 or not right or (head == "number" and not _NUMBER.fullmatch(value)):
        raise _unreadable()
    try:
        return _SCALARS[head](value)
    except ValueError:
        raise _unreadable() from None


def _is_text(value: Any, shape: re.Pattern[str]) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _unreadable() -> Exception:
    return error(START, _("Cette expression enregistrée n’est pas lisible."))


def to_text(node: Node) -> str:
    """The expression as somebody would write it, with no more parentheses than it needs.

    ``parse(to_text(node)) == node`` for any tree that ``parse`` gave.
    """
    match node:
        case Literal():
            return _literal_text(node)
        case Name():
            return node.name
        case Items():
            return f"[{', '.join(map(to_text, node.items))}]"
        case Call():
            return f"{node.function}({', '.join(map(to_text, node.arguments))})"
        case Logic():
            power = POWERS[node.operator]
            return f" {node.operator} ".join(_under(each, power + 1) for each in node.operands)
        case Binary():
            power = POWERS[node.operator.partition(" ")[0]]
            # Comparisons do not chain, and the others lean to the left.
            left = _under(node.left, power + 1 if power == Power.COMPARE else power)
            return f"{left} {node.operator} {_under(node.right, power + 1)}"
        case Unary():
            return _unary_text(node)


def _unary_text(node: Unary) -> str:
    operand = node.operand
    if node.operator == "not":
        if isinstance(operand, Unary) and operand.operator.startswith("is "):
            state = operand.operator.removeprefix("is ")
            return f"{_under(operand.operand, Power.COMPARE + 1)} is not {state}"
        return f"not {_under(operand, Power.NOT)}"
    if node.operator == "-":
        return f"-{_under(operand, Power.SIGN)}"
    return f"{_under(operand, Power.COMPARE + 1)} {node.operator}"


def _under(node: Node, floor: int) -> str:
    """The text of an operand, between parentheses when it binds less tightly than ``floor``."""
    return to_text(node) if _power(node) >= floor else f"({to_text(node)})"


def _power(node: Node) -> int:
    match node:
        case Logic() | Binary():
            return POWERS[node.operator.partition(" ")[0]]
        case Unary("-"):
            return Power.SIGN
        case Unary("not", Unary(operator)) if operator.startswith("is "):
            return Power.COMPARE
        case Unary("not"):
            return Power.NOT
        case Unary():
            return Power.COMPARE
        case _:
            return Power.SIGN + 1


_ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"})


def _literal_text(node: Literal) -> str:
    value = node.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPED)}"'
    if isinstance(value, date):
        return f'date("{value.isoformat()}")'
    return _number_text(value)
