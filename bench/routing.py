"""Routing: 500 rules over 92 areas, one decision at a time.

    PYTHONPATH=src:. python -m bench.routing

Three tables: rules by category and area, as people write them; the same with words to look for in
each; and 500 rules that all look for words, which nothing can sort out beforehand. Prints p50, p95,
p99 in milliseconds of processor, compiled and naive; fails when p99 of the first two is over one.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable

from bench import house, machine

RULES, AREAS, CATEGORIES, DECISIONS = 500, 92, 49, 3000
LIMIT_MS = 1.0
WORDS = ("trou", "seringue", "école", "marché", "vélo", "poubelle", "arbre", "lampe", "eau", "bus")


def main() -> int:
    described = machine.describe()
    # A setting of benches, that the house does not know.
    os.environ.pop(house.SERVER, None)
    figures: dict[str, dict[str, float]] = {}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socle.config.settings")
    os.environ.setdefault("SOCLE_DEMO", "1")
    import django

    django.setup()
    from socle.domains.reports.routing.compiling import Rule, compiled, naive
    from socle.domains.reports.routing.deciding import Tables
    from socle.domains.reports.routing.language import Facts, read

    dice = random.Random(2026)
    categories = [f"c{number:02}" for number in range(CATEGORIES)]
    areas = [f"13{number:03}" for number in range(AREAS)]

    def by_place(number: int) -> str:
        some = ", ".join(f'"{each}"' for each in dice.sample(categories, 3))
        return (
            f'category in [{some}] and area == "{areas[number % AREAS]}" and hour >= {number % 5}'
        )

    def with_words(number: int) -> str:
        words = dice.sample(WORDS, 2)
        return f'{by_place(number)} and (text contains "{words[0]}" or text contains "{words[1]}")'

    def only_words(number: int) -> str:
        return f'text contains "{dice.choice(WORDS)} {number}" and weekday <= 6'

    text = "Bonjour, un gros trou s’est ouvert devant l’école, près de l’arrêt. " * 4
    facts = [
        Facts(
            category=dice.choice(categories), area=dice.choice(areas), text=text,
            hour=dice.randrange(24), weekday=dice.randrange(1, 8), address="1 rue de l’Église",
        )
        for _each in range(DECISIONS)
    ]  # fmt: skip
    worst = 0.0
    shapes: tuple[tuple[str, Callable[[int], str]], ...] = (
        ("category and area", by_place),
        ("and words", with_words),
        ("words only", only_words),
    )
    print(f"{'table':<20} {'p50':>8} {'p95':>8} {'p99':>8}   naive p50")
    for name, write in shapes:
        texts = [write(number) for number in range(RULES)]
        rules = [
            Rule(number, f"r{number}", each, read(each), team_id=number + 1)
            for number, each in enumerate(texts)
        ]
        tables = Tables({1: compiled(rules)}, {1: 1}, {1: "here"})
        for each in facts[:100]:
            tables.decide(each, 1)
        taken = []
        for each in facts:
            start = time.thread_time()
            tables.decide(each, 1)
            taken.append((time.thread_time() - start) * 1000)
        plain = []
        for each in facts[:50]:
            start = time.thread_time()
            next(naive(rules, each.values()), None)
            plain.append((time.thread_time() - start) * 1000)
        taken.sort()
        p50, p95, p99 = (taken[int(len(taken) * share)] for share in (0.5, 0.95, 0.99))
        naive_p50 = sorted(plain)[len(plain) // 2]
        figures[name] = {
            "p50": round(p50, 3), "p95": round(p95, 3), "p99": round(p99, 3),
            "one rule after the other p50": round(naive_p50, 3),
        }  # fmt: skip
        print(f"{name:<20} {p50:8.3f} {p95:8.3f} {p99:8.3f}   {naive_p50:8.3f}")
        if name != "words only":
            worst = max(worst, p99)
    machine.save(
        "routing", "python -m bench.routing", {"rules": RULES, "areas": AREAS, **figures}, described
    )
    return 0 if worst <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
