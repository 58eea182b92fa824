"""From ranges of characters to pieces of text a template can mark."""

from __future__ import annotations

from collections.abc import Sequence

Range = tuple[int, int]


def segments(text: str, ranges: Sequence[Range]) -> list[tuple[str, bool]]:
    """`text` cut into (piece, is marked), in order. Ranges out of bounds or overlapping are mended.

    >>> segments("Un composteur", [(3, 13)])
    [('Un ', False), ('composteur', True)]
    """
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(ranges):
        start, end = max(start, at), min(end, len(text))
        if start >= end:
            continue
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    if at < len(text):
        pieces.append((text[at:], False))
    return pieces


def excerpt(text: str, ranges: Sequence[Range], length: int = 200) -> tuple[str, list[Range]]:
    """About `length` characters of `text` around the first range, cut between words.

    Returns the excerpt, with « … » where it was cut, and the ranges that fall in it, shifted.
    """
    if len(text) <= length:
        return text, [r for r in ranges if r[1] <= len(text)]
    first = min(ranges)[0] if ranges else 0
    start = max(0, min(first - length // 4, len(text) - length))
    if start:
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + length)
    if end < len(text):
        space = text.rfind(" ", start, end)
        end = space if space > start else end
    before = "… " if start else ""
    after = " …" if end < len(text) else ""
    shift = len(before) - start
    kept = [(a + shift, b + shift) for a, b in sorted(ranges) if a >= start and b <= end]
    return f"{before}{text[start:end]}{after}", kept
