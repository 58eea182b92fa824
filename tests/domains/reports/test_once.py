"""Fifty people press at once, the import is killed half-way: each report is there once."""

from __future__ import annotations

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.cast import INSIDE, PACKS, Cast, assemble
from tests.domains.reports.test_importing import HEADER, MAPPING
from tests.durability import killing
from tests.together import together

from socle.capabilities.casework.models import Case, CaseEvent
from socle.domains.reports import actions
from socle.foundations.journal import queries as journal
from socle.foundations.journal.models import Entry

SENDS = 50


@pytest.fixture
def shared(transactional_db: None) -> Cast:
    """The cast, committed: other threads see it."""
    return assemble()


def _fifty(cast: Cast, key: Callable[[int], str | None]) -> list[Any]:
    actor = cast.actor(cast.resident)

    def send(number: int) -> Callable[[], Any]:
        return lambda: actions.submit_report(
            actor=actor, category_id="depot-sauvage", lon=INSIDE[0], lat=INSIDE[1],
            description="Un matelas", idempotency_key=key(number),
        )  # fmt: skip

    return together(*map(send, range(SENDS)))


@pytest.mark.slow
def test_fifty_simultaneous_sends_with_one_key_open_one_report(shared: Cast) -> None:
    sent = _fifty(shared, lambda _number: "draft:the-same")
    assert [each for each in sent if isinstance(each, Exception)] == []
    [case] = Case.objects.all()
    assert {each.case.reference for each in sent} == {case.reference}
    assert CaseEvent.objects.filter(case=case, kind="opened").count() == 1
    assert Entry.objects.filter(subject_type="case", subject_id=str(case.pk)).count() == 1
    assert journal.verify().ok


@pytest.mark.slow
def test_without_a_key_fifty_sends_open_fifty_reports(shared: Cast) -> None:
    """The control: it is the key that makes them one."""
    sent = _fifty(shared, lambda _number: None)
    assert [each for each in sent if isinstance(each, Exception)] == []
    assert Case.objects.count() == SENDS
    assert journal.verify().ok


# --- An import killed half-way ---

LINES = 4000
"""Four batches."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """An empty installation with the small pack: its folder, its database, its variables."""
    with killing.database(os.environ.get("SOCLE_TEST_DATABASE_URL", "")) as url:
        home = tmp_path / "home"
        environ = killing.environment(home, url)
        for words in (["migrate"], ["packs", "apply", str(PACKS / "lakeside")]):
            _command(environ, *words)
        yield home, url, environ


def _start(environ: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "socle.config.cli", *words],
        env=environ, cwd=killing.ROOT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def _command(environ: dict[str, str], *words: str) -> None:
    ran = _start(environ, *words)
    _out, told = ran.communicate(timeout=300)
    assert ran.returncode == 0, told.decode()


def _read(home: Path, url: str, statement: str) -> list[tuple[Any, ...]]:
    if url:
        import psycopg

        with psycopg.connect(url) as connection:
            return list(connection.execute(statement.encode()).fetchall())
    with closing(sqlite3.connect(home / "socle.sqlite3", timeout=60)) as file:
        return file.execute(statement).fetchall()


def _table(folder: Path) -> tuple[Path, Path]:
    table, mapping = folder / "reports.csv", folder / "mapping.toml"
    dice = random.Random(4)
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number in range(LINES):
            lon = f"{2.05 + dice.uniform(-0.01, 0.01):.6f}"
            writer.writerow([f"R{number}", "2024-03-01", "dechets", lon, "46.05"])
    mapping.write_text(MAPPING, "utf-8")
    return table, mapping


@pytest.mark.slow
def test_an_import_killed_half_way_and_run_again_takes_each_line_once(
    house: tuple[Path, str, dict[str, str]], tmp_path: Path
) -> None:
    home, url, environ = house
    table, mapping = _table(tmp_path)
    words = ("import", "reports", str(table), "--map", str(mapping))
    running = _start(environ, *words)
    count = "SELECT count(*) FROM casework_case"
    deadline = time.monotonic() + 300
    while not _read(home, url, count)[0][0]:
        assert running.poll() is None, running.stderr.read().decode()  # type: ignore[union-attr]
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    [(before,)] = _read(home, url, count)
    # A batch is there whole or not at all, and the kill came in the middle.
    assert 0 < before < LINES
    assert before % 1000 == 0
    _command(environ, *words)
    [(cases, ids)] = _read(
        home, url, "SELECT count(*), count(DISTINCT source_id) FROM casework_case"
    )
    assert (cases, ids) == (LINES, LINES)
    [(events,)] = _read(home, url, "SELECT count(*) FROM casework_caseevent")
    assert events == LINES
    # What counts and what is journalled agrees with what is there.
    _command(environ, "audit", "verify")
    [(shown,)] = _read(home, url, "SELECT count(*) FROM reports_publicreport")
    assert shown == LINES
    _command(environ, *words)
    assert _read(home, url, count) == [(LINES,)]
