"""What an import keeps beside the database: the lines refused, and the lines it has seen."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path
from typing import IO, Any, Self

from django.utils.translation import gettext as _

from socle.domains.reports.mapping import Mapping
from socle.domains.reports.tables import Record
from socle.kernel.errors import Invalid

_LINE, _REASON = "ligne", "motif"
_CACHE_KB = 32_000


class Rejects:
    """The lines refused: number, reason, then the line as it was.

    Written as they come beside `path`, which is replaced at the end; in the encoding and with the
    delimiter of the file itself, so that it can be put right and imported with the same mapping.
    """

    def __init__(self, path: Path | None, header: list[str], mapping: Mapping) -> None:
        self.count = 0
        self._path = path
        self._header = header
        self._mapping = mapping
        self._stream: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        """Raises Invalid when the file cannot be written: better now than at the first line."""
        if self._path is not None:
            try:
                self._stream = self._draft.open(
                    "w", encoding=self._mapping.encoding, errors="replace", newline=""
                )
            except OSError as error:
                raise Invalid(
                    _("Le fichier des lignes refusées %(path)s ne peut pas être écrit : "
                      "indiquez-en un autre avec --rejects.") % {"path": self._path}
                ) from error  # fmt: skip
            self._writer = csv.writer(
                self._stream, delimiter=self._mapping.delimiter, lineterminator="\n"
            )
            self._writer.writerow([_LINE, _REASON, *self._header])
        return self

    def add(self, record: Record, reason: str) -> None:
        """Refuse one line."""
        self.count += 1
        if self._writer is not None:
            self._writer.writerow([record.number, reason, *record.cells])

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if self._stream is None or self._path is None:
            return
        self._stream.close()
        if self.count:
            self._draft.replace(self._path)
        else:
            self._draft.unlink(missing_ok=True)
            if kind is None:
                self._forget_earlier(self._path)

    @property
    def _draft(self) -> Path:
        path = self._path
        if path is None:
            raise ValueError("no file of rejects was asked for")
        return path.with_name(path.name + ".part")

    def _forget_earlier(self, path: Path) -> None:
        """An earlier run refused lines, this one none: what it wrote is no longer true."""
        start = f"{_LINE}{self._mapping.delimiter}{_REASON}".encode(self._mapping.encoding)
        try:
            with path.open("rb") as stream:
                ours = stream.read(len(start)) == start
        except OSError:
            return
        if ours:
            path.unlink()


class Identities:
    """How many times each line was seen, in a private file: memory does not grow with it."""

    def __enter__(self) -> Self:
        # An empty name: a temporary database that the system forgets with the connection.
        self._database = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            f"PRAGMA cache_size = -{_CACHE_KB}",
            "CREATE TABLE seen (content BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID",
            "BEGIN",
        ):
            self._database.execute(statement)
        return self

    def count(self, content: bytes) -> int:
        """See a content once more; gives how many times that makes."""
        content = content[:16]
        found = self._database.execute(
            "SELECT times FROM seen WHERE content = ?", (content,)
        ).fetchone()
        if found is None:
            self._database.execute("INSERT INTO seen VALUES (?, 1)", (content,))
            return 1
        self._database.execute("UPDATE seen SET times = times + 1 WHERE content = ?", (content,))
        return int(found[0]) + 1

    def __exit__(self, *exc: object) -> None:
        self._database.close()
