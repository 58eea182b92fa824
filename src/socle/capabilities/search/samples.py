"""Made-up documents of a chosen size, for benches and tests of work done."""

from __future__ import annotations

import random

from socle.capabilities.search.index import Document

_SYLLABLES = [consonant + vowel for consonant in "bcdfglmnprstv" for vowel in "aeio"]


def synthetic(
    documents: int, *, words: int = 200, vocabulary: int = 6000, seed: int = 0
) -> list[Document]:
    """`documents` documents of `words` words each, drawn Zipf-like; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - not a secret
    known: set[str] = set()
    while len(known) < vocabulary:
        known.add("".join(rng.choices(_SYLLABLES, k=rng.randint(2, 5))))
    ordered = sorted(known)
    rng.shuffle(ordered)
    weights = [1 / rank for rank in range(1, len(ordered) + 1)]

    def draw(count: int) -> str:
        return " ".join(rng.choices(ordered, weights=weights, k=count))

    return [
        Document(
            id=f"service-{number:05}",
            fields={
                "title": (draw(5), 8.0),
                "keywords": ("\n".join(draw(1) for _ in range(10)), 5.0),
                "summary": (draw(20), 3.0),
                "description": (draw(max(1, words - 35)), 1.0),
            },
        )
        for number in range(documents)
    ]
