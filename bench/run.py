"""Every measure, one after the other: `python -m bench.run`; then `python -m bench.report`.

Hours on a quiet machine. `--quick` takes minutes: each bench with small numbers, to see that it
runs; its figures mean nothing and are kept in a folder that goes away.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import machine


@dataclass(frozen=True)
class Bench:
    """A module, what it is asked in earnest and in a hurry. `{home}`: a folder for its house."""

    name: str
    full: Sequence[str] = ()
    quick: Sequence[str] = ()


BENCHES = (
    Bench("search"),
    Bench("bench_import", quick=("--generated", "500", "--database", "sqlite")),
    Bench(
        "casework",
        full=("--home", "{home}"),
        quick=("--home", "{home}", "--count", "300"),
    ),
    Bench(
        "reports_public",
        quick=("--count", "300", "--vendor", "sqlite"),
    ),
    Bench(
        "reports_desk",
        full=("--home", "{home}"),
        quick=("--home", "{home}", "--count", "300", "--runs", "5"),
    ),
    Bench("routing"),
    Bench(
        "pages",
        quick=("--cases", "300", "--rounds", "5", "--database", "sqlite", "--inside"),
    ),
    Bench("weight"),
    Bench("bench_kill9", quick=("--cycles", "1", "--drafts", "60", "--database", "sqlite")),
    Bench("demo"),
)
# A browser and a whole demonstration: too long for somebody in a hurry.
_NOT_QUICK = {"weight", "demo"}


def run(bench: Bench, *, quick: bool, environ: dict[str, str]) -> tuple[int, float]:
    """Status and seconds of one bench, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="socle-bench-") as home:
        words = [each.format(home=home) for each in (bench.quick if quick else bench.full)]
        started = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "-m", f"bench.{bench.name}", *words],
            env=environ, cwd=machine.ROOT, check=False,
        )  # fmt: skip
        return ran.returncode, time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="small numbers, nothing kept")
    chosen = parser.parse_args()
    strange = set(chosen.names) - {bench.name for bench in BENCHES}
    if strange:
        parser.error(f"no bench named {', '.join(sorted(strange))}")
    with tempfile.TemporaryDirectory(prefix="socle-bench-results-") as away:
        environ = {**os.environ, "PYTHONPATH": f"{machine.ROOT / 'src'}{os.pathsep}{machine.ROOT}"}
        if chosen.quick:
            environ["BENCH_RESULTS"] = away
        failed = []
        for bench in BENCHES:
            if chosen.names and bench.name not in chosen.names:
                continue
            if chosen.quick and not chosen.names and bench.name in _NOT_QUICK:
                continue
            machine.say(f"— {bench.name}")
            before = len(list(Path(away).iterdir()))
            status, seconds = run(bench, quick=chosen.quick, environ=environ)
            # In a hurry, a promise missed says nothing: that figures came out is enough.
            if chosen.quick and len(list(Path(away).iterdir())) > before:
                status = 0
            machine.say(f"  {'done' if status == 0 else f'status {status}'} in {seconds:.0f} s")
            if status:
                failed.append(bench.name)
    if failed:
        machine.say(f"failed: {', '.join(failed)}")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
