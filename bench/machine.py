"""Where and when figures were measured, and where they are kept."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(os.environ.get("BENCH_RESULTS") or ROOT / "bench" / "results")


def describe() -> dict[str, Any]:
    """The machine, the versions of what matters, the commit, the date (UTC)."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": _system(),
        "load_at_start": round(os.getloadavg()[0], 1),
        # 0: as any other program; below, before what else the machine does.
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("django", "jinja2", "granian", "psycopg")},
    }


def save(name: str, command: str, figures: dict[str, Any], machine: dict[str, Any]) -> Path:
    """Write `bench/results/<name>.json`. `command` is what somebody types to measure again."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    target = RESULTS / f"{name}.json"
    document = {"name": name, "command": command, "machine": machine, "figures": figures}
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=False)
    target.write_text(text + "\n", encoding="utf-8")
    return target


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median and spread of some measures, rounded for a table."""
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 3),
        "p10": round(ordered[len(ordered) // 10], 3),
        "p90": round(ordered[len(ordered) * 9 // 10], 3),
        "n": len(ordered),
    }


def say(text: str) -> None:
    """One line of progress for the person who waits."""
    print(text, file=sys.stderr, flush=True)


def _commit() -> str:
    def git(*words: str) -> str:
        run = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return run.stdout.strip()

    changed = git("status", "--porcelain", "--", "src", "frontend", "packs")
    return git("rev-parse", "--short=10", "HEAD") + (" + changes" if changed else "")


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _system() -> str:
    try:
        names = platform.freedesktop_os_release()
    except OSError:
        return platform.system()
    return names.get("PRETTY_NAME", platform.system())
