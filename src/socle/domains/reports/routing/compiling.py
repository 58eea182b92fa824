"""A table of rules, made ready: which rules may hold is one look-up and one `and` of integers.

For each of category, group and area, a rule holds only for some values or for any. Rules are bits
of an integer, in their order; the candidates for a report are the bits that its category, its
group and its area have in common. Only those are evaluated, lowest bit first, and a rule that asks
about nothing else needs no evaluation at all. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from socle.kernel import expressions
from socle.kernel.expressions import Binary, Items, Literal, Logic, Name, Node, Unary

DIMENSIONS = ("category", "group", "area")

Values = Mapping[str, Any]
Test = Callable[[Values], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: what must hold, and where the report goes then.

    With a team, it goes there; with a target, that organisation's table is read next; with neither,
    the rule only sets the priority and reading goes on. `fault`: why it cannot be followed (its
    team or organisation is gone): the default team gets the report then.
    """

    id: int
    name: str
    condition: str
    node: Node
    team_id: int | None = None
    target_id: int | None = None
    priority: int | None = None
    fault: str = ""

    @property
    def decides(self) -> bool:
        return bool(self.team_id or self.target_id or self.fault)


@dataclass(frozen=True)
class Table:
    """The rules of an organisation, in order, compiled."""

    rules: tuple[Rule, ...]
    _masks: tuple[tuple[str, dict[str, int], int], ...] = field(repr=False, default=())
    _tests: tuple[Test | None, ...] = field(repr=False, default=())

    def candidates(self, values: Values) -> Iterator[int]:
        """Indexes of the rules that a report's category, group and area leave possible."""
        bits = (1 << len(self.rules)) - 1
        for name, known, other in self._masks:
            bits &= known.get(values[name], other)
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            yield lowest.bit_length() - 1

    def holding(self, values: Values) -> Iterator[Rule]:
        """The rules whose condition holds, in order, found as they are asked for."""
        for index in self.candidates(values):
            test = self._tests[index]
            if test is None or test(values):
                yield self.rules[index]


def compiled(rules: Sequence[Rule]) -> Table:
    """A table ready to be read."""
    every = (1 << len(rules)) - 1
    masks = []
    possible = [{name: values_of(rule.node, name) for name in DIMENSIONS} for rule in rules]
    for name in DIMENSIONS:
        known: dict[str, int] = {}
        other = every
        for index, each in enumerate(possible):
            values = each[name]
            if values is not None:
                other &= ~(1 << index)
                for value in values:
                    known[value] = known.get(value, 0)
        for value in known:
            bits = 0
            for index, each in enumerate(possible):
                values = each[name]
                if values is None or value in values:
                    bits |= 1 << index
            known[value] = bits
        masks.append((name, known, other))
    tests = tuple(None if _settled(rule.node) else test_of(rule.node) for rule in rules)
    return Table(tuple(rules), tuple(masks), tests)


def naive(rules: Sequence[Rule], values: Values) -> Iterator[Rule]:
    """The same answer as `Table.holding`, by evaluating every rule: what it is proved against."""
    return (rule for rule in rules if expressions.holds(rule.node, values))


def values_of(node: Node, name: str) -> frozenset[str] | None:
    """The values of a name for which a condition may hold; `None`: it may for any.

    Sound, not complete: what it leaves out cannot hold.
    """
    match node:
        case Literal(value=False):
            return frozenset()
        case Logic(operator="and", operands=operands):
            sets = [found for each in operands if (found := values_of(each, name)) is not None]
            return frozenset.intersection(*sets) if sets else None
        case Logic(operator="or", operands=operands):
            parts = [values_of(each, name) for each in operands]
            known = [each for each in parts if each is not None]
            return frozenset().union(*known) if len(known) == len(parts) else None
        case Binary():
            return _atom(node, name)
        case _:
            return None


def _atom(node: Binary, name: str) -> frozenset[str] | None:
    """`name == "x"`, `"x" == name`, `name in ["x", "y"]`, `["x", "y"] contains name`."""
    left, right = node.left, node.right
    if node.operator == "==":
        if left == Name(name) and isinstance(right, Literal):
            return frozenset({right.value}) if isinstance(right.value, str) else frozenset()
        if right == Name(name) and isinstance(left, Literal):
            return frozenset({left.value}) if isinstance(left.value, str) else frozenset()
    if node.operator == "contains":
        left, right = right, left
    listed = node.operator in ("in", "contains") and left == Name(name)
    if listed and isinstance(right, Items):
        values = [each.value for each in right.items if isinstance(each, Literal)]
        if len(values) == len(right.items):
            return frozenset(value for value in values if isinstance(value, str))
    return None


def _settled(node: Node) -> bool:
    """Whether the masks alone decide: nothing but conditions on category, group and area."""
    if isinstance(node, Logic) and node.operator == "and":
        return all(_settled(each) for each in node.operands)
    if isinstance(node, Literal):
        return node.value is True or node.value is False
    return isinstance(node, Binary) and any(_atom(node, name) is not None for name in DIMENSIONS)


def test_of(node: Node) -> Test:
    """A condition as a function of the values, faster than walking its tree."""
    match node:
        case Literal():
            answer = node.value is True
            return lambda values: answer
        case Logic():
            tests = tuple(test_of(each) for each in node.operands)
            if all(_is_two_valued(each) for each in node.operands):
                if node.operator == "and":
                    return lambda values: all(test(values) for test in tests)
                return lambda values: any(test(values) for test in tests)
        case Unary(operator="not", operand=operand) if _is_two_valued(operand):
            inner = test_of(operand)
            return lambda values: not inner(values)
        case Binary():
            quick = _quick(node)
            if quick is not None:
                return quick
    return lambda values: expressions.holds(node, values)


def _quick(node: Binary) -> Test | None:
    """Comparisons of a name with a literal of its own type, the bulk of what rules say."""
    if not isinstance(node.left, Name):
        return None
    name, right = node.left.name, node.right
    if isinstance(right, Items) and node.operator in ("in", "not in"):
        items = [each.value for each in right.items if isinstance(each, Literal)]
        if len(items) != len(right.items) or not all(isinstance(each, str) for each in items):
            return None
        among, wanted = frozenset(items), node.operator == "in"
        return lambda values: values[name] is not None and (values[name] in among) is wanted
    if not isinstance(right, Literal):
        return None
    value = right.value
    if isinstance(value, str):
        if node.operator == "contains":
            return lambda values: values[name] is not None and value in values[name]
        if node.operator in ("==", "!="):
            wanted = node.operator == "=="
            return lambda values: values[name] is not None and (values[name] == value) is wanted
    if isinstance(value, int) and not isinstance(value, bool):
        compare = _COMPARISONS.get(node.operator)
        if compare is not None and name in ("hour", "weekday", "priority"):
            return lambda values: compare(values[name], value)
    return None


_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _is_two_valued(node: Node) -> bool:
    """Whether it is true or false and never missing: no name of a rule is itself a yes/no."""
    match node:
        case Literal():
            return isinstance(node.value, bool)
        case Logic():
            return all(_is_two_valued(each) for each in node.operands)
        case Unary():
            return node.operator != "-" and (node.operator != "not" or _is_two_valued(node.operand))
        case Binary():
            return node.operator not in ("+", "-", "*", "/")
        case _:
            return False
