"""Housekeeping of this site."""

from __future__ import annotations

from socle.foundations.tasks import periodic, task
from socle.sites.identity import housekeeping


@periodic(at="03:45")
@task(name="identity.sweep")
def sweep() -> None:
    """Counters whose window ended, accounts never confirmed."""
    housekeeping.sweep()
