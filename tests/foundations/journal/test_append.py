"""Appending: chained, atomic, refused when it cannot be kept."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from socle.foundations.journal import actions
from socle.foundations.journal.rules import genesis

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Somebody:
    kind: str = "agent"
    user_id: int | None = 5


def test_each_entry_points_to_the_one_before() -> None:
    first = actions.record(chain="organisation:1", action="case.opened", actor=Somebody(), subject=("case", "1"))
    second = actions.record(chain="organisation:1", action="case.closed", actor=Somebody(), subject=("case", "1"))
    assert (first.sequence, second.sequence) == (1, 2)
    assert first.previous == genesis("organisation:1")
    assert second.previous == first.hash
