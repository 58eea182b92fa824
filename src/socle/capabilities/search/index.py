"""Documents in, ranked hits out.

Ranking: each word of the query is a slot; a document's score is the sum over slots of rarity
(BM25's idf) × how well the best candidate term matches × where it stands (field weight, saturated
by frequency and field length), raised when the words stand side by side or make up most of the
heaviest field, lowered for each word that is missing. Equal scores are ordered by id: the same
query always gives the same list.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

from socle.capabilities.search.language import FRENCH, Language
from socle.capabilities.search.query import (
    MAX_CHARACTERS,
    WORTH_MARKING,
    Reader,
    Slot,
    plain,
    surface,
    synonym_table,
)
from socle.capabilities.search.text import fold, words
from socle.capabilities.search.vocabulary import Memory, Trace, Vocabulary

__all__ = ["MAX_CHARACTERS", "Document", "Hit", "Index", "Trace", "fold"]

_PHRASE_BONUS = 0.25
_COVER_BONUS = 0.35
_LINE_GAP = 8
# Hits far below the best one are noise, whatever the page size.
_SCORE_FLOOR = 0.1
_COVERAGE_FLOOR = 0.5

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched: named fields as (text, weight). Lines of a text are apart from one another.

    `boost` multiplies the score: 1 is neutral.
    """

    id: str
    fields: Mapping[str, tuple[str, float]]
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A document found, its score and, by field, the ranges of characters to mark."""

    id: str
    score: float
    highlights: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    field: int
    position: int
    start: int
    end: int


@dataclass(slots=True)
class _Entry:
    """What is kept of a document."""

    id: str
    boost: float
    fields: tuple[str, ...]
    weights: tuple[float, ...]
    # Distinct stems of the heaviest field, usually the title.
    heading: frozenset[str]
    places: dict[str, list[_Place]]


@dataclass(slots=True)
class _Marks:
    """Stems a slot may have been found by: those worth marking, the others, those in groups."""

    good: set[str] = field(default_factory=set)
    poor: set[str] = field(default_factory=set)
    together: list[frozenset[str]] = field(default_factory=list)

    def good_of(self, entry: _Entry) -> set[str]:
        """The stems of a document that answer the slot well."""
        known = entry.places.keys()
        found = self.good & known
        for stems in self.together:
            if stems <= known:
                found |= stems
        return found

    def of(self, entry: _Entry) -> set[str]:
        """The stems of a document that answer the slot, well or else poorly."""
        return self.good_of(entry) or self.poor & entry.places.keys()


class Index:
    """An immutable in-memory index.

    Args:
        documents: what can be found; ids must be distinct.
        language: how words are stemmed and which are stop words.
        synonyms: groups of expressions that mean the same to those who search.

    Raises:
        ValueError: two documents have the same id.
    """

    def __init__(
        self,
        documents: Iterable[Document],
        *,
        language: Language = FRENCH,
        synonyms: Iterable[Iterable[str]] = (),
    ) -> None:
        self._language = language
        self._entries: list[_Entry] = []
        # Term (a stem, "=" and a word as written, "~" and its singular) to document to weight.
        self._postings: dict[str, dict[int, float]] = {}
        self._stem_of: dict[str, str] = {}
        vocabulary = Vocabulary()
        self._load(sorted(documents, key=lambda document: document.id), vocabulary)
        vocabulary.freeze()
        self.vocabulary = vocabulary
        self._reader = Reader(
            vocabulary=vocabulary,
            memory=Memory(vocabulary),
            language=language,
            synonyms=synonym_table(synonyms, language),
            known=self._postings.__contains__,
        )

    def __len__(self) -> int:
        return len(self._entries)

    def search(
        self,
        query: str,
        limit: int = 20,
        *,
        keep: Callable[[str], bool] | None = None,
        trace: Trace | None = None,
    ) -> list[Hit]:
        """The best `limit` documents for `query`, best first.

        Only the first 200 characters and 12 meaningful words of the query count. A query without
        any meaningful word finds nothing. `keep` tells by id which documents may be found; `trace`
        collects the work done, for tests and benches.
        """
        slots = self._reader.read(query, trace)
        if not slots or limit < 1:
            return []
        scores, coverage = self._score(slots, trace)
        if keep is not None:
            scores = {n: score for n, score in scores.items() if keep(self._entries[n].id)}
        if not scores:
            return []
        for number in scores:
            scores[number] *= coverage[number] ** 2 * self._entries[number].boost
        # Side-by-side words are looked for only among those that may end up on the page.
        short = heapq.nsmallest(max(3 * limit, 60), scores, key=lambda n: (-scores[n], n))
        marks = [self._marks(slot) for slot in slots]
        ranked = []
        for number in short:
            score = scores[number] * self._closeness(self._entries[number], marks)
            ranked.append((-round(score, 9), number))
        ranked.sort()
        best = -ranked[0][0]
        covered = max(coverage[number] for _, number in ranked)
        return [
            Hit(self._entries[number].id, -score, self._highlights(self._entries[number], marks))
            for score, number in ranked
            if -score >= best * _SCORE_FLOOR and coverage[number] >= covered * _COVERAGE_FLOOR
        ][:limit]

    def suggest(self, query: str) -> str | None:
        """`query` with its unknown words replaced by the nearest known ones, or None.

        None too when nothing near is known, or when nothing is misspelt.
        """
        slots = self._reader.read(query)
        corrections = [slot for slot in slots if slot.correction]
        if not corrections:
            return None
        text = query[:MAX_CHARACTERS]
        for slot in reversed(corrections):
            proposed = " ".join(map(self.vocabulary.written, slot.correction.split()))
            text = text[: slot.word.start] + proposed + text[slot.word.end :]
        return " ".join(text.split())

    # --- Building ---

    def _load(self, documents: list[Document], vocabulary: Vocabulary) -> None:
        counts: list[list[dict[str, int]]] = []
        lengths: list[list[int]] = []
        totals: dict[str, list[int]] = {}
        for number, document in enumerate(documents):
            if number and document.id == documents[number - 1].id:
                raise ValueError(f"two documents have the id {document.id!r}")
            entry, terms = self._read_document(document, vocabulary)
            self._entries.append(entry)
            counts.append(terms)
            lengths.append([sum(n for term, n in of.items() if term[0] == "=") for of in terms])
            for name, length in zip(entry.fields, lengths[-1], strict=True):
                totals.setdefault(name, []).append(length)
        average = {name: sum(all_) / len(all_) or 1.0 for name, all_ in totals.items()}
        for number, entry in enumerate(self._entries):
            for index, terms_of in enumerate(counts[number]):
                relative = lengths[number][index] / (average[entry.fields[index]] or 1.0)
                for term, n in terms_of.items():
                    weight = entry.weights[index] * n / (n + 0.4 + 0.6 * relative)
                    posting = self._postings.setdefault(term, {})
                    posting[number] = posting.get(number, 0.0) + weight

    def _read_document(
        self, document: Document, vocabulary: Vocabulary
    ) -> tuple[_Entry, list[dict[str, int]]]:
        language = self._language
        places: dict[str, list[_Place]] = {}
        counts: list[dict[str, int]] = []
        headings: list[set[str]] = []
        for index, (text, _weight) in enumerate(document.fields.values()):
            terms: dict[str, int] = {}
            heading: set[str] = set()
            position, offset = 0, 0
            for line in text.split("\n"):
                for word in words(line):
                    if word.text in language.stop:
                        continue
                    start, end = offset + word.start, offset + word.end
                    vocabulary.add(word.text, text[start:end])
                    stem = language.stem(word.text)
                    self._stem_of[surface(word.text)] = stem
                    singular = plain(word.text, language)
                    self._stem_of.setdefault(singular, stem)
                    for term in (stem, singular, surface(word.text)):
                        terms[term] = terms.get(term, 0) + 1
                    heading.add(stem)
                    places.setdefault(stem, []).append(_Place(index, position, start, end))
                    position += 1
                position += _LINE_GAP
                offset += len(line) + 1
            counts.append(terms)
            headings.append(heading)
        weights = tuple(weight for _, weight in document.fields.values())
        heaviest = headings[weights.index(max(weights))] if weights else set()
        entry = _Entry(
            id=document.id,
            boost=document.boost,
            fields=tuple(document.fields),
            weights=weights,
            heading=frozenset(heaviest),
            places=places,
        )
        return entry, counts

    # --- Ranking ---

    def _score(
        self, slots: list[Slot], trace: Trace | None
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Scores and shares of the query found, by document number."""
        scores: dict[int, float] = {}
        coverage: dict[int, float] = {}
        total = 0.0
        for slot in slots:
            matched = self._match(slot, trace)
            if not matched:
                continue
            n = len(matched)
            rarity = log(1 + (len(self._entries) - n + 0.5) / (n + 0.5)) + 0.1
            total += rarity
            for number, weight in matched.items():
                scores[number] = scores.get(number, 0.0) + rarity * weight
                coverage[number] = coverage.get(number, 0.0) + rarity
        if total:
            for number in coverage:
                coverage[number] /= total
        return scores, coverage

    def _match(self, slot: Slot, trace: Trace | None) -> dict[int, float]:
        best: dict[int, float] = {}
        for candidate in slot.candidates:
            postings = [self._postings.get(term) for term in candidate.terms]
            if any(posting is None for posting in postings):
                continue
            first, *others = (posting for posting in postings if posting is not None)
            if trace is not None:
                trace.postings_read += len(first)
            for number, weight in first.items():
                if others:
                    rest = [posting.get(number, 0.0) for posting in others]
                    weight = min(weight, *rest)
                score = candidate.quality * weight
                if score > best.get(number, 0.0):
                    best[number] = score
        return best

    def _marks(self, slot: Slot) -> _Marks:
        marks = _Marks()
        for candidate in slot.candidates:
            stems = frozenset(self._stem_of.get(term, term) for term in candidate.terms)
            is_good = candidate.quality >= WORTH_MARKING
            if len(stems) == 1:
                (marks.good if is_good else marks.poor).update(stems)
            else:
                marks.together.append(stems)
        return marks

    def _closeness(self, entry: _Entry, slots: list[_Marks]) -> float:
        """Factor ≥ 1: words of the query side by side, and how much of the heading they make up."""
        found = [marks.good_of(entry) for marks in slots]
        heaviest = max(entry.weights, default=1.0)
        factor = 1.0
        pairs = list(pairwise(found))
        for left, right in pairs:
            starts = {(p.field, p.position) for stem in left for p in entry.places[stem]}
            side_by_side = [
                entry.weights[p.field] / heaviest
                for stem in right
                for p in entry.places[stem]
                if (p.field, p.position - 1) in starts
            ]
            factor += _PHRASE_BONUS * max(side_by_side, default=0.0) / len(pairs)
        if entry.heading:
            covered = entry.heading & set[str]().union(*found)
            factor += _COVER_BONUS * len(covered) / len(entry.heading)
        return factor

    def _highlights(self, entry: _Entry, slots: list[_Marks]) -> dict[str, tuple[Range, ...]]:
        ranges: dict[str, set[Range]] = {}
        for stem in set[str]().union(*(marks.of(entry) for marks in slots)):
            for place in entry.places[stem]:
                name = entry.fields[place.field]
                ranges.setdefault(name, set()).add((place.start, place.end))
        return {name: tuple(sorted(found)) for name, found in sorted(ranges.items())}
