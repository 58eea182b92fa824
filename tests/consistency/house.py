"""The house as the tests see it: rooms, imports, the table of arrows of pyproject.toml."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "socle"

# Top to bottom; those on one line are strangers to each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("config",),
    ("sites", "connectors"),
    ("design",),
    ("domains",),
    ("capabilities",),
    ("foundations",),
    ("kernel",),
)
HEIGHT = {name: len(LAYERS) - level for level, names in enumerate(LAYERS) for name in names}
# Layers made of rooms; the others are one room each.
WITH_ROOMS = frozenset({"sites", "connectors", "domains", "capabilities", "foundations"})


@dataclass(frozen=True, order=True)
class Room:
    """``foundations.accounts``, or a whole layer such as ``kernel``."""

    layer: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.layer}.{self.name}" if self.name else self.layer


@dataclass(frozen=True)
class Import:
    """One import of one of our modules by another."""

    file: Path
    line: int
    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.imported}"


@cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def python_files() -> tuple[Path, ...]:
    return tuple(sorted(SRC.rglob("*.py")))


def nothing(found: Iterable[str]) -> None:
    """Fail with every line of what should not be there."""
    lines = sorted(set(found))
    if lines:
        pytest.fail(f"{len(lines)}:\n" + "\n".join(lines), pytrace=False)


def module_of(path: Path) -> str:
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> Room | None:
    """The room of ``socle.layer.room.…``; None for ``socle`` itself and for what is not ours."""
    parts = module.split(".")
    if parts[0] != "socle" or len(parts) < 2 or parts[1] not in HEIGHT:
        return None
    if parts[1] not in WITH_ROOMS:
        return Room(parts[1])
    return Room(parts[1], parts[2]) if len(parts) > 2 else None


def may_import(importer: Room, imported: Room) -> bool:
    """The table of arrows."""
    if importer == imported:
        return True
    above, below = HEIGHT[importer.layer], HEIGHT[imported.layer]
    if importer.layer == imported.layer:
        arrows = project()["tool"]["socle"]["arrows"]
        return imported.name in arrows.get(str(importer), [])
    return above > below


@cache
def imports() -> tuple[Import, ...]:
    """Every import of ours by ours, late ones and type-checking ones included."""
    return tuple(found for path in python_files() for found in _imports_of(path))


def _imports_of(path: Path) -> Iterator[Import]:
    importer = module_of(path)
    package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
    known = _modules()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("socle."):
                    yield Import(path, node.lineno, importer, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join([*parents, base]) if base else ".".join(parents)
            if not (base == "socle" or base.startswith("socle.")):
                continue
            for alias in node.names:
                deeper = f"{base}.{alias.name}"
                yield Import(path, node.lineno, importer, deeper if deeper in known else base)


@cache
def _modules() -> frozenset[str]:
    return frozenset(map(module_of, python_files()))
