"""An expression as JSON, for storage and for the browser, and back; and as text again."""

from __future__ import annotations

from typing import Any

from .syntax import Node


def to_json(node: Node) -> list[Any]:
    """The tree as nested lists, ``["and", ["==", ["name", "garden"], ["boolean", true]], …]``. Stable: stored in revisions."""
    raise NotImplementedError


def from_json(tree: Any) -> Node:
    """The expression of such a tree. Raises ``ExpressionError`` when it is not one."""
    raise NotImplementedError


def to_text(node: Node) -> str:
    """The expression as somebody would write it, with no more parentheses than needed: ``parse(to_text(node)) == node``."""
    raise NotImplementedError
