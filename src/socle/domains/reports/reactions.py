"""What reports do when something happens below them."""

from __future__ import annotations

from socle.capabilities.casework.events import FollowersChanged
from socle.domains.reports.models import PublicReport
from socle.foundations.packs.events import PackApplied


def pack_applied(event: PackApplied) -> None:
    """Categories may have become public, or stopped being so."""
    from socle.domains.reports.tasks import refresh_categories

    if PublicReport.objects.exists():
        refresh_categories.enqueue()


def followers_changed(event: FollowersChanged) -> None:
    """Everybody sees how many follow a report."""
    PublicReport.objects.filter(pk=event.case_id).update(followers=event.count)
