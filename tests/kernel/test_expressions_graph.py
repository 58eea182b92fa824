"""What depends on what, and circles."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.kernel.expressions import find_cycle, names, parse


def test_names_are_those_of_answers_only() -> None:
    node = parse("a == true and (b.c in [d, 'e'] or length(f) > 1 or not today() < -g)")
    assert names(node) == {"a", "b.c", "d", "f", "g"}
    assert names(parse("1 + 1")) == frozenset()


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({}, None),
        ({"a": ["b"], "b": []}, None),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, None),
        ({"a": ["outside"]}, None),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"start": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, ["a", "b", "c", "a"]),
        ({"x": ["y"], "y": [], "p": ["y", "q"], "q": ["p"]}, ["p", "q", "p"]),
    ],
)
def test_finds_a_circle(graph: dict[str, list[str]], cycle: list[str] | None) -> None:
    assert find_cycle(graph) == cycle


def test_a_very_long_chain_is_no_trouble() -> None:
    chain = {str(n): [str(n + 1)] for n in range(50_000)}
    assert find_cycle(chain) is None
    chain["49999"] = ["0"]
    assert len(find_cycle(chain) or []) == 50_001


@given(
    st.dictionaries(
        st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefx"), max_size=4), max_size=6
    )
)
def test_finds_a_circle_exactly_when_there_is_one(graph: dict[str, list[str]]) -> None:
    remaining = {name: set(needs) & set(graph) for name, needs in graph.items()}
    while free := [name for name, needs in remaining.items() if not needs]:
        for name in free:
            del remaining[name]
        for needs in remaining.values():
            needs.difference_update(free)
    cycle = find_cycle(graph)
    assert (cycle is not None) == bool(remaining)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle[:-1])) == len(cycle) - 1
        assert all(after in graph[before] for before, after in pairwise(cycle))
