"""Conditions written by hand: SQL of this room's own, values as parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Where:
    """A condition and its values. `sql` never holds a value; columns are double-quoted."""

    sql: str
    values: Sequence[Any] = ()

    def __and__(self, other: Where) -> Where:
        if not other.sql or other is EVERYTHING:
            return self
        if self is EVERYTHING:
            return other
        return Where(f"{self.sql} AND {other.sql}", (*self.values, *other.values))


EVERYTHING = Where("1 = 1")
NOTHING = Where("1 = 0")


def equals(column: str, value: Any) -> Where:
    """One value."""
    return Where(f'"{column}" = %s', (value,))


def any_of(column: str, values: Sequence[Any]) -> Where:
    """One of some values."""
    if not values:
        return NOTHING
    if len(values) == 1:
        return equals(column, values[0])
    return Where(f'"{column}" IN ({", ".join(["%s"] * len(values))})', tuple(values))
