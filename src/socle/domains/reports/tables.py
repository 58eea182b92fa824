"""A CSV file that somebody else made: inspected before anything is written, then read by lines.

Memory does not depend on the size of the file. A quote left open does not swallow the lines that
follow: the line where it stands is refused, the others are read.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from socle.kernel.errors import Invalid

_CHUNK = 1 << 20
_LONGEST = 1 << 20
"""Bytes of a line; beyond, this is no table."""
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_DELIMITERS = {";": "« ; »", ",": "« , »", "\t": gettext_lazy("une tabulation"), "|": "« | »"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the table. `fault`: why it cannot be read; cells are then what was there."""

    number: int
    cells: Sequence[str]
    fault: str = ""


class Table:
    """An open table: its header is read, its records are to come."""

    def __init__(
        self, stream: IO[str], *, delimiter: str, name: str, position: Callable[[], int]
    ) -> None:
        """Raises Invalid when there is no header."""
        self.position = position
        """Bytes read of the file as it lies on disk."""
        self._name = name
        self._delimiter = delimiter
        self._lines = _Lines(stream)
        self.header: list[str] = []
        first = next(self.records(), None)
        if first is None or first.fault:
            raise Invalid(
                _("%(file)s : la première ligne doit donner le nom des colonnes.") % {"file": name}
            )
        self.header = [cell.removeprefix("\ufeff").strip() for cell in first.cells]

    def columns(self, wanted: Mapping[str, str]) -> dict[str, int]:
        """Where each column is, under our name for it. Raises Invalid with the names at fault."""
        file = {"file": self._name}
        missing = [name for name in wanted.values() if name not in self.header]
        if missing:
            said = _(
                "%(file)s : il manque les colonnes %(missing)s. Colonnes trouvées : %(found)s."
            )
            sentence = said % {
                **file,
                "missing": ", ".join(missing),
                "found": ", ".join(self.header[:40])[:1000],
            }
            raise Invalid(sentence + self._other_delimiter())
        twice = [name for name in wanted.values() if self.header.count(name) > 1]
        if twice:
            raise Invalid(
                _("%(file)s : plusieurs colonnes s’appellent %(names)s.")
                % {**file, "names": ", ".join(twice)}
            )
        return {ours: self.header.index(theirs) for ours, theirs in wanted.items()}

    def _other_delimiter(self) -> str:
        if len(self.header) != 1:
            return ""
        counts = {each: self.header[0].count(each) for each in _DELIMITERS}
        likely = max(counts, key=lambda each: counts[each])
        if not counts[likely] or likely == self._delimiter:
            return ""
        return " " + _("Le séparateur semble être %(sign)s : indiquez delimiter.") % {
            "sign": _DELIMITERS[likely]
        }

    def records(self) -> Iterator[Record]:
        """Every record that is not blank, with the number of its first line."""
        lines, width = self._lines, len(self.header)
        reader = self._reader()
        while True:
            lines.begin()
            fault = ""
            cells: Sequence[str] = ()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fault = _fault(error)
            number = lines.first
            if not fault and not cells:
                continue
            if not fault and width and len(cells) != width:
                fault = _("%(count)s colonnes au lieu de %(wanted)s") % {
                    "count": len(cells), "wanted": width,
                }  # fmt: skip
            if fault and lines.taken > 1:
                # A quote that was not meant to open one: only its own line is lost.
                fault = _("guillemet jamais refermé")
                cells = (lines.give_back(),)
                reader = self._reader()
            elif fault and not cells:
                cells = (lines.give_back(),)
                reader = self._reader()
            if not fault and lines.with_nul:
                fault = _("octet nul")
            yield Record(number, cells, fault)

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=self._delimiter, strict=True)


def _fault(error: csv.Error) -> str:
    text = str(error)
    if "field larger" in text:
        return _("cellule de plus de 131 072 caractères, ou guillemet jamais refermé")
    if "unexpected end of data" in text:
        return _("guillemet jamais refermé")
    return _("guillemet mal placé")


class _Lines:
    """Lines of a stream, counted, that can be given back."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = iter(stream)
        self._pending: deque[str] = deque()
        self._current: list[str] = []
        self._read = 0
        self.first = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._pending.popleft() if self._pending else next(self._stream)
        self._read += 1
        self._current.append(line)
        return line

    def begin(self) -> None:
        """A record begins."""
        self._current.clear()
        self.first = self._read + 1

    @property
    def taken(self) -> int:
        """Lines of the record so far."""
        return len(self._current)

    @property
    def with_nul(self) -> bool:
        return any("\0" in line for line in self._current)

    def give_back(self) -> str:
        """Keep the first line of the record, which is returned; the others will be read again."""
        first, *others = self._current or [""]
        self._pending.extendleft(reversed(others))
        self._read -= len(others)
        return first.rstrip("\r\n")


@contextmanager
def opened(file: Path, *, encoding: str, delimiter: str) -> Iterator[Table]:
    """Open a CSV file, or a CSV.gz. Raises Invalid when it cannot be read: see `inspect`."""
    with _bytes(file) as (binary, raw):
        stream = io.TextIOWrapper(cast("Any", binary), encoding=encoding, newline="")
        yield Table(stream, delimiter=delimiter, name=file.name, position=raw.tell)


@contextmanager
def _bytes(file: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The content of a file, unpacked, and the file itself."""
    try:
        raw = file.open("rb")
    except OSError as error:
        raise Invalid(
            _("Le fichier %(file)s ne peut pas être lu.") % {"file": file.name}
        ) from error
    with raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        if packed:
            with gzip.open(raw) as content:
                yield cast("IO[bytes]", content), raw
        else:
            yield raw, raw


def inspect(file: Path, encoding: str) -> str:
    """Read a file through without keeping it; gives the SHA-256 of its content.

    Raises Invalid, before anything is imported, for a file that is empty, damaged, not a table, or
    not in the encoding announced.
    """
    name = {"file": file.name}
    digest = hashlib.sha256()
    check = _Encoding(encoding)
    length = lines = 0
    try:
        with _bytes(file) as (binary, _raw):
            while chunk := binary.read(_CHUNK):
                if not length and chunk.startswith(_ZIP):
                    raise Invalid(
                        _("%(file)s est un classeur ou une archive : exportez-le en CSV.") % name
                    )
                check.feed(chunk, lines + 1, name)
                digest.update(chunk)
                lines += chunk.count(b"\n")
                ends = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
                length = length + len(chunk) if ends < 0 else len(chunk) - ends - 1
                if length > _LONGEST:
                    raise Invalid(
                        _("%(file)s : la ligne %(line)s n’a pas de fin, ce n’est pas un CSV.")
                        % {**name, "line": lines + 1}
                    )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Invalid(_("Le fichier compressé %(file)s est abîmé.") % name) from error
    check.end(lines + 1, name)
    return digest.hexdigest()


class _Encoding:
    """Whether bytes are in the encoding announced, and not evidently in another."""

    def __init__(self, encoding: str) -> None:
        self.name = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._utf8: codecs.IncrementalDecoder | None = None
        if "utf" not in codecs.lookup(encoding).name:
            self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._accents = False
        self._empty = True

    def feed(self, chunk: bytes, line: int, name: dict[str, str]) -> None:
        if self._empty and "utf-16" not in self.name.lower() and _looks_like_utf16(chunk):
            raise Invalid(
                _("%(file)s semble être en UTF-16 : indiquez encoding = \"utf-16\".") % name
            )  # fmt: skip
        self._empty = False
        try:
            self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            line += chunk.count(b"\n", 0, max(error.start, 0))
            raise self._wrong(line, name) from error
        if self._utf8 is not None:
            self._accents = self._accents or not chunk.isascii()
            try:
                self._utf8.decode(chunk)
            except UnicodeDecodeError:
                self._utf8 = None

    def end(self, line: int, name: dict[str, str]) -> None:
        if self._empty:
            raise Invalid(_("Le fichier %(file)s est vide.") % name)
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise self._wrong(line, name) from error
        if self._utf8 is not None and self._accents:
            raise Invalid(
                _("%(file)s est en UTF-8, pas en %(encoding)s : corrigez encoding.")
                % {**name, "encoding": self.name}
            )

    def _wrong(self, line: int, name: dict[str, str]) -> Invalid:
        return Invalid(
            _(
                "%(file)s n’est pas en %(encoding)s (ligne %(line)s). Indiquez son encodage dans "
                'la correspondance, par exemple encoding = "cp1252".'
            )
            % {**name, "encoding": self.name, "line": line}
        )


def _looks_like_utf16(chunk: bytes) -> bool:
    start = chunk[:2000]
    return start.startswith((b"\xff\xfe", b"\xfe\xff")) or start.count(0) * 4 > len(start)
