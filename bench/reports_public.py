"""What everybody sees of many reports: `python -m bench.reports_public --count N`.

A house of its own for each database, furnished and filled with N reports (three events each, every
organisation of the pack), then read: tiles, clusters, the list, what is near. Every figure is a
number of milliseconds of one connection beside that of the bare SQL of the same question, taken in
turn on the same machine; the ratio is that of their medians. `--home DIR` keeps the house of one
database for the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import generate_cases, house, machine

AIMS_MS = {"tile": 25, "clusters": 10, "list": 60, "nearby": 5}
"""95th centile, at a million reports."""
SEED = 7
RUNS = 150

Pair = tuple[Callable[[], object], Callable[[], object]]


def against(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Each pair of works (ours, the bare SQL) once, in turn; every one met cold by ours first."""
    for mine, bare in pairs[:10]:
        mine()
        bare()
    gc.collect()
    times = [(_once(mine), _once(bare)) for mine, bare in pairs]
    ours, theirs = [each[0] for each in times], [each[1] for each in times]
    p50, bare_p50 = _centile(ours, 50), _centile(theirs, 50)
    return {
        "p50": p50,
        "p95": _centile(ours, 95),
        "max": round(max(ours), 2),
        "bare_p50": bare_p50,
        "bare_p95": _centile(theirs, 95),
        "ratio": round(p50 / max(bare_p50, 0.001), 2),
        "n": len(ours),
    }


def _once(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000


def _centile(values: Sequence[float], rank: int) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * rank // 100)], 2)


def _bare(sql: str, values: Sequence[Any]) -> Callable[[], object]:
    from django.db import connection

    def run() -> object:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    return run


class _Asker:
    """Draws questions where reports are, with the filters people use."""

    def __init__(self) -> None:
        from socle.domains.reports.models import PublicReport
        from socle.domains.reports.queries import PublicFilter

        self.rng = random.Random(SEED)
        last = PublicReport.objects.order_by("-pk").values_list("pk", flat=True)[0]
        sample = sorted({self.rng.randrange(1, last) for _ in range(3_000)})
        rows = PublicReport.objects.filter(pk__in=sample).order_by("pk")
        self.rows = list(
            rows.values_list(
                "cell", "lon", "lat", "category", "status", "organisation_id", "area_code"
            )
        )
        self.filter = PublicFilter

    def row(self) -> tuple[Any, ...]:
        return self.rng.choice(self.rows)

    def wanted(self, row: tuple[Any, ...]) -> Any:
        """Nothing, or any of category × status × organisation, of a report that exists."""
        given: dict[str, Any] = {}
        if self.rng.random() < 0.5:
            given["categories"] = frozenset({row[3]})
        if self.rng.random() < 0.4:
            given["statuses"] = frozenset({row[4]})
        if self.rng.random() < 0.3:
            given["organisation_id"] = row[5]
        return self.filter(**given)


def tiles(ask: _Asker) -> dict[str, Any]:
    """By zoom; the bare SQL reads the same range of the index, or the same counts."""
    from socle.domains.reports import queries
    from socle.domains.reports.public import tiles as drawing
    from socle.kernel import geo

    found = {}
    for zoom in range(12, 17):
        pairs: list[Pair] = []
        sizes = []
        for _ in range(RUNS):
            row = ask.row()
            wanted = ask.wanted(row)
            x, y = geo.tile_of(row[0], zoom)
            content = queries.public_tile(zoom, x, y, wanted)
            drawn = drawing.POINTS.encode() in content[:40]
            sizes.append(len(content))
            if drawn:
                bare = _bare(*drawing.statement(*geo.tile_range(zoom, x, y), wanted))
            else:
                bare = _counts(zoom, [geo.tile_range(zoom, x, y)], wanted)
            pairs.append((lambda z=zoom, x=x, y=y, w=wanted: queries.public_tile(z, x, y, w), bare))
        found[f"z{zoom}"] = {**against(pairs), "kB_p95": round(_centile(sizes, 95) / 1000, 1)}
    return found


def _counts(zoom: int, ranges: Sequence[tuple[int, int]], wanted: Any) -> Callable[[], object]:
    """The counts alone, without what was not rolled up yet."""
    from socle.domains.reports.public import counting
    from socle.kernel import geo

    level = counting.level_for(zoom)
    shift = 2 * (geo.ZOOM - level)
    ((low, high),) = ranges
    sql = (
        "SELECT key, n, sum_lon, sum_lat FROM reports_reportcount WHERE level = %s"
        " AND organisation = %s AND category = %s AND status = %s AND key >= %s AND key < %s"
    )
    category, status = (next(iter(each), "") for each in (wanted.categories, wanted.statuses))
    owner = wanted.organisation_id or 0
    return _bare(sql, [level, owner, category, status, low >> shift, max(high >> shift, 1)])


def clusters(ask: _Asker) -> dict[str, Any]:
    from socle.domains.reports import queries
    from socle.kernel import geo

    found = {}
    for zoom in range(5, 12):
        pairs: list[Pair] = []
        for _ in range(RUNS):
            row = ask.row()
            wanted = ask.wanted(row)
            x, y = geo.tile_of(row[0], zoom)
            pairs.append(
                (
                    lambda z=zoom, x=x, y=y, w=wanted: queries.public_tile(z, x, y, w),
                    _counts(zoom, [geo.tile_range(zoom, x, y)], wanted),
                )
            )
        found[f"z{zoom}"] = against(pairs)
    return found


def lists(ask: _Asker) -> dict[str, Any]:
    """Pages of fifty; the bare SQL orders the same rows by hand."""
    from socle.domains.reports import queries
    from socle.domains.reports.public import lists as listing

    def some(name: str) -> Any:
        row = ask.row()
        lon, lat = row[1], row[2]
        return {
            "everything": ask.filter,
            "open": lambda: ask.filter(is_open=True),
            "one category": lambda: ask.filter(categories=frozenset({row[3]})),
            "one status": lambda: ask.filter(statuses=frozenset({row[4]})),
            "one organisation": lambda: ask.filter(organisation_id=row[5]),
            "all three": lambda: ask.filter(
                categories=frozenset({row[3]}), statuses=frozenset({row[4]}), organisation_id=row[5]
            ),
            "one commune": lambda: ask.filter(area_code=row[6]),
            "a street": lambda: ask.filter(
                bbox=(lon - 0.002, lat - 0.002, lon + 0.002, lat + 0.002)
            ),
            "a district, open": lambda: ask.filter(
                bbox=(lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02), is_open=True
            ),
            "words": lambda: ask.filter(words="boulevard"),
        }[name]()

    found = {}
    for name in (
        "everything", "open", "one category", "one status", "one organisation", "all three",
        "one commune", "a street", "a district, open", "words",
    ):  # fmt: skip
        pairs: list[Pair] = []
        for _ in range(40):
            wanted = some(name)
            where = listing._conditions(wanted)
            sql = (
                "SELECT case_id, reference, category, status, address, text, created_at, lon, lat"
                f" FROM reports_publicreport WHERE {where}"
                " ORDER BY created_at DESC, case_id DESC LIMIT 51"
            )
            pairs.append((lambda w=wanted: queries.public_list(w), _bare(sql, where.values)))
        found[name] = against(pairs)
    return found


def nearby(ask: _Asker) -> dict[str, Any]:
    from django.db import connection

    from socle.domains.reports import queries
    from socle.kernel import geo

    indexed = "" if connection.vendor != "sqlite" else ' INDEXED BY "public_cell_idx"'
    found = {}
    for name, radius, with_category in (("duplicates, 30 m", 30, True), ("all, 100 m", 100, False)):
        pairs: list[Pair] = []
        for _ in range(RUNS):
            row = ask.row()
            category = row[3] if with_category else ""
            ranges = geo.cover(*geo.bbox_around(row[1], row[2], radius), max_ranges=6)
            one = (
                f"SELECT case_id, reference FROM reports_publicreport{indexed} WHERE visible"
                " AND cell >= %s AND cell < %s AND is_open"
                + (" AND category = %s" if category else "")
            )
            given = [
                value
                for low, high in ranges
                for value in ((low, high, category) if category else (low, high))
            ]
            pairs.append(
                (
                    lambda row=row, radius=radius, category=category: queries.nearby(
                        row[1], row[2], category_id=category, radius_m=radius
                    ),
                    _bare(" UNION ALL ".join([one] * len(ranges)), given),
                )
            )
        found[name] = against(pairs)
    return found


def roll_up() -> dict[str, Any]:
    """Changes rolled up a second, and what reading costs with many not rolled up."""
    from django.db import transaction

    from socle.domains.reports.models import PublicReport
    from socle.domains.reports.public import counting

    rows = PublicReport.objects.filter(visible=True).order_by("pk")[:5_000]
    spots = [
        counting.Spot(each.cell, each.organisation_id, each.category, each.status, each.lon,
                      each.lat)
        for each in rows
    ]  # fmt: skip
    with transaction.atomic():
        counting.add_spots(spots)
    waiting = [_once(lambda: counting.count(8, counting.WORLD)) for _ in range(20)]
    start = perf_counter()
    done = counting.roll_up()
    seconds = perf_counter() - start
    counting.ReportDelta.objects.bulk_create([counting.delta(each, -1) for each in spots])
    counting.roll_up()
    return {
        "changes_per_second": round(done / seconds),
        "count_with_5000_waiting_p50": _centile(waiting, 50),
    }


def measure(count: int) -> dict[str, Any]:
    """In the house that is open: fill it if need be, then read."""
    from socle.capabilities.casework.models import CaseEvent
    from socle.domains.reports.models import PublicReport, ReportCount
    from socle.kernel.clock import SYSTEM

    house.furnish()
    missing = count - PublicReport.objects.count()
    figures: dict[str, Any] = {}
    if missing > count // 100:
        start = perf_counter()
        generate_cases.generate(missing, now=SYSTEM.now(), reports=True, events=3)
        figures["filled_in_seconds"] = round(perf_counter() - start)
    ask = _Asker()
    figures |= {
        "reports": PublicReport.objects.count(),
        "events": CaseEvent.objects.count(),
        "organisations": PublicReport.objects.values("organisation_id").distinct().count(),
        "rows_of_counts": ReportCount.objects.count(),
        "tile": tiles(ask),
        "clusters": clusters(ask),
        "list": lists(ask),
        "nearby": nearby(ask),
        "roll_up": roll_up(),
    }
    figures["over_aim"] = [
        f"{kind} · {name}: {each['p95']} ms"
        for kind, aim in AIMS_MS.items()
        for name, each in figures[kind].items()
        if each["p95"] > aim
    ]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="keep the house here (one database)")
    parser.add_argument("--database", default="", help="postgresql://… of the house at --home")
    parser.add_argument("--vendor", choices=house.VENDORS, help="one database only")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        house.open_here(dict(os.environ))
        json.dump(measure(given.count), sys.stdout)
        return
    for vendor in (given.vendor,) if given.vendor else house.VENDORS:
        described = machine.describe()
        known = vendor == "postgresql" and given.database
        with (
            house.folder(given.home) as home,
            contextlib.nullcontext(given.database) if known else house.database(vendor) as url,
        ):
            words = ("--inside", "--count", str(given.count))
            printed = house.child("bench.reports_public", house.environment(home, url), *words)
        figures = {"vendor": vendor, **json.loads(printed.splitlines()[-1])}
        command = f"python -m bench.reports_public --count {given.count} --vendor {vendor}"
        target = machine.save(f"reports-public-{vendor}", command, figures, described)
        machine.say(str(target))
        print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
