"""The demonstration's folder: half made is recognised, somebody's data are never touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from socle.config.demo_state import DemoState


def _database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")


def _make(state: DemoState, text: str = "1") -> None:
    building = state.begin()
    _database(building / "socle.sqlite3")
    (building / "files").mkdir()
    (building / "files" / "a").write_text(text)
    state.finish(logins=[])


@pytest.fixture
def state(tmp_path: Path) -> DemoState:
    return DemoState(tmp_path / "var")


def test_an_empty_folder_is_nobodys(state: DemoState) -> None:
    assert not state.is_ready
    assert not state.is_half_made
    assert not state.holds_real_data


def test_what_was_made_is_in_place_and_ready(state: DemoState) -> None:
    _make(state)
    assert state.is_ready
    assert (state.home / "files" / "a").read_text() == "1"
    assert not state.building.exists()


def test_starting_afresh_leaves_nothing_of_the_former(state: DemoState) -> None:
    _make(state)
    (state.home / "files" / "b").write_text("left by a visitor")
    (state.home / "socle.sqlite3-wal").write_text("log of the former")
    _make(state, "2")
    assert (state.home / "files" / "a").read_text() == "2"
    assert not (state.home / "files" / "b").exists()
    assert not (state.home / "socle.sqlite3-wal").exists()


@pytest.mark.parametrize("moment", ["before", "while moving", "before the marker"])
def test_an_interruption_at_any_moment_is_recognised(
    state: DemoState, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    building = state.begin()
    if moment != "before":
        _database(building / "socle.sqlite3")
        (building / "files").mkdir()
        real = Path.rename if moment == "while moving" else DemoState.write

        def falls(self: object, *arguments: object, **values: object) -> object:
            late = getattr(self, "name", "") == "socle.sqlite3" or values.get("complete")
            if late:
                raise KeyboardInterrupt
            return real(self, *arguments, **values)  # type: ignore[arg-type]

        owner = Path if moment == "while moving" else DemoState
        monkeypatch.setattr(owner, real.__name__, falls)
        with pytest.raises(KeyboardInterrupt):
            state.finish()
        monkeypatch.undo()
    assert state.is_half_made
    assert not state.is_ready
    assert not state.holds_real_data
    _make(state)
    assert state.is_ready


def test_a_database_that_no_demonstration_made_is_real(state: DemoState) -> None:
    state.home.mkdir()
    _database(state.database)
    assert state.holds_real_data


def test_files_without_database_are_real(state: DemoState) -> None:
    """The database may be elsewhere (PostgreSQL); the files are here."""
    (state.home / "files").mkdir(parents=True)
    assert state.holds_real_data


def test_what_any_command_leaves_behind_is_not_data(state: DemoState) -> None:
    state.home.mkdir()
    (state.home / "secret.key").write_text("k")
    (state.home / "migrate.lock").touch()
    state.database.touch()
    assert not state.holds_real_data


def test_a_marker_that_cannot_be_read_is_a_half_made_demonstration(state: DemoState) -> None:
    _make(state)
    state.marker.write_text("{")
    assert not state.is_ready
    assert state.is_half_made
