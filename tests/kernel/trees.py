"""Random expressions: any tree the language can write, whether or not it makes sense."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import reduce

from hypothesis import strategies as st

from socle.kernel.expressions.syntax import (
    ARITHMETIC,
    COMPARISON,
    LOGIC,
    UNARY,
    Binary,
    Call,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Unary,
)

NAMES = ("a", "b", "n", "d", "kind", "tags", "applicant.kind")

dates = st.dates(min_value=date(1990, 1, 1), max_value=date(2030, 12, 31))
numbers = st.integers(0, 50) | st.decimals("0", "100", places=2).map(lambda d: abs(Decimal(d)))
texts = st.sampled_from(["", "a", "b", "A", 'l\'"eau"', "\\n\n\t", "été", "🌞", "2026-01-31"])

literals = (st.booleans() | numbers | texts | dates).map(Literal)
leaves = literals | st.sampled_from(NAMES).map(Name)


def _extend(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Unary, st.sampled_from(sorted(UNARY)), nodes),
        st.builds(Binary, st.sampled_from(sorted(COMPARISON | ARITHMETIC)), nodes, nodes),
        st.builds(
            Logic,
            st.sampled_from(sorted(LOGIC)),
            st.lists(nodes, min_size=2, max_size=4).map(tuple),
        ),
        st.lists(nodes, min_size=1, max_size=3).map(tuple).map(Items),
        st.builds(Call, st.sampled_from(["length", "lower", "years_since"]), st.tuples(nodes)),
        st.builds(
            Call,
            st.sampled_from(["min", "max"]),
            st.lists(nodes, min_size=1, max_size=3).map(tuple),
        ),
        st.just(Call("today", ())),
    )


nodes: st.SearchStrategy[Node] = st.recursive(leaves, _extend, max_leaves=12)

#: What a form may hold for a name, as JSON gives it.
answers = (
    st.none()
    | st.booleans()
    | st.integers(-10, 60)
    | st.floats(-100, 100).map(lambda f: round(f, 3))
    | texts
    | dates.map(date.isoformat)
    | st.lists(texts | st.integers(0, 5) | dates.map(date.isoformat), max_size=3)
)
values = st.dictionaries(st.sampled_from(NAMES), answers)


def chain(operator: str, count: int) -> Node:
    """``a + a + …``: a tree ``count`` levels deep."""
    step: Node = Name("a")
    return reduce(lambda left, _: Binary(operator, left, step), range(count - 1), step)
