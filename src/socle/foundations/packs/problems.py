"""What is wrong in a pack, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from socle.kernel.errors import Invalid

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a file of the pack: `file` relative to the pack, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A mistake (it stops `apply`) or a warning (it does not), said in one sentence."""

    file: str
    line: int
    column: int
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


def problem_at(place: Place, message: str, severity: Severity = "error") -> Problem:
    return Problem(place.file, place.line, place.column, message, severity)


class PackError(Invalid):
    """The pack has mistakes and cannot be planned or applied; `problems` lists them all."""

    code = "pack"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, None when nothing resembles it."""
    names = sorted(set(known))
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return found[0] if found else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """` Vouliez-vous dire « … » ?`, or nothing; starts with a space."""
    near = nearest(word, known)
    return " " + _("Vouliez-vous dire « %(name)s » ?") % {"name": near} if near else ""
