"""What an expression depends on, and whether things depend on each other in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .syntax import Name, Node, walk


def names(node: Node) -> frozenset[str]:
    """The names of the answers an expression reads."""
    return frozenset(each.name for each, _ in walk(node) if isinstance(each, Name))


def find_cycle(graph: Mapping[str, Iterable[str]]) -> list[str] | None:
    """A circle among names, closed, such as ``["a", "b", "a"]``; ``None`` when there is none.

    ``graph``: the names that each name depends on; those which are not keys are leaves. The same
    graph in the same order gives the same circle; any depth will do.
    """
    done: set[str] = set()
    for start in graph:
        if start in done:
            continue
        path = [start]
        on_path = {start}
        pending = [iter(graph[start])]
        while pending:
            following = next(pending[-1], None)
            if following is None:
                pending.pop()
                on_path.discard(path[-1])
                done.add(path.pop())
            elif following in on_path:
                return [*path[path.index(following) :], following]
            elif following in graph and following not in done:
                path.append(following)
                on_path.add(following)
                pending.append(iter(graph[following]))
    return None
