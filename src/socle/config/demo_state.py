"""What the data folder says of a demonstration: none, half made, ready, or somebody's real data."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What any command may leave behind before there is data.
_HARMLESS = frozenset({"secret.key", "metrics", "migrate.lock", ".building", "demo.draft"})


@dataclass(frozen=True)
class DemoState:
    """A data folder as the demonstration sees it.

    Everything is made in ``<home>/.building`` and moved into place at the end, the database last,
    then the marker ``demo.json``: an interruption at any moment leaves something that is recognised
    and made again.
    """

    home: Path

    @property
    def database(self) -> Path:
        return self.home / "socle.sqlite3"

    @property
    def building(self) -> Path:
        return self.home / ".building"

    @property
    def marker(self) -> Path:
        return self.home / "demo.json"

    @property
    def is_demonstration(self) -> bool:
        return self.marker.is_file()

    @property
    def is_ready(self) -> bool:
        return bool(self.read().get("complete")) and self.database.is_file()

    @property
    def holds_real_data(self) -> bool:
        """Something that no demonstration made: never to be touched."""
        if self.is_demonstration or not self.home.is_dir():
            return False
        kept = {path.name for path in self.home.iterdir()} - _HARMLESS
        if self.database.name in kept and _is_empty(self.database):
            kept -= {self.database.name, *_journals(self.database)}
        return bool(kept)

    @property
    def is_half_made(self) -> bool:
        return not self.is_ready and (self.building.exists() or self.is_demonstration)

    def read(self) -> dict[str, Any]:
        """The marker's content, empty when there is none or when it cannot be read."""
        try:
            found = json.loads(self.marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, **values: Any) -> None:
        """Add to the marker."""
        draft = self.marker.with_suffix(".draft")
        draft.write_text(
            json.dumps(self.read() | values, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        draft.replace(self.marker)

    def begin(self) -> Path:
        """Mark the folder as a demonstration's, clear what is there, return the folder to fill."""
        self.home.mkdir(parents=True, exist_ok=True)
        for path in self._belongings():
            _remove(path)
        self.write(complete=False)
        _remove(self.building)
        self.building.mkdir()
        return self.building

    def finish(self, **values: Any) -> None:
        """Move what was made into place and say that it is complete."""
        made = sorted(self.building.iterdir(), key=lambda path: path.name == self.database.name)
        self.write(entries=[path.name for path in made])
        for path in made:
            target = self.home / path.name
            _remove(target)
            path.rename(target)
        self.building.rmdir()
        self.write(complete=True, **values)

    def _belongings(self) -> list[Path]:
        names = [self.database.name, *_journals(self.database), *self.read().get("entries", [])]
        return [self.home / name for name in names]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _journals(database: Path) -> list[str]:
    return [f"{database.name}-wal", f"{database.name}-shm", f"{database.name}-journal"]


def _is_empty(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return bool(tables[0] == 0)
    except sqlite3.Error:
        return False
