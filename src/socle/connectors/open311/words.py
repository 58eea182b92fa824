"""What another server's status means for a hand-over. Pure.

GeoReport v2 knows ``open`` and ``closed``; FixMyStreet's extension says why.
"""

from __future__ import annotations

import unicodedata

from socle.domains.reports.handovers.ports import UpdateStatus

_STATUSES: dict[str, UpdateStatus] = {
    "open": "open",
    "reopen": "open",
    "in_progress": "accepted",
    "investigating": "accepted",
    "action_scheduled": "accepted",
    "internal_referral": "accepted",
    "closed": "done",
    "fixed": "done",
    "duplicate": "done",
    "no_further_action": "done",
    "not_councils_responsibility": "returned",
}


def status_of(theirs: str) -> UpdateStatus:
    """Our word for theirs; what is not known is as good as open."""
    return _STATUSES.get(folded(theirs), "open")


def folded(theirs: str) -> str:
    """``"In Progress"`` is ``in_progress``."""
    plain = unicodedata.normalize("NFKD", theirs).encode("ascii", "ignore").decode()
    return "_".join(plain.lower().replace("-", " ").replace("_", " ").split())


# Our public statuses as FixMyStreet's extension has them.
EXTENDED: dict[str, str] = {
    "received": "open",
    "in_progress": "in_progress",
    "waiting": "investigating",
    "planned": "action_scheduled",
    "resolved": "fixed",
    "accepted": "fixed",
    "refused": "no_further_action",
    "not_ours": "not_councils_responsibility",
    "closed": "closed",
    "cancelled": "no_further_action",
}
