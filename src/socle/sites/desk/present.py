"""Rows as the design system's macros take them, with the words agents read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from socle.capabilities.casework import registry
from socle.capabilities.casework.models import Case, PublicStatus
from socle.capabilities.casework.queries import Row
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


def rows(found: list[Row], now: datetime) -> list[dict[str, Any]]:
    """Lines of an inbox. Flat and finished: the template only prints, for it prints fifty of them."""
    base = reverse("desk:inbox")
    return [
        {
            "id": row.id,
            "href": f"{base}dossiers/{row.reference}",
            "reference": row.reference,
            "title": row.title,
            "where": row.address,
            "icon": registry.kind(row.kind).icon,
            "state": row.state_label,
            "tone": STATUS_TONES.get(row.public_status, "neutral"),
            "team": row.team_name,
            "assignee": row.assignee_name,
            "created": row.created_at,
            "ago": ago(row.created_at, now),
            "due": _due(row, now),
            "overdue": row.overdue,
            "news": row.has_news,
        }
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
        "contours": reverse("portal:communes"),
        "center": territories.centre(),
        "zoom": 10,
    }


def status(case: Case, label: str) -> dict[str, str]:
    return {"label": label, "tone": STATUS_TONES.get(case.public_status, "neutral")}
