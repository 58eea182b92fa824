"""Folding text and cutting it into words, keeping where each word stands in the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Letters that Unicode does not decompose into a base letter and marks.
_SPECIAL = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
_APOSTROPHES = "’‘ʼ′´`＇"

# Words that only exist glued to the next one: l’eau, d’accès, qu’on, jusqu’à.
ELISIONS = frozenset(
    ("l", "d", "j", "m", "t", "s", "c", "n", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu")
)

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word and the half-open range of characters it occupies in the original text."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    lowered = character.casefold()
    if lowered in _SPECIAL:
        return _SPECIAL[lowered]
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(c for c in decomposed if not unicodedata.category(c).startswith("M"))


def fold(text: str) -> str:
    """`text` in lower case, without accents or ligatures, with straight apostrophes.

    >>> fold("L’Œuvre d’Été")
    "l'oeuvre d'ete"
    """
    if text.isascii():
        return text.lower().replace("`", "'")
    return "".join(map(_fold_character, text))


def words(text: str) -> list[Word]:
    """The words of `text` in order, elided articles and pronouns left out.

    Hyphens and apostrophes separate: « porte-à-porte » is three words, « l’eau » is « eau ».
    """
    pieces = [_fold_character(character) for character in text]
    folded = "".join(pieces)
    # Only ligatures, compatibility forms and loose accents change the length: seldom.
    origins: list[int] | None = None
    if len(folded) != len(text) or "" in pieces:
        origins = [index for index, piece in enumerate(pieces) for _ in piece]
    found = []
    for match in _WORD.finditer(folded):
        start, end = match.span()
        word = match.group()
        if word in ELISIONS and folded[end : end + 1] == "'":
            continue
        if origins is not None:
            last = origins[end - 1] + 1
            # An accent written as a separate character belongs to the letter before it.
            while last < len(text) and not pieces[last]:
                last += 1
            start, end = origins[start], last
        found.append(Word(word, start, end))
    return found
