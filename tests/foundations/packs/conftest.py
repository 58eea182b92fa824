"""Small packs in a temporary folder, made from the imaginary one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from socle.foundations import packs
from socle.foundations.packs import Problem, queries, registry

LAKESIDE = Path(__file__).parents[2] / "packs" / "lakeside"


@dataclass
class Folder:
    """A pack that a test may spoil."""

    path: Path

    def write(self, file: str, text: str | bytes) -> Folder:
        target = self.path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self

    def read(self, file: str) -> str:
        return (self.path / file).read_text("utf-8")

    def edit(self, file: str, old: str, new: str) -> Folder:
        text = self.read(file)
        assert old in text, f"{old!r} is not in {file}"
        return self.write(file, text.replace(old, new, 1))

    def append(self, file: str, text: str) -> Folder:
        return self.write(file, self.read(file) + text)

    def remove(self, file: str) -> Folder:
        target = self.path / file
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()
        return self

    def place(self, file: str, needle: str) -> tuple[str, int, int]:
        """(file, line, column) of the only occurrence of a text."""
        text = self.read(file)
        assert text.count(needle) == 1, f"{needle!r}: {text.count(needle)} times in {file}"
        at = text.index(needle)
        return file, text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1

    def check(self) -> list[Problem]:
        return packs.check(self.path)

    def only(self) -> Problem:
        """The one problem of the pack."""
        problems = self.check()
        assert len(problems) == 1, "\n".join(map(str, problems)) or "no problem"
        return problems[0]


@pytest.fixture
def lakeside(tmp_path: Path) -> Folder:
    shutil.copytree(LAKESIDE, tmp_path / "lakeside")
    return Folder(tmp_path / "lakeside")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    queries.forget()
    yield
    queries.forget()


@pytest.fixture
def with_section() -> Iterator[Callable[[registry.Section], registry.Section]]:
    """Registers a section for the length of a test."""
    added: list[str] = []

    def add(section: registry.Section) -> registry.Section:
        registry.register(section)
        added.append(section.name)
        return section

    yield add
    for name in added:
        registry.unregister(name)
