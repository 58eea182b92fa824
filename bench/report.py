"""Writes `docs/performance.md` from `bench/results/*.json`: `python -m bench.report`.

Nothing there is written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bench.machine import RESULTS, ROOT

TARGET = ROOT / "docs" / "performance.md"
HEAD = """# What was measured

Written by `python -m bench.report` from `bench/results/`. Each table names its command, machine,
date and commit. Read ratios rather than absolutes, and mind the load of the machine when the run
began: a number measured on a busy machine is a pessimistic one.
"""


def flat(figures: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """`(name, value)` of every figure, nested names joined."""
    if isinstance(figures, dict):
        if "median" in figures:
            spread = f" ({figures['p10']} – {figures['p90']})" if "p90" in figures else ""
            yield " · ".join(path), f"{figures['median']}{spread}"
            figures = {k: v for k, v in figures.items() if k not in {"median", "p10", "p90", "n"}}
        for name, value in figures.items():
            yield from flat(value, (*path, str(name)))
    elif isinstance(figures, list):
        for rank, value in enumerate(figures):
            label = value.get("name", str(rank)) if isinstance(value, dict) else str(rank)
            rest = (
                {k: v for k, v in value.items() if k != "name"}
                if isinstance(value, dict)
                else value
            )
            yield from flat(rest, (*path, str(label)))
    else:
        yield " · ".join(path), str(figures)


def section(document: dict[str, Any]) -> str:
    """One result as Markdown."""
    machine = document["machine"]
    lines = [
        f"## {document['name']}",
        "",
        (
            f"`{document['command']}` — {machine['date']} UTC, commit `{machine['commit']}`, "
            f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GiB, "
            f"Python {machine['python']}, load at start {machine['load_at_start']}."
        ),
        "",
        "| figure | value: median (p10 – p90) |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in flat(document["figures"])),
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    found = sorted(RESULTS.glob("*.json"))
    parts = [section(json.loads(path.read_text("utf-8"))) for path in found]
    TARGET.write_text("\n\n".join([HEAD.strip(), *parts]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
