"""What the conditions of rules read of a report, and their types. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from socle.capabilities.search.text import fold
from socle.kernel import clock, expressions
from socle.kernel.expressions import INTEGER, TEXT, Choice, Node, Type

NAMES: Mapping[str, Type] = {
    "category": TEXT,
    "group": TEXT,
    "area": TEXT,
    "text": TEXT,
    "address": TEXT,
    "asset": TEXT,
    "hour": INTEGER,
    "weekday": INTEGER,
    "channel": TEXT,
    "source": TEXT,
    "priority": INTEGER,
}
"""Names of conditions. `area`: code of the commune. `text`: what the person wrote, and `address`,
in small letters without accents (texts they are compared with are folded too). `asset`: id of the
equipment picked. `hour`: 0 to 23, local. `weekday`: 1 is Monday. `source`: the program that sent
it. `priority`: 0 ordinary, 1 soon, 2 at once.
"""

FOLDED = frozenset({"text", "address"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a report when it arrives."""

    category: str
    group: str = ""
    area: str = ""
    text: str = ""
    address: str = ""
    asset: str = ""
    hour: int = 12
    weekday: int = 1
    channel: str = "web"
    source: str = ""
    priority: int = 0

    def values(self) -> dict[str, Any]:
        """By name, as conditions read them: what is empty counts as missing."""
        return {
            "category": self.category or None,
            "group": self.group or None,
            "area": self.area or None,
            "text": fold(self.text) or None,
            "address": fold(self.address) or None,
            "asset": self.asset or None,
            "hour": self.hour,
            "weekday": self.weekday,
            "channel": self.channel or None,
            "source": self.source or None,
            "priority": self.priority,
        }


def moment(at: datetime, tz: str = clock.PARIS) -> tuple[int, int]:
    """`hour` and `weekday` of an instant, on the local clock."""
    here = clock.local(at, tz)
    return here.hour, here.isoweekday()


def names(
    *,
    categories: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    areas: tuple[str, ...] = (),
    channels: tuple[str, ...] = (),
) -> dict[str, Type]:
    """`NAMES`, with what a category, a group, an area, a channel may be: typos are found."""
    known = dict(NAMES)
    for name, options in (
        ("category", categories),
        ("group", groups),
        ("area", areas),
        ("channel", channels),
    ):
        if options:
            known[name] = Choice(options)
    return known


def read(condition: str) -> Node:
    """The tree of a condition, ready to be evaluated over `Facts.values`; empty: always.

    Raises `ExpressionError`.
    """
    text = condition.strip()
    return folded(expressions.parse(text)) if text else expressions.Literal(True)


def folded(node: Node) -> Node:
    """The same tree, texts compared with a folded name folded as well."""
    if isinstance(node, expressions.Binary):
        if _is_folded(node.left) or _is_folded(node.right):
            return expressions.Binary(
                node.operator, _fold(node.left), _fold(node.right), node.position
            )
        return expressions.Binary(
            node.operator, folded(node.left), folded(node.right), node.position
        )
    if isinstance(node, expressions.Logic):
        return expressions.Logic(
            node.operator, tuple(folded(each) for each in node.operands), node.position
        )
    if isinstance(node, expressions.Unary):
        return expressions.Unary(node.operator, folded(node.operand), node.position)
    return node


def _is_folded(node: Node) -> bool:
    return bool(expressions.names(node) & FOLDED)


def _fold(node: Node) -> Node:
    if isinstance(node, expressions.Literal) and isinstance(node.value, str):
        return expressions.Literal(fold(node.value), node.position)
    if isinstance(node, expressions.Items):
        return expressions.Items(tuple(_fold(each) for each in node.items), node.position)
    return node
