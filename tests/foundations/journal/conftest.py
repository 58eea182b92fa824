"""The cast of the journal's tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from socle.foundations.journal import actions, triggers
from socle.foundations.journal.models import Chain
from socle.foundations.journal.queries import Report, verify

CHAIN = "organisation:1"


@dataclass(frozen=True)
class Somebody:
    kind: str = "agent"
    user_id: int | None = 5


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A folder for checkpoints, empty."""
    return tmp_path / "journal"


@pytest.fixture
def write() -> Callable[..., None]:
    """Record some acts on a chain."""

    def write(count: int = 1, chain: str = CHAIN) -> None:
        with transaction.atomic():
            for number in range(count):
                actions.record(
                    chain=chain,
                    action="case.opened",
                    actor=Somebody(),
                    subject=("case", str(number)),
                    data={"state": "new", "fields": ["a", "b"], "number": number},
                )

    return write


@pytest.fixture
def check(book: Path) -> Callable[..., Report]:
    """Verify everything against the book of this test."""

    def check(**options: Any) -> Report:
        return verify(**{"checkpoints_dir": book, **options})

    return check


@pytest.fixture
def tamper() -> Callable[..., None]:
    """Change the database as somebody who owns it would: guards lifted, then put back."""

    def tamper(*statements: str) -> None:
        with transaction.atomic(), triggers.lifted(connection), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return tamper


@pytest.fixture
def chain_id(write: Callable[..., None]) -> int:
    """Five entries, and the id of their chain."""
    write(5)
    return Chain.objects.get(name=CHAIN).pk
