"""Reads of the journal."""

from __future__ import annotations

from socle.foundations.journal.models import Entry
from socle.foundations.journal.verification import Finding, Report, verify

__all__ = ["Finding", "Report", "entries_for", "page", "verify"]


def entries_for(subject_type: str, subject_id: str, *, limit: int = 200) -> list[Entry]:
    """What was done to one thing, the newest first."""
    rows = Entry.objects.filter(subject_type=subject_type, subject_id=str(subject_id))
    return list(rows.select_related("chain").order_by("-sequence", "-pk")[:limit])


def page(chain: str, *, before: int | None = None, limit: int = 50) -> list[Entry]:
    """One chain, the newest first; ``before`` is the last sequence already shown."""
    rows = Entry.objects.filter(chain__name=chain)
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    return list(rows.order_by("-sequence")[:limit])
