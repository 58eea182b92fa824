"""Does an expression make sense? Asked when a pack is checked, so that it never has to be asked when a person is waiting."""

from __future__ import annotations

from collections.abc import Mapping

from .syntax import Node
from .types import Type


def check(node: Node, names: Mapping[str, Type]) -> Type:
    """The type of an expression whose names have these types.

    Raises ``ExpressionError`` at the first unknown name, comparison between incompatible types or wrong argument.
    """
    raise NotImplementedError


def check_condition(node: Node, names: Mapping[str, Type]) -> None:
    """Same, and the expression must be a yes/no."""
    raise NotImplementedError
