"""Can a report go round in circles between organisations? Asked before a rule is kept. Pure.

Two organisations that hand over to each other are the ordinary case (the commune hands roads to
the métropole, the métropole hands parks to the commune): what is looked for is one report that both
would hand over. Conditions are read over every category and area at once with what is not known
left open; where the answer depends on it (an hour, a word of the text), both answers are followed,
each condition keeping on the way the answer it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from socle.domains.reports.routing.compiling import Rule, compiled
from socle.kernel import expressions
from socle.kernel.expressions import Binary, Items, Literal, Logic, Node, Unary

STEPS = 200_000
"""Beyond this many steps the question is left open: reading the tables stops loops by itself."""
OTHER = "\x00other"
"""Any value that no rule names."""

Assumed = dict[Node, bool]
Path = tuple[tuple[int, Rule], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A report that would go round: through these organisations, by these rules."""

    category: str
    area: str
    path: Path


def circles(tables: Mapping[int, Sequence[Rule]]) -> set[int]:
    """Organisations from which one can come back to them, following rules' targets."""
    graph = {
        here: {rule.target_id for rule in rules if rule.target_id and not rule.fault}
        for here, rules in tables.items()
    }
    found = set()
    for start, targets in graph.items():
        reached: set[int] = set()
        pending = list(targets)
        while pending:
            each = pending.pop()
            if each not in reached:
                reached.add(each)
                pending.extend(graph.get(each, ()))
        if start in reached:
            found.add(start)
    return found


def find(
    tables: Mapping[int, Sequence[Rule]], groups: Mapping[str, str] | None = None
) -> Loop | None:
    """A report that would go round; `groups` gives the group of each category."""
    inside = circles(tables)
    if not inside:
        return None
    search = _Search({each: tables[each] for each in sorted(inside)}, groups or {})
    for start in _crossings(search.rules):
        for category in search.values("category"):
            for area in search.values("area"):
                path = search.walk(start, category, area)
                if path is not None:
                    return Loop(_named(category), _named(area), path)
                if search.steps > STEPS:
                    return None
    return None


def _named(value: str) -> str:
    return "" if value == OTHER else value


def _crossings(tables: Mapping[int, Sequence[Rule]]) -> list[int]:
    """Organisations through one of which any circle goes: the busiest, until no circle is left."""
    left = dict(tables)
    found = []
    while inside := circles(left):
        busiest = max(
            sorted(inside),
            key=lambda here: sum(
                (rule.target_id == here) + (each == here and rule.target_id in inside)
                for each in inside
                for rule in left[each]
            ),
        )
        found.append(busiest)
        left = {here: rules for here, rules in left.items() if here in inside and here != busiest}
    return found


class _Search:
    def __init__(self, tables: Mapping[int, Sequence[Rule]], groups: Mapping[str, str]) -> None:
        self.rules = tables
        self.tables = {here: compiled(rules) for here, rules in tables.items()}
        self.groups = groups
        self.steps = 0
        self._values = {name: self._texts(name) for name in ("category", "area")}

    def values(self, name: str) -> tuple[str, ...]:
        return self._values[name]

    def _texts(self, name: str) -> tuple[str, ...]:
        nodes = [rule.node for rules in self.rules.values() for rule in rules]
        found = {OTHER}.union(*(_mentioned(node, name) for node in nodes))
        if name == "category":
            named = set().union(*(_mentioned(node, "group") for node in nodes))
            found |= {each for each, home in self.groups.items() if home in named}
        return tuple(sorted(found))

    def walk(self, start: int, category: str, area: str) -> Path | None:
        """The circle that a report of this category and area would go round, from here."""
        known = {"category": category, "area": area, "group": self.groups.get(category, OTHER)}
        return self._from(start, known, {}, ())

    def _from(
        self, here: int, known: Mapping[str, str], assumed: Assumed, path: Path
    ) -> Path | None:
        if here not in self.tables:
            return None
        if any(each == here for each, _rule in path):
            return path
        candidates = tuple(self.tables[here].candidates(known))
        return self._read(here, candidates, known, assumed, path)

    def _read(
        self,
        here: int,
        candidates: tuple[int, ...],
        known: Mapping[str, str],
        assumed: Assumed,
        path: Path,
    ) -> Path | None:
        """Read a table on, following both answers wherever a condition is open."""
        for position, index in enumerate(candidates):
            self.steps += 1
            if self.steps > STEPS:
                return None
            rule = self.rules[here][index]
            answer = _answer(rule.node, known, assumed) if rule.decides else False
            if answer is False:
                continue
            if answer is True:
                if rule.target_id is None or rule.fault:
                    return None
                return self._from(rule.target_id, known, assumed, (*path, (here, rule)))
            atom = _open(rule.node, known, assumed)
            for choice in (True, False):
                tried = {**assumed, atom: choice}
                if not _consistent(tried, atom):
                    continue
                found = self._read(here, candidates[position:], known, tried, path)
                if found is not None:
                    return found
            return None
        return None


_RANGES: Mapping[str, Sequence[int]] = {
    "hour": range(24),
    "weekday": range(1, 8),
    "priority": range(3),
}


def _consistent(assumed: Assumed, latest: Node) -> bool:
    """Whether one hour (or weekday, channel…) gives every answer assumed about it."""
    names = expressions.names(latest)
    if len(names) != 1:
        return True
    (name,) = names
    about = [(node, choice) for node, choice in assumed.items() if expressions.names(node) == names]
    values: Iterable[object]
    if name in _RANGES:
        values = _RANGES[name]
    elif all(_is_plain(node) for node, _choice in about):
        values = {OTHER, None, *(text for node, _choice in about for text in _texts(node))}
    else:
        return True
    return any(
        all(expressions.holds(node, {name: value}) is choice for node, choice in about)
        for value in values
    )


def _is_plain(node: Node) -> bool:
    """Equality and lists: a text that no rule names stands for all the others."""
    if isinstance(node, Unary):
        return node.operator in ("is empty", "is known")
    return isinstance(node, Binary) and (
        node.operator in ("==", "!=", "in", "not in")
        or (node.operator == "contains" and isinstance(node.left, Items))
    )


def _mentioned(node: Node, name: str) -> set[str]:
    """The texts that a condition compares a name with."""
    if isinstance(node, Binary):
        if name in expressions.names(node):
            return {value for value in _texts(node) if value}
        return set()
    if isinstance(node, Logic):
        return set().union(*(_mentioned(each, name) for each in node.operands))
    return _mentioned(node.operand, name) if isinstance(node, Unary) else set()


def _texts(node: Node) -> Iterable[str]:
    if isinstance(node, Literal):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, Binary):
        return [*_texts(node.left), *_texts(node.right)]
    if isinstance(node, Items):
        return [text for each in node.items for text in _texts(each)]
    return []


def _answer(node: Node, known: Mapping[str, str], assumed: Assumed) -> bool | None:
    """True, false, or `None`: it depends on what is not known."""
    if isinstance(node, Logic):
        decisive = node.operator == "or"
        answers = [_answer(each, known, assumed) for each in node.operands]
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    if isinstance(node, Unary) and node.operator == "not":
        answer = _answer(node.operand, known, assumed)
        return None if answer is None else not answer
    if isinstance(node, Literal):
        return node.value is True
    if expressions.names(node) <= known.keys():
        return expressions.holds(node, known)
    return assumed.get(node)


def _open(node: Node, known: Mapping[str, str], assumed: Assumed) -> Node:
    """The first condition inside that `_answer` leaves open."""
    if isinstance(node, Logic):
        for each in node.operands:
            if _answer(each, known, assumed) is None:
                return _open(each, known, assumed)
    if isinstance(node, Unary) and node.operator == "not":
        return _open(node.operand, known, assumed)
    return node
