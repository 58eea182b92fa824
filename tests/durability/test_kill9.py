"""What the server acknowledged survives `kill -9`, once. At length: `bench/bench_kill9.py`."""

from __future__ import annotations

import contextlib
import http.client
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.durability import killing

pytestmark = pytest.mark.slow

CYCLES = 3
READY_WITHIN = 30.0
"""Seconds. The promise is 5, measured by the bench on a machine that does nothing else."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with killing.database(os.environ.get("SOCLE_TEST_DATABASE_URL", "")) as address:
        yield address


def test_acknowledged_writes_survive_kill_9_once_each(tmp_path: Path, url: str) -> None:
    killed = killing.cycles(tmp_path, url, CYCLES, drafts=600, longest=1.0, thorough=False)
    assert killed.wrong == []
    assert killed.cases == killed.writes > CYCLES
    assert max(killed.ready) < READY_WITHIN


def test_the_check_sees_duplicates_losses_and_halves(tmp_path: Path) -> None:
    """Without idempotency a retry files twice, and this is what would be reported."""
    with killing.database(os.environ.get("SOCLE_TEST_DATABASE_URL", "")) as address:
        careless = killing.environment(tmp_path, address, "tests.durability.careless")
        first, second, third = killing.inside(careless, "prepare", "3")
        server = killing.Server(careless)
        server.start()
        try:
            with contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            ) as connection:
                for draft in (first, second, second):
                    assert killing.send(connection, draft).startswith("302 ")
        finally:
            server.stop()
        told = {
            "acknowledged": [third["id"]],
            "tried": [each["id"] for each in (first, second, third)],
        }
        wrong = killing.inside(careless, "damage", "verify", told=told)["wrong"]
    assert any(each.startswith(f"twice: {second['text']} ") for each in wrong)
    assert any(each.startswith(f"lost: {third['text']} ") for each in wrong)
    assert any(each.startswith("half: case") for each in wrong)
    assert not any(each.startswith(f"twice: {first['text']} ") for each in wrong)
