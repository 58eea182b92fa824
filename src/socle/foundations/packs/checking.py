"""`check`: is this pack right? Reads files only."""

from __future__ import annotations

from pathlib import Path

from . import registry
from .problems import PackError, Problem
from .reading import Loaded, read


def load(path: Path | str) -> Loaded:
    """A pack read and checked; its mistakes and warnings are `problems`, by file and line."""
    loaded = read(Path(path))
    context = loaded.context()
    for section in registry.sections():
        for item in loaded.items.get(section.name, {}).values():
            loaded.problems += section.check(item, context)
    told = {(problem.file, problem.line, problem.column) for problem in loaded.problems}
    loaded.problems += [p for p in loaded.repeated if (p.file, p.line, p.column) not in told]
    loaded.problems = sorted(set(loaded.problems))
    return loaded


def check(path: Path | str) -> list[Problem]:
    """Everything wrong with the pack in a folder, in the active language; touches no database.

    Mistakes (`severity == "error"`) stop `plan` and `apply`, warnings do not.
    """
    return load(path).problems


def load_right(path: Path | str) -> Loaded:
    """A pack without mistakes. Raises `PackError` with all of them otherwise."""
    loaded = load(path)
    if any(problem.is_error for problem in loaded.problems):
        raise PackError(problem for problem in loaded.problems if problem.is_error)
    return loaded
