"""The value of an expression, given the answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from .syntax import Node


def evaluate(node: Node, values: Mapping[str, Any], today: date | None = None) -> Any:
    """The value of an expression: ``bool``, ``int``, ``Decimal``, ``str``, ``date``, ``list``, or ``None`` when it is missing.

    ``values``: answers by name, or nested mappings for dotted names. ``today``: what ``today()`` gives; never the clock.
    """
    raise NotImplementedError


def holds(node: Node, values: Mapping[str, Any], today: date | None = None) -> bool:
    """Whether a condition is met; one which depends on a missing answer is not."""
    return evaluate(node, values, today) is True
