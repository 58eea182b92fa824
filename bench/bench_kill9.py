"""`kill -9` of the server under thirty-two writers: `python -m bench.bench_kill9`.

Twenty cycles on each database. Each one starts `socle serve`, lets thirty-two browsers send reports
as fast as they are answered, kills every process at a moment nobody chose, and reads the database
again: no acknowledged write may be lost, none filed twice, and the server must be ready within five
seconds of its next start. Ends with status 1 when a promise is broken; the figures are kept either
way.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from tests.durability import killing

from bench import house, machine

COMMAND = "python -m bench.bench_kill9"
READY_WITHIN = 5.0
"""Seconds between the start and the first `/readyz` that says yes."""

DRAFTS_PER_CYCLE = 500


def measure(vendor: str, cycles: int, drafts: int) -> dict[str, Any]:
    """The figures of one database. The first start, on a database just made, is left out."""
    with house.folder() as home, house.database(vendor) as url:
        killed = killing.cycles(home, url, cycles, drafts=drafts, say=machine.say)
    return {
        "cycles": killed.cycles,
        "writes acknowledged": killed.writes,
        "cases found": killed.cases,
        "cut before an answer, then sent again": killed.unanswered,
        "sent twice by their author": killed.repeated,
        "ready after a kill, s": machine.summary(killed.ready[1:]),
        "slowest start, s": round(max(killed.ready[1:]), 2),
        "lost, duplicated or half-written": killed.wrong,
    }


def broken(vendor: str, figures: dict[str, Any]) -> list[str]:
    """A sentence for each promise these figures break."""
    found = [f"{vendor}: {each}" for each in figures["lost, duplicated or half-written"]]
    if figures["cases found"] != figures["writes acknowledged"]:
        found.append(
            f"{vendor}: {figures['writes acknowledged']} writes, {figures['cases found']} cases"
        )
    if figures["slowest start, s"] > READY_WITHIN:
        found.append(f"{vendor}: ready after {figures['slowest start, s']} s, not {READY_WITHIN}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--drafts", type=int, default=0, help="writes prepared (500 a cycle)")
    parser.add_argument("--database", choices=[*house.VENDORS, "both"], default="both")
    chosen = parser.parse_args()
    described = machine.describe()
    vendors = house.VENDORS if chosen.database == "both" else (chosen.database,)
    drafts = chosen.drafts or chosen.cycles * DRAFTS_PER_CYCLE
    figures = {}
    for vendor in vendors:
        machine.say(f"{vendor}: {chosen.cycles} cycles")
        figures[vendor] = measure(vendor, chosen.cycles, drafts)
    command = f"{COMMAND} {' '.join(sys.argv[1:])}".strip()
    print(machine.save("kill9", command, figures, described))
    faults = [fault for vendor in vendors for fault in broken(vendor, figures[vendor])]
    for fault in faults:
        machine.say(fault)
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
