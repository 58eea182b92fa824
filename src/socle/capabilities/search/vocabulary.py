"""The words an index knows: exact, by prefix, and near misses."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

MAX_PREFIX_WORDS = 64
MAX_NEAR_WORDS = 8
_MAX_WORD = 40


@dataclass(slots=True)
class Trace:
    """Work done by a search, to be asserted on: time lies, counts do not."""

    words_compared: int = 0
    postings_read: int = 0


@dataclass(frozen=True, slots=True)
class Near:
    """A known word at edit distance `distance` (insertions, deletions, substitutions, swaps)."""

    word: str
    distance: int


def allowed_distance(word: str) -> int:
    """How many typing mistakes a word may hold: up to 3 letters none, 4 to 7 one, beyond two.

    Numbers are exact: a house number or a bus line one digit away is another one.
    """
    if len(word) < 4 or any(character.isdigit() for character in word):
        return 0
    return 1 if len(word) < 8 else 2


@dataclass(slots=True)
class Vocabulary:
    """Folded words with how often each occurs and how it is usually written."""

    frequency: Counter[str] = field(default_factory=Counter)
    _written: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _sorted: list[str] = field(default_factory=list)
    _by_length: dict[int, list[str]] = field(default_factory=dict)

    def add(self, word: str, written: str) -> None:
        self.frequency[word] += 1
        self._written[word][written.lower()] += 1

    def freeze(self) -> None:
        """Build the look-up tables. Call once, when every word is in."""
        self._sorted = sorted(self.frequency)
        lengths: dict[int, list[str]] = defaultdict(list)
        for word in self._sorted:
            if len(word) <= _MAX_WORD:
                lengths[len(word)].append(word)
        self._by_length = dict(lengths)

    def __contains__(self, word: object) -> bool:
        return word in self.frequency

    def __len__(self) -> int:
        return len(self.frequency)

    def written(self, word: str) -> str:
        """How `word` is most often written, accents included."""
        forms = self._written.get(word)
        if not forms:
            return word
        return min(forms, key=lambda form: (-forms[form], form))

    def starting_with(self, prefix: str) -> list[str]:
        """Known words that start with `prefix` (itself excluded), most frequent first."""
        low = bisect_left(self._sorted, prefix)
        high = bisect_left(self._sorted, prefix + "\U0010ffff")
        found = [word for word in self._sorted[low:high] if word != prefix]
        found.sort(key=lambda word: (-self.frequency[word], word))
        return found[:MAX_PREFIX_WORDS]

    def near(self, word: str, trace: Trace | None = None) -> list[Near]:
        """Known words nearest to `word`: only those at the smallest distance found.

        The first letter may differ. Among equals: same first letter, then the most frequent.
        """
        limit = allowed_distance(word)
        if not limit or len(word) > _MAX_WORD:
            return []
        choices: list[str] = []
        for length in range(len(word) - limit, len(word) + limit + 1):
            choices += self._by_length.get(length, ())
        return self._nearest(word, choices, limit, trace)

    def near_prefix(self, prefix: str, trace: Trace | None = None) -> list[Near]:
        """Known words whose beginning is nearest to `prefix`, a word still being typed."""
        limit = allowed_distance(prefix)
        if not limit or len(prefix) > _MAX_WORD:
            return []
        longer = [
            word
            for length, group in self._by_length.items()
            if length > len(prefix)
            for word in group
        ]
        beginnings = sorted({word[: len(prefix)] for word in longer})
        found = self._nearest(prefix, beginnings, limit, trace)
        result = [
            Near(word, near.distance)
            for near in found
            for word in (near.word, *self.starting_with(near.word))
            if word in self.frequency
        ]
        return result[:MAX_NEAR_WORDS]

    def _nearest(
        self, word: str, choices: Iterable[str], limit: int, trace: Trace | None
    ) -> list[Near]:
        choices = list(choices)
        if trace is not None:
            trace.words_compared += len(choices)
        found = process.extract(word, choices, scorer=OSA.distance, score_cutoff=limit, limit=None)
        if not found:
            return []
        smallest = min(distance for _, distance, _ in found)
        kept = [Near(text, int(distance)) for text, distance, _ in found if distance == smallest]
        kept.sort(
            key=lambda near: (near.word[:1] != word[:1], -self.frequency[near.word], near.word)
        )
        return kept[:MAX_NEAR_WORDS]


class Memory:
    """Near misses of a vocabulary, remembered: the same mistakes come back all day."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._near = lru_cache(maxsize=1024)(vocabulary.near)
        self._near_prefix = lru_cache(maxsize=1024)(vocabulary.near_prefix)

    def near(self, word: str, trace: Trace | None) -> list[Near]:
        return self._vocabulary.near(word, trace) if trace is not None else self._near(word)

    def near_prefix(self, word: str, trace: Trace | None) -> list[Near]:
        if trace is not None:
            return self._vocabulary.near_prefix(word, trace)
        return self._near_prefix(word)
