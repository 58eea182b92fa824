"""The demonstration's people and two years of their requests: believable, deterministic, made by the
same actions as everybody's.

`pack.py` what a pack says of it (`demonstration.toml`) · `people.py` accounts and roles ·
`journeys.py` requests and reports from the first word to the decision · `history.py` older reports, in bulk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socle.config.demo.pack import SECTION
from socle.foundations.packs import queries as packs
from socle.kernel.clock import SYSTEM

Report = Callable[[int, int], None]


def seed(report: Report | None = None) -> list[dict[str, Any]]:
    """Fill an empty database; gives the logins to show. Nothing when the pack describes no demonstration."""
    from socle.config.demo import history, journeys, people

    described = packs.current(SECTION.name)
    if described is None:
        return []
    plan = packs.document(described)
    now = SYSTEM.now().replace(minute=0, second=0, microsecond=0)
    cast = people.create(plan, now)
    total = plan.requests + plan.live_reports + plan.historic_reports

    def advance(done: int) -> None:
        if report is not None:
            report(done, total)

    done = history.create(plan, now, advance)
    journeys.create(plan, cast, now, lambda count: advance(done + count))
    return people.logins(plan)
