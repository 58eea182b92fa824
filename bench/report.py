"""Writes `docs/performance.md` from `bench/results/*.json`: `python -m bench.report`.

Nothing there is written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from bench.machine import RESULTS, ROOT

TARGET = ROOT / "docs" / "performance.md"
HEAD = """# What was measured

Written by `python -m bench.report` from `bench/results/`. Each table names its command, machine,
date and commit. Read ratios rather than absolutes, and mind the load of the machine when the run
began: a number measured on a busy machine is a pessimistic one.
"""
VENDORS = ("sqlite", "postgresql")
PROMISES = """## Promises and figures

A million reports with three million events, of a hundred organisations. Milliseconds unless said.
The ratio is that of the medians: ours by the bare SQL of the same question, in the same run. Where
several things are asked (zooms, filters, words), the figure is that of all of them drawn alike,
then the slowest one is named. **Bold**: more than promised. "–": not measured. The load under which
each was measured is with its figures, below; several of these ran beside whole test suites.
"""

Results = dict[str, dict[str, Any]]
Cell = tuple[str, str]
NOTHING: Cell = ("–", "–")


def flat(figures: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """`(name, value)` of every figure, nested names joined."""
    if isinstance(figures, dict):
        if "median" in figures:
            spread = f" ({figures['p10']} – {figures['p90']})" if "p90" in figures else ""
            yield " · ".join(path), f"{figures['median']}{spread}"
            figures = {k: v for k, v in figures.items() if k not in {"median", "p10", "p90", "n"}}
        elif "p50" in figures and "p95" in figures:
            more = ", ".join(
                f"{name.replace('_', ' ')} {value}"
                for name, value in figures.items()
                if name not in {"p50", "p95"} and not isinstance(value, dict | list)
            )
            yield " · ".join(path), f"p50 {figures['p50']}, p95 {figures['p95']} ({more})"
            figures = {k: v for k, v in figures.items() if isinstance(v, dict | list)}
        for name, value in figures.items():
            yield from flat(value, (*path, str(name)))
    elif isinstance(figures, list):
        if all(not isinstance(each, dict | list) for each in figures):
            yield " · ".join(path), "; ".join(map(str, figures)) or "none"
            return
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
            f"Python {machine['python']}, load at start {machine['load_at_start']}, "
            f"priority {machine.get('priority', 0)}."
        ),
        "",
        "| figure | value: median (p10 – p90) |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in flat(document["figures"])),
    ]
    return "\n".join(lines)


# --- The table of promises ---


def marked(text: str, broken: bool) -> str:
    return f"**{text}**" if broken else text


def slowest(group: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The name and figures of what has the largest 95th centile."""
    return max(
        ((name, each) for name, each in group.items() if name != "all"),
        key=lambda pair: pair[1]["p95"],
    )


def ratios(group: dict[str, Any]) -> str:
    found = sorted(each["ratio"] for name, each in group.items() if name != "all")
    return f"{found[0]:.1f} – {found[-1]:.1f}" if len(found) > 1 else f"{found[0]:.1f}"


def worst(name: str, key: str, aim: float) -> Callable[[Results, str], Cell]:
    """The largest 95th centile of a group, with what it is of."""

    def cell(results: Results, vendor: str) -> Cell:
        figures = results.get(f"{name}-{vendor}")
        if figures is None:
            return NOTHING
        of, each = slowest(figures[key])
        return marked(f"p95 {each['p95']} ({of})", each["p95"] > aim), ratios(figures[key])

    return cell


def drawn(
    name: str, path: tuple[str, ...], p95: float, p50: float = 0
) -> Callable[[Results, str], Cell]:
    """Everything of a group drawn alike, then its slowest."""

    def cell(results: Results, vendor: str) -> Cell:
        group: Any = results.get(f"{name}-{vendor}")
        if group is None:
            return NOTHING
        for step in path:
            group = group[step]
        whole, (of, each) = group["all"], slowest(group)
        text = marked(f"p95 {whole['p95']}", whole["p95"] > p95)
        if p50:
            text = marked(f"p50 {whole['p50']}", whole["p50"] > p50) + f", {text}"
        return text + "; " + marked(f"{of}: {each['p95']}", each["p95"] > p95), ratios(group)

    return cell


def nearby(results: Results, vendor: str) -> Cell:
    figures = results.get(f"reports-public-{vendor}")
    if figures is None:
        return NOTHING
    each = figures["nearby"]["duplicates, 30 m"]
    return marked(f"p95 {each['p95']}", each["p95"] > 5), str(each["ratio"])


def many_users(results: Results, vendor: str) -> Cell:
    figures = results.get(f"reports-served-{vendor}")
    if figures is None:
        return NOTHING
    each = figures["list_16_users"]
    text = marked(f"p95 {each['p95']}", each["p95"] > 300)
    return f"{text}, {each['per_second']} pages/s", "–"


def sent(key: str) -> Callable[[Results, str], Cell]:
    def cell(results: Results, vendor: str) -> Cell:
        figures = results.get(f"reports-served-{vendor}")
        if figures is None:
            return NOTHING
        each, aim = figures[key], {"sqlite": 100, "postgresql": 200}[vendor]
        rate = marked(f"{each['per_second']}/s", each["per_second"] < aim)
        return f"{rate}, {marked('p99 ' + str(each['p99']), each['p99'] > 1_000)}", "–"

    return cell


def memory(results: Results, vendor: str) -> Cell:
    figures = results.get(f"reports-served-{vendor}")
    if figures is None:
        return NOTHING
    each = max(figures["memory_of_a_web_worker"], key=lambda each: each["resident_mb"])
    text = f"{each['resident_mb']} MB, {each['own_mb']} its own"
    return marked(text, each["own_mb"] >= 300), "–"


def routing(results: Results, _vendor: str) -> Cell:
    figures = results.get("routing")
    if figures is None:
        return NOTHING
    named = {name: each for name, each in figures.items() if isinstance(each, dict)}
    # Rules that only look for words name no area: they are shown, not promised.
    words = named.pop("words only")
    name, each = max(named.items(), key=lambda pair: pair[1]["p99"])
    ratio = each["one rule after the other p50"] / each["p50"]
    return (
        marked(f"p99 {each['p99']} ({name})", each["p99"] > 1) + f"; words only: {words['p99']}",
        f"{ratio:.0f} × faster than one rule after the other",
    )


def pages(results: Results, vendor: str) -> Cell:
    figures = results.get(f"pages-{vendor}")
    if figures is None:
        return NOTHING
    found = figures[vendor]
    parts = []
    for way, said in (("inside", "without network"), ("granian", "served")):
        name, each = max(found[way].items(), key=lambda pair: pair[1]["wall_ratio"])
        parts.append(marked(f"{each['wall_ratio']} × {said} ({name})", each["wall_ratio"] > 3))
    return ", ".join(parts), "–"


def imported(results: Results, vendor: str) -> Cell:
    figures = results.get("import", {}).get(vendor)
    if figures is None:
        return NOTHING
    rate = figures["new"]["per_second"]
    return marked(f"{rate:,}/s", vendor == "sqlite" and rate < 3_000), "–"


def killed(results: Results, vendor: str) -> Cell:
    figures = results.get("kill9", {}).get(vendor)
    if figures is None:
        return NOTHING
    wrong = len(figures["lost, duplicated or half-written"])
    text = f"{figures['cycles']} cycles, {figures['writes acknowledged']:,} writes, {wrong} wrong"
    text += f", ready in {figures['slowest start, s']} s"
    return marked(text, bool(wrong) or figures["slowest start, s"] > 5), "–"


def demo(results: Results, vendor: str) -> Cell:
    figures = results.get("demo")
    if figures is None or vendor != "sqlite":
        return NOTHING
    first = figures["first start, packages downloaded, s"]
    slow = max(figures["next starts, s"])
    return marked(f"{first} s, then {slow} s", first > 240 or slow > 8), "–"


ROWS: tuple[tuple[str, str, Callable[[Results, str], Cell]], ...] = (
    ("public map tile z12–z16", "p95 ≤ 25", worst("reports-public", "tile", 25)),
    ("clusters z5–z11, any filter", "p95 ≤ 10", worst("reports-public", "clusters", 10)),
    (
        "desk list, whole page, 1 user", "p50 ≤ 20, p95 ≤ 60",
        drawn("reports-desk", ("list", "page"), 60, 20),
    ),
    (
        "desk list, its query alone", "p50 ≤ 20, p95 ≤ 60",
        drawn("reports-desk", ("list", "query"), 60, 20),
    ),
    ("desk list, 16 users over HTTP", "p95 ≤ 300", many_users),
    ("nearby duplicates", "p95 ≤ 5", nearby),
    ("words, at the desk", "p95 ≤ 100", drawn("reports-search", ("search", "desk"), 100)),
    ("words, in public", "p95 ≤ 100", drawn("reports-search", ("search", "public"), 100)),
    ("submission by REST, 32 programs", "≥ 100/s, ≥ 200/s PostgreSQL, p99 < 1 s",
     sent("sent_by_programs")),
    ("submission by the portal, 32 browsers", "≥ 100/s, ≥ 200/s PostgreSQL, p99 < 1 s",
     sent("sent_by_browsers")),
    ("Open311 list of 100", "p95 ≤ 40", drawn("reports-desk", ("open311",), 40)),
    ("routing, 500 rules, 92 areas", "≤ 1", routing),
    ("memory of a web worker", "< 300 MB", memory),
    ("page by bare view: home, service, inbox", "≤ 3 ×", pages),
    ("import of historic reports", "≥ 3,000/s on SQLite", imported),
    ("kill -9 under 32 writers", "nothing lost or doubled, ready in ≤ 5 s", killed),
    ("demonstration: first start, next ones", "≤ 240 s, ≤ 8 s", demo),
)  # fmt: skip


def promises(results: Results) -> str:
    """The table of what must be reached and what was measured."""
    lines = [
        PROMISES.strip(), "",
        "| operation | must reach | SQLite | ratio | PostgreSQL | ratio |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for operation, aim, cell in ROWS:
        cells = [text for vendor in VENDORS for text in cell(results, vendor)]
        lines.append(f"| {' | '.join((operation, aim, *cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    results = {each["name"]: each["figures"] for each in found}
    parts = [section(each) for each in found]
    TARGET.write_text("\n\n".join([HEAD.strip(), promises(results), *parts]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
