"""How fast historic reports come in, through the command line: `python -m bench.bench_import`.

The 62,245 real reports when their folder is there, else as many made up; `--generated N` makes up N
lines, each with an identifier, a status, dates, an address and a description. The aim is 3,000
reports a second on SQLite, and memory that does not depend on the number of lines.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import house, machine
from bench.machine import ROOT

COMMAND = "python -m bench.bench_import"
AIM = 3_000
"""Reports a second, on SQLite."""
PACK = ROOT / "tests/packs/lake-city"
REAL = ROOT.parent / "shared/data/real/reports/zurich_wgs84_fr.csv.gz"
REAL_MAPPING = ROOT / "tests/packs/lake-city.import.toml"
LINES = 62_245
# A point of the test pack's territory, and how far around it reports lie (degrees).
_LON, _LAT, _SPREAD = 8.54, 47.38, 0.02

_MAPPING = """
source = "generated"
[columns]
id = "id"
created = "created"
closed = "closed"
category = "category"
status = "status"
lon = "lon"
lat = "lat"
address = "address"
description = "description"
[categories]
"*" = "dechets"
graffiti = "graffiti"
lamp = "eclairage"
[statuses]
open = "received"
"*" = "resolved"
"""


def generate(folder: Path, lines: int) -> tuple[Path, Path]:
    """A CSV file of so many lines, and its mapping; always the same."""
    rng = random.Random(7)
    words = [f"mot{number}" for number in range(2_000)]
    start = datetime(2016, 1, 1, 8, tzinfo=UTC)
    table, mapping = folder / "reports.csv", folder / "reports.toml"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["id", "created", "closed", "category", "status", "lon", "lat", "address",
             "description"]
        )  # fmt: skip
        for number in range(lines):
            created = start + timedelta(minutes=rng.randrange(5_000_000))
            closed = created + timedelta(hours=rng.randrange(1, 2_000))
            writer.writerow(
                [
                    f"R{number}",
                    created.strftime("%Y-%m-%d %H:%M:%S"),
                    closed.strftime("%Y-%m-%d %H:%M:%S"),
                    rng.choice(["graffiti", "lamp", "waste"]),
                    rng.choice(["open", "done", "done"]),
                    f"{_LON + rng.uniform(-_SPREAD, _SPREAD):.6f}",
                    f"{_LAT + rng.uniform(-_SPREAD, _SPREAD):.6f}",
                    f"{rng.randrange(1, 200)} rue {rng.choice(words)}",
                    " ".join(rng.choices(words, k=12)),
                ]
            )
    mapping.write_text(_MAPPING, encoding="utf-8")
    return table, mapping


def command(home: Path, url: str, *words: str) -> dict[str, Any]:
    """Run the command line in a house; its JSON, its seconds, its peak memory in megabytes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "socle.config.cli", *words],
        env=house.environment(home, url), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode:
        raise SystemExit(f"{' '.join(words)}: {run.stdout}{run.stderr}")
    return {
        "said": run.stdout,
        "seconds": round(seconds, 2),
        "processor_seconds": round(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2
        ),
        # The largest child so far: the import is by far the largest.
        "peak_mb": round(after.ru_maxrss / 1024),
    }


def measure(home: Path, url: str, table: Path, mapping: Path) -> dict[str, Any]:
    """Import a file twice: all new, then all known."""
    command(home, url, "migrate")
    command(home, url, "packs", "apply", str(PACK))
    words = ("import", "reports", str(table), "--map", str(mapping), "--json")
    words += ("--rejects", str(home / "rejects.csv"))
    figures: dict[str, Any] = {}
    for name in ("new", "known"):
        run = command(home, url, *words)
        said = json.loads(run.pop("said"))
        figures[name] = {
            "lines": said["read"],
            "created": said["created"],
            "known": said["known"],
            "rejected": said["rejected"],
            "seconds": said["seconds"],
            "per_second": round(said["read"] / said["seconds"]),
            "per_processor_second": round(said["read"] / run["processor_seconds"]),
            "whole_command": run,
        }
    return figures


@contextmanager
def _file(generated: int) -> Iterator[tuple[Path, Path]]:
    if not generated and REAL.is_file():
        yield REAL, REAL_MAPPING
        return
    with tempfile.TemporaryDirectory(prefix="socle-bench-") as folder:
        machine.say(f"making up {generated or LINES} lines")
        yield generate(Path(folder), generated or LINES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generated", type=int, default=0, metavar="N")
    parser.add_argument("--database", choices=[*house.VENDORS, "both"], default="both")
    given = parser.parse_args()
    described = machine.describe()
    figures: dict[str, Any] = {}
    with _file(given.generated) as (table, mapping):
        for vendor in house.VENDORS if given.database == "both" else [given.database]:
            machine.say(f"import on {vendor}")
            with house.database(vendor) as url, house.folder(None) as home:
                figures[vendor] = measure(home, url, table, mapping)
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    if given.database == "both":
        name = f"import-{given.generated}" if given.generated else "import"
        machine.save(name, f"{COMMAND} {' '.join(sys.argv[1:])}".strip(), figures, described)
    rate = figures.get("sqlite", {}).get("new", {}).get("per_second", AIM)
    if rate < AIM:
        raise SystemExit(f"{rate} reports a second on SQLite: the aim is {AIM}")


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
