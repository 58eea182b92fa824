"""Where every value of a TOML text is written.

`tomllib` gives values without positions. This scanner walks a text that `tomllib` has *already
accepted* and records, for each path (``("page", 0, "field", 2, "id")``), where its key and its
value begin and end. It refuses nothing: the one truth about values stays `tomllib`.
"""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]

_BLANK = " \t"
_SPACE = " \t\n"
_BARE_END = ",]}#\n"
_ESCAPES = {"u": 4, "U": 8, "x": 2}


@dataclass(frozen=True, slots=True)
class Mark:
    """Offsets of a value in the text: its key, its first character, the one after its last."""

    key: int
    start: int
    end: int


def marks(text: str) -> dict[Path, Mark]:
    """A mark for every path of a valid TOML text, tables and arrays included.

    Line ends must be ``\\n`` (as `tomllib` reads them). For a text that `tomllib` refuses, the
    result means nothing.
    """
    return _Scanner(text).run()


def string_offsets(text: str, start: int) -> list[int]:
    """Offsets in `text` of each character of the string that begins at `start`, then of its end.

    One entry per decoded character: escapes count for one, what a trimmed newline or a
    line-ending backslash swallows for none.
    """
    scanner = _Scanner(text)
    scanner.at = start
    offsets: list[int] = []
    scanner.string(offsets)
    return offsets


def unclosed(text: str) -> int | None:
    """Where the text, list or inline table begins that the end of `text` leaves open; else None."""
    scanner = _Scanner(text)
    try:
        scanner.run()
    except (ValueError, RecursionError):
        return None
    return scanner.open_at


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, Mark] = {}
        # Arrays of tables: how many elements each has so far.
        self.counts: dict[Path, int] = {}
        self.table: Path = ()
        self.open_at: int | None = None

    def run(self) -> dict[Path, Mark]:
        self.found[()] = Mark(0, 0, len(self.text))
        while True:
            self.blank(_SPACE)
            if self.at >= len(self.text):
                return self.found
            if self.text[self.at] == "[":
                self.header()
            else:
                self.pair(self.table)
            self.to_line_end()

    # --- lines ---

    def header(self) -> None:
        """``[a.b]`` or ``[[a.b]]``: later pairs belong to that table."""
        begin = self.at
        array = self.text.startswith("[[", begin)
        self.at += 2 if array else 1
        parts = self.key()
        self.blank(_BLANK)
        self.at += 2 if array else 1
        mark_end = self.at
        path: Path = ()
        for position, (name, offset) in enumerate(parts):
            path = (*path, name)
            last = position == len(parts) - 1
            mark = Mark(offset, begin, mark_end)
            if last and array:
                count = self.counts[path] = self.counts.get(path, 0) + 1
                self.found.setdefault(path, mark)
                path = (*path, count - 1)
                self.found[path] = mark
            elif last:
                self.found[path] = mark
            else:
                self.found.setdefault(path, mark)
                if path in self.counts:
                    path = (*path, self.counts[path] - 1)
        self.table = path

    def pair(self, base: Path) -> None:
        """``a.b = value`` in the table at `base`."""
        begin = self.at
        parts = self.key()
        self.blank(_BLANK)
        self.at += 1  # "="
        self.blank(_BLANK)
        names = [(*base, *(name for name, _ in parts[: i + 1])) for i in range(len(parts))]
        path = names[-1]
        start = self.at
        self.value(path)
        for each, (_name, offset) in zip(names[:-1], parts, strict=False):
            self.found.setdefault(each, Mark(offset, begin, self.at))
        self.found[path] = Mark(parts[-1][1], start, self.at)

    def key(self) -> list[tuple[str, int]]:
        """A dotted key: its names and where each begins."""
        parts: list[tuple[str, int]] = []
        while True:
            self.blank(_BLANK)
            start = self.at
            if self.text[start : start + 1] in {'"', "'"}:
                offsets: list[int] = []
                name = self.string(offsets)
            else:
                while self.at < len(self.text) and self._is_bare(self.text[self.at]):
                    self.at += 1
                name = self.text[start : self.at]
                if self.at == start:
                    self.at += 1  # Not a key: move on rather than stay for ever.
            parts.append((name, start))
            self.blank(_BLANK)
            if self.text[self.at : self.at + 1] != ".":
                return parts
            self.at += 1

    # --- values ---

    def value(self, path: Path) -> None:
        char = self.text[self.at : self.at + 1]
        if char in {'"', "'"}:
            self.string([])
        elif char == "[":
            self.array(path)
        elif char == "{":
            self.inline_table(path)
        else:
            start = self.at
            while self.at < len(self.text) and self.text[self.at] not in _BARE_END:
                self.at += 1
            self.at = start + len(self.text[start : self.at].rstrip())

    def array(self, path: Path) -> None:
        begin = self.at
        self.at += 1
        index = 0
        while True:
            self.between_items()
            if self.closes("]", begin):
                return
            start = self.at
            self.value((*path, index))
            self.found[(*path, index)] = Mark(start, start, self.at)
            self.at = max(self.at, start + 1)
            index += 1

    def inline_table(self, path: Path) -> None:
        begin = self.at
        self.at += 1
        while True:
            self.between_items()
            if self.closes("}", begin):
                return
            self.pair(path)

    def string(self, offsets: list[int]) -> str:
        """Skip a string and give its text; `offsets` receives the place of each character."""
        text, begin = self.text, self.at
        quote = text[begin]
        escapes = quote == '"'
        long = text.startswith(quote * 3, self.at)
        self.at += 3 if long else 1
        close = quote * 3 if long else quote
        if long and text.startswith("\n", self.at):
            self.at += 1
        chars: list[str] = []
        while self.at < len(text):
            if text.startswith(close, self.at):
                # Up to two quotes may stand against the closing three.
                while long and text.startswith(quote, self.at + 3):
                    offsets.append(self.at)
                    chars.append(quote)
                    self.at += 1
                offsets.append(self.at)
                self.at += len(close)
                return "".join(chars)
            if escapes and text[self.at] == "\\":
                self.escape(long, offsets, chars)
                continue
            offsets.append(self.at)
            chars.append(text[self.at])
            self.at += 1
        self.left_open(begin)
        return "".join(chars)

    def escape(self, long: bool, offsets: list[int], chars: list[str]) -> None:
        start, text = self.at, self.text
        kind = text[start + 1 : start + 2]
        if long and (kind == "\n" or (kind in {" ", "\t"} and self._rest_is_blank(start + 1))):
            self.at += 1
            self.blank(_SPACE, comments=False)
            return
        digits = _ESCAPES.get(kind, 0)
        self.at += 2 + digits
        offsets.append(start)
        if digits:
            chars.append(chr(int(text[start + 2 : self.at], 16)))
        else:
            chars.append(
                {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}.get(kind, kind)
            )

    # --- small steps ---

    def closes(self, char: str, begin: int) -> bool:
        """Step over the closing character, if there; the end of the text closes everything."""
        if self.at >= len(self.text):
            self.left_open(begin)
            return True
        if self.text[self.at] == char:
            self.at += 1
            return True
        return False

    def left_open(self, begin: int) -> None:
        if self.open_at is None:
            self.open_at = begin

    def blank(self, what: str, comments: bool = True) -> None:
        """Skip blanks; with newlines among them, comments too."""
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in what:
                self.at += 1
            elif char == "#" and comments and what is _SPACE:
                self.to_line_end()
            else:
                return

    def between_items(self) -> None:
        while True:
            self.blank(_SPACE)
            if self.text[self.at : self.at + 1] != ",":
                return
            self.at += 1

    def to_line_end(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    @staticmethod
    def _is_bare(char: str) -> bool:
        return char.isalnum() or char in "-_"

    def _rest_is_blank(self, start: int) -> bool:
        end = self.text.find("\n", start)
        return end >= 0 and not self.text[start:end].strip(_BLANK)
