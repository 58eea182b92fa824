"""Who gets a report: ordered tables of typed conditions, one per organisation, read in memory.

`language.py` what a condition may read · `compiling.py` a table as masks of candidates · `deciding.py`
reading the tables one after the other · `loops.py` can a report go round in circles? · `snapshot.py`
the tables in force, kept in the process · `checking.py` is this rule right? · `actions.py` writing
rules, sending reports again · `trial.py` what a table would have done · `pack.py` rules of packs.

    decision = routing.route(facts, organisation_id=…)
"""  # noqa: E501

from __future__ import annotations

from typing import TYPE_CHECKING

from socle.domains.reports.routing.deciding import Decision, Default
from socle.domains.reports.routing.language import NAMES, Facts

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NAMES", "Decision", "Default", "Facts", "route"]


def route(
    report: Facts, *, organisation_id: int, default: Callable[[int], Default] | None = None
) -> Decision:
    """Where a report goes, beginning with the rules of an organisation.

    `default` tells who answers in an organisation when none of its rules holds (normally its
    default team). Below a millisecond and without a query, once the tables are in memory; never
    raises: a table at fault sends to the default team, and `Decision.fault` says why.
    """
    from socle.domains.reports.routing import snapshot

    return snapshot.current().decide(report, organisation_id, default)
