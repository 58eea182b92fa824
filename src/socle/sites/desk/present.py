"""Rows as the design system's macros take them, with the words agents read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from socle.capabilities.casework import rules
from socle.capabilities.casework.models import Case, PublicStatus
from socle.capabilities.casework.pack import Transition, Workflow
from socle.capabilities.casework.queries import Row
from socle.design.addresses import url
from socle.design.filters import ago
from socle.foundations.territories import queries as territories

STATUS_TONES: Mapping[str, str] = {
    PublicStatus.RECEIVED: "info",
    PublicStatus.IN_PROGRESS: "progress",
    PublicStatus.WAITING: "warning",
    PublicStatus.PLANNED: "progress",
    PublicStatus.RESOLVED: "success",
    PublicStatus.ACCEPTED: "success",
    PublicStatus.REFUSED: "danger",
    PublicStatus.NOT_OURS: "neutral",
    PublicStatus.CLOSED: "neutral",
    PublicStatus.CANCELLED: "neutral",
}


class Line(NamedTuple):
    """One line of an inbox, finished: the template only prints."""

    id: int
    href: str
    reference: str
    title: str
    state: str
    tone: str
    team: str
    assignee: str
    created: str
    ago: str
    due: str
    overdue: bool
    news: bool


def rows(found: list[Row], now: datetime) -> list[Line]:
    """Lines of an inbox."""
    base = url("desk:inbox")
    return [
        Line(
            row.id,
            f"{base}dossiers/{row.reference}",
            row.reference,
            row.title,
            row.state_label,
            STATUS_TONES.get(row.public_status, "neutral"),
            row.team_name,
            row.assignee_name,
            row.created_at.isoformat(),
            ago(row.created_at, now),
            _due(row, now),
            row.overdue,
            row.has_news,
        )
        for row in found
    ]


def _due(row: Row, now: datetime) -> str:
    if row.due_at is None or not row.is_open:
        return ""
    days = (row.due_at - now).days
    if row.overdue:
        return ngettext("en retard de %(n)s jour", "en retard de %(n)s jours", max(-days, 1)) % {
            "n": max(-days, 1)
        }
    if days == 0:
        return _("aujourd’hui")
    return ngettext("dans %(n)s jour", "dans %(n)s jours", days) % {"n": days}


def basemap() -> dict[str, Any] | None:
    """Raster background of maps, None when the installation has none."""
    options = settings.SOCLE.map
    if not options.tile_url:
        return None
    return {"tiles": options.tile_url, "attribution": options.credit, "max_zoom": 19}


def map_options() -> dict[str, Any]:
    """What maps need: background, contours, where to look first."""
    return {
        "basemap": basemap(),
        "contours": url("portal:communes"),
        "credit": territories.contours_attribution(),
        "center": territories.centre(),
        "zoom": 10,
    }


def status(case: Case, label: str) -> dict[str, str]:
    return {"label": label, "tone": STATUS_TONES.get(case.public_status, "neutral")}


def closing(workflow: Workflow, offered: Sequence[Transition]) -> str:
    """Id of the transition that closes the case among those offered: an answer before a refusal.

    Empty when none closes.
    """
    ends = [
        each
        for each in offered
        if (state := rules.state_of(workflow, each.target)) and not state.open
    ]
    return min(ends, key=lambda each: each.style == "danger").id if ends else ""
