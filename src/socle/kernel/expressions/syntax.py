"""The tree of an expression: a handful of immutable nodes.

Two trees are equal when they say the same thing, wherever it was written: positions do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .errors import START, Position
from .types import BOOLEAN, DATE, DECIMAL, INTEGER, TEXT, Type

#: What a literal may hold.
Scalar = bool | int | Decimal | str | date


@dataclass(frozen=True)
class Literal:
    """``true``, ``3``, ``1.5``, ``"oui"``, ``date("2026-01-31")``."""

    value: Scalar
    position: Position = field(default=START, compare=False)

    def __eq__(self, other: object) -> bool:
        # In Python True == 1 == Decimal(1); in an expression they are different things.
        return (
            isinstance(other, Literal)
            and type(self.value) is type(other.value)
            and self.value == other.value
        )

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True)
class Name:
    """The answer to a question, by its id; dots allowed."""

    name: str
    position: Position = field(default=START, compare=False)


@dataclass(frozen=True)
class Items:
    """``[a, b, c]``: at least one item."""

    items: tuple[Node, ...]
    position: Position = field(default=START, compare=False)


@dataclass(frozen=True)
class Unary:
    """``not``, ``-`` (negation), ``is empty``, ``is known``."""

    operator: str
    operand: Node
    position: Position = field(default=START, compare=False)


@dataclass(frozen=True)
class Binary:
    """``== != < <= > >= in contains + - * /`` and ``not in``; the position is the operator's."""

    operator: str
    left: Node
    right: Node
    position: Position = field(default=START, compare=False)


@dataclass(frozen=True)
class Logic:
    """``and`` or ``or`` of two operands or more: a long enumeration stays flat."""

    operator: str
    operands: tuple[Node, ...]
    position: Position = field(default=START, compare=False)


@dataclass(frozen=True)
class Call:
    """One of the functions of the language."""

    function: str
    arguments: tuple[Node, ...]
    position: Position = field(default=START, compare=False)


Node = Literal | Name | Items | Unary | Binary | Logic | Call

UNARY = frozenset({"not", "-", "is empty", "is known"})
EQUALITY = frozenset({"==", "!="})
ORDER = frozenset({"<", "<=", ">", ">="})
MEMBERSHIP = frozenset({"in", "not in", "contains"})
COMPARISON = EQUALITY | ORDER | MEMBERSHIP
ARITHMETIC = frozenset({"+", "-", "*", "/"})
LOGIC = frozenset({"and", "or"})

#: Functions by name, with how many arguments they take; the last bound ``None`` means any number.
FUNCTIONS: dict[str, tuple[int, int | None]] = {
    "length": (1, 1),
    "lower": (1, 1),
    "today": (0, 0),
    "years_since": (1, 1),
    "min": (1, None),
    "max": (1, None),
}

_TYPES: dict[type, Type] = {bool: BOOLEAN, int: INTEGER, Decimal: DECIMAL, str: TEXT, date: DATE}

KEYWORDS = frozenset({"and", "or", "not", "in", "is", "contains", "true", "false"})


def literal_type(node: Literal) -> Type:
    """The type of a literal."""
    return _TYPES[type(node.value)]


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly under one."""
    match node:
        case Unary():
            return (node.operand,)
        case Binary():
            return node.left, node.right
        case Items():
            return node.items
        case Logic():
            return node.operands
        case Call():
            return node.arguments
        case _:
            return ()


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Every node with its depth (the root is 1), parents first; does not recurse."""
    stack = [(node, 1)]
    while stack:
        current, depth = stack.pop()
        yield current, depth
        stack.extend((child, depth + 1) for child in reversed(children(current)))
