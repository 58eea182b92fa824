"""How long a search takes in a catalogue of 500 services of 200 words: `python -m bench.search`.

The aim is under 3 ms for the queries people type; twelve frequent words is the worst case.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable
from time import perf_counter

from bench import machine
from socle.capabilities.search.index import Index
from socle.capabilities.search.samples import synthetic


def _measure(index: Index, queries: Iterable[str]) -> dict[str, float]:
    times = []
    for query in queries:
        start = perf_counter()
        index.search(query, 20)
        times.append((perf_counter() - start) * 1000)
    times.sort()
    return {
        "p50_ms": round(times[len(times) // 2], 3),
        "p95_ms": round(times[int(len(times) * 0.95)], 3),
    }


def run(services: int = 500, words: int = 200) -> dict[str, dict[str, float]]:
    """Times in milliseconds by kind of query, and of building the index."""
    documents = synthetic(services, words=words, seed=3)
    start = perf_counter()
    index = Index(documents)
    build = (perf_counter() - start) * 1000
    frequency = index.vocabulary.frequency
    known = sorted(frequency, key=lambda word: (-frequency[word], word))
    rng = random.Random(1)
    long = [word for word in known if len(word) > 6]

    def mistyped(word: str) -> str:
        at = rng.randrange(len(word))
        return word[:at] + "x" + word[at + 1 :] + " "

    return {
        "build": {"ms": round(build, 1)},
        "two words": _measure(index, [" ".join(rng.choices(known[20:], k=2)) for _ in range(300)]),
        "two frequent words": _measure(
            index, [" ".join(rng.choices(known[:50], k=2)) for _ in range(300)]
        ),
        "three letters": _measure(index, [rng.choice(known)[:3] for _ in range(300)]),
        "a mistyped word": _measure(index, [mistyped(rng.choice(long)) for _ in range(300)]),
        "twelve frequent words": _measure(
            index, [" ".join(rng.choices(known[:20], k=12)) for _ in range(100)]
        ),
    }


if __name__ == "__main__":
    described = machine.describe()
    found = run()
    machine.save("search", "python -m bench.search", found, described)
    json.dump(found, sys.stdout, indent=2)
    sys.stdout.write("\n")
