"""A file of a pack: its text, and offsets turned into lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from django.utils.translation import gettext as _

from .problems import Place, Problem, problem_at

MAX_BYTES = 32 * 1024 * 1024


@dataclass
class Source:
    """The text of one file; `file` is its path in the pack, with slashes."""

    file: str
    text: str
    start_line: int = field(default=1)
    """Line of the file on which the text begins (a heading inside a page)."""

    @cached_property
    def _lines(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def place(self, offset: int = 0) -> Place:
        """The place of a character of the text."""
        line = bisect_right(self._lines, max(offset, 0))
        return Place(self.file, self.start_line + line - 1, offset - self._lines[line - 1] + 1)

    def problem(self, message: str, offset: int = 0) -> Problem:
        return problem_at(self.place(offset), message)


class Unreadable(Exception):
    """A file that gives no value; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def escapes(root: Path, path: Path) -> bool:
    """Whether a path leaves the pack once symbolic links are followed; links in a circle do."""
    try:
        return not path.resolve(strict=True).is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return True


def read(root: Path, path: Path) -> Source:
    """The text of a file of the pack, line ends normalised, byte-order mark removed.

    Raises `Unreadable`: outside the pack, missing, not a file, too large, not UTF-8, a NUL in it.
    """
    file = relative(root, path)
    here = Place(file)

    def fail(message: str, place: Place = here) -> Unreadable:
        return Unreadable(problem_at(place, message))

    if escapes(root, path):
        raise fail(_("Ce fichier est hors du pack : un lien symbolique en sort."))
    if not path.is_file():
        raise fail(_("Ce n’est pas un fichier."))
    try:
        if path.stat().st_size > MAX_BYTES:
            raise fail(_("Ce fichier est trop gros : 32 Mo au plus."))
        data = path.read_bytes()
    except OSError:
        raise fail(_("Ce fichier ne peut pas être lu.")) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        raise fail(
            _("Ce fichier n’est pas en UTF-8 (octet 0x%(byte)02X). Enregistrez-le en UTF-8.")
            % {"byte": data[error.start]},
            Place(file, before.count(b"\n") + 1, column),
        ) from None
    source = Source(file, text.replace("\r\n", "\n"))
    if (nul := source.text.find("\0")) >= 0:
        raise Unreadable(source.problem(_("Un caractère nul n’a pas sa place ici."), nul))
    return source
