"""CSV (RFC 4180) with the place of every cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    offset: int


def records(text: str, delimiter: str = ",") -> Iterator[list[Cell]]:
    """The records of a CSV text, header included; blank lines are left out.

    Raises `UnclosedQuote` for a quoted cell that the text ends in.
    """
    at, size = 0, len(text)
    row: list[Cell] = []
    while at <= size:
        start = at
        if text.startswith('"', at):
            chars: list[str] = []
            at += 1
            while True:
                end = text.find('"', at)
                if end < 0:
                    raise UnclosedQuote(start)
                chars.append(text[at:end])
                at = end + 1
                if not text.startswith('"', at):
                    break
                chars.append('"')
                at += 1
            # What follows a closing quote belongs to the cell, as spreadsheets read it.
            tail = at
            while at < size and text[at] not in (delimiter, "\n"):
                at += 1
            row.append(Cell("".join(chars) + text[tail:at].removesuffix("\r"), start))
        else:
            while at < size and text[at] not in (delimiter, "\n"):
                at += 1
            row.append(Cell(text[start:at].removesuffix("\r"), start))
        ended = at >= size or text[at] == "\n"
        at += 1
        if ended:
            if len(row) > 1 or row[0].text.strip():
                yield row
            row = []


class UnclosedQuote(ValueError):
    """A quoted cell without its closing quote; `offset` is where it begins."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__("unclosed quote")
