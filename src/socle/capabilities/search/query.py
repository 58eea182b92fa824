"""A typed query read as slots: one per meaningful word, each with the terms that may satisfy it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from socle.capabilities.search.language import Language
from socle.capabilities.search.text import Word, words
from socle.capabilities.search.vocabulary import Memory, Trace, Vocabulary

MAX_CHARACTERS = 200
MAX_SLOTS = 12
_MIN_PREFIX = 2
_MIN_PART = 3

EXACT = 1.0
SINGULAR = 0.97
STEM = 0.85
# The stem of a word that is itself in the index: a cousin, when the word itself can be had.
COUSIN = 0.45
JOINED = 0.85
SPLIT = 0.8
SYNONYM = 0.6
# A known word that could also be the beginning of another, while it is still being typed.
KNOWN_PREFIX = 0.25
NEAR = {1: 0.7, 2: 0.5}
# Below this a candidate helps ranking but is not worth marking in a result.
WORTH_MARKING = 0.5


def surface(word: str) -> str:
    """The index term of a word as written, apart from the stems'."""
    return "=" + word


def plain(word: str, language: Language) -> str:
    """The index term of a word whatever its number and gender."""
    return "~" + language.singular(word)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Terms that together satisfy a slot, and how well (0 to 1)."""

    quality: float
    terms: tuple[str, ...]


@dataclass(slots=True)
class Slot:
    """One meaningful word of the query."""

    word: Word
    stem: str
    candidates: list[Candidate] = field(default_factory=list)
    correction: str = ""
    """The folded word or words proposed instead of an unknown one."""

    def offer(self, quality: float, *terms: str) -> None:
        self.candidates.append(Candidate(quality, terms))


Synonyms = Mapping[tuple[str, ...], Sequence[tuple[str, ...]]]


def synonym_table(groups: Iterable[Iterable[str]], language: Language) -> Synonyms:
    """Groups of equivalent expressions as a look-up from stems to the other members' stems."""
    table: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for group in groups:
        members = [stems(expression, language) for expression in group]
        for member in members:
            if member:
                others = [other for other in members if other and other != member]
                table.setdefault(member, []).extend(others)
    return table


def stems(expression: str, language: Language) -> tuple[str, ...]:
    """The stems of an expression's meaningful words."""
    return tuple(
        language.stem(word.text) for word in words(expression) if word.text not in language.stop
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads queries against a vocabulary."""

    vocabulary: Vocabulary
    memory: Memory
    language: Language
    synonyms: Synonyms
    known: Callable[[str], bool]
    """Whether a term is in the index."""

    def read(self, query: str, trace: Trace | None = None) -> list[Slot]:
        """The slots of `query`; its first 200 characters and 12 meaningful words count."""
        text = query[:MAX_CHARACTERS]
        found = words(text)
        # No space after the last word: it may still be typed. A longer text was cut, not typed.
        is_open = bool(found) and found[-1].end == len(text) == len(query)
        slots = []
        for word in found:
            if word.text not in self.language.stop:
                slots.append(Slot(word, self.language.stem(word.text)))
        if not slots and found and is_open:
            # « de » alone is the beginning of something.
            slots = [Slot(found[-1], self.language.stem(found[-1].text))]
        del slots[MAX_SLOTS:]
        last = slots[-1] if slots and is_open and slots[-1].word is found[-1] else None
        for slot in slots:
            self._offer_same(slot)
        self._offer_joined(slots)
        for slot in slots:
            if slot is last:
                self._offer_prefixes(slot)
            if not slot.candidates:
                self._offer_split(slot)
            if not slot.candidates:
                self._offer_near(slot, trace, is_last=slot is last)
        self._offer_synonyms(slots)
        return slots

    def _offer_same(self, slot: Slot) -> None:
        word = slot.word.text
        if self.known(surface(word)):
            slot.offer(EXACT, surface(word))
        if self.known(plain(word, self.language)):
            slot.offer(SINGULAR, plain(word, self.language))
        if self.known(slot.stem):
            slot.offer(COUSIN if slot.candidates else STEM, slot.stem)

    def _offer_joined(self, slots: list[Slot]) -> None:
        """« co voiturage » finds « covoiturage »."""
        for left, right in pairwise(slots):
            joined = left.word.text + right.word.text
            if self.known(surface(joined)):
                for slot in (left, right):
                    slot.offer(JOINED, surface(joined))
                    slot.offer(JOINED * STEM, self.language.stem(joined))

    def _offer_prefixes(self, slot: Slot) -> None:
        prefix = slot.word.text
        if len(prefix) < _MIN_PREFIX:
            return
        is_known = bool(slot.candidates)
        for word in self.vocabulary.starting_with(prefix):
            quality = KNOWN_PREFIX if is_known else 0.55 + 0.4 * len(prefix) / len(word)
            slot.offer(quality, surface(word))

    def _offer_split(self, slot: Slot) -> None:
        """« biodechets » finds « bio-déchets »: the split whose rarer part is the most frequent."""
        text = slot.word.text
        frequency = self.vocabulary.frequency
        splits = [
            (-min(frequency[text[:cut]], frequency[text[cut:]]), cut)
            for cut in range(_MIN_PART, len(text) - _MIN_PART + 1)
            if text[:cut] in self.vocabulary
            and text[cut:] in self.vocabulary
            and not {text[:cut], text[cut:]} & self.language.stop
        ]
        if splits:
            _, cut = min(splits)
            left, right = text[:cut], text[cut:]
            slot.offer(SPLIT, self.language.stem(left), self.language.stem(right))
            slot.correction = f"{left} {right}"

    def _offer_near(self, slot: Slot, trace: Trace | None, *, is_last: bool) -> None:
        found = self.memory.near(slot.word.text, trace)
        if not found and is_last:
            found = self.memory.near_prefix(slot.word.text, trace)
        for near in found:
            quality = NEAR[near.distance]
            slot.offer(quality, surface(near.word))
            slot.offer(quality * STEM, self.language.stem(near.word))
        if found:
            slot.correction = found[0].word

    def _offer_synonyms(self, slots: list[Slot]) -> None:
        if not self.synonyms:
            return
        original = [slot.stem for slot in slots]
        for start in range(len(slots)):
            for end in range(start + 1, min(start + 4, len(slots)) + 1):
                for other in self.synonyms.get(tuple(original[start:end]), ()):
                    if all(map(self.known, other)):
                        for slot in slots[start:end]:
                            slot.offer(SYNONYM, *other)
