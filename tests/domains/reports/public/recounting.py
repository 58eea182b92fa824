"""An independent recount, in plain Python: what the counts must always say."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product

from socle.capabilities.casework.models import Case
from socle.domains.reports.models import PublicReport, ReportCount, ReportDelta
from socle.kernel import geo

LEVELS = (8, 10, 12, 14, 16)
Key = tuple[int, int, str, str, int]


def _choices(organisation: int, category: str, status: str) -> list[tuple[int, str, str]]:
    return list(product((organisation, 0), (category, ""), (status, "")))


def expected() -> dict[Key, tuple[int, int, int]]:
    """From the cases themselves: located reports, not merged, not hidden."""
    hidden = set(PublicReport.objects.filter(moderation="hidden").values_list("pk", flat=True))
    found: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    for case in Case.objects.filter(kind="report", merged_into=None).order_by("pk"):
        if case.pk in hidden or case.cell is None or case.lon is None or case.lat is None:
            continue
        for level in LEVELS:
            key = geo.parent(case.cell, level)
            for choice in _choices(case.organisation_id, case.category, case.public_status):
                sums = found[(level, *choice, key)]
                sums[0] += 1
                sums[1] += round(case.lon * 1_000_000)
                sums[2] += round(case.lat * 1_000_000)
    return {key: (n, lon, lat) for key, (n, lon, lat) in found.items()}


def actual() -> dict[Key, tuple[int, int, int]]:
    """Counts and changes not rolled up, together."""
    found: Counter[tuple[Key, str]] = Counter()
    for row in ReportCount.objects.order_by("pk"):
        key = (row.level, row.organisation, row.category, row.status, row.key)
        found[key, "n"] += row.n
        found[key, "lon"] += row.sum_lon
        found[key, "lat"] += row.sum_lat
    for change in ReportDelta.objects.order_by("pk"):
        for level in LEVELS:
            for choice in _choices(change.organisation, change.category, change.status):
                key = (level, *choice, geo.parent(change.cell, level))
                found[key, "n"] += change.n
                found[key, "lon"] += change.lon
                found[key, "lat"] += change.lat
    keys = {key for key, _name in found}
    sums = {key: (found[key, "n"], found[key, "lon"], found[key, "lat"]) for key in keys}
    return {key: each for key, each in sums.items() if each != (0, 0, 0)}
