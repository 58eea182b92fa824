"""Tones: how a meaning is shown. Always an icon and words beside the colour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext, ngettext

from socle.design.filters import date_short, time_short

TONES: dict[str, str] = {
    "neutral": "circle",
    "info": "info",
    "progress": "loader",
    "success": "circle-check",
    "warning": "triangle-alert",
    "danger": "circle-alert",
    "sun": "sun",
    "calanque": "waves",
}
"""Tone → icon used by status pills and notices when none is given."""


_NATURE = {"sprout", "leaf", "trees", "tree-pine", "flower-2", "recycle", "bike", "heart-handshake"}
_WATER = {
    "droplets",
    "droplet",
    "waves",
    "waves-ladder",
    "sailboat",
    "ship",
    "anchor",
    "wifi",
    "wind",
}
_LIGHT = {"megaphone", "lightbulb", "sun", "traffic-cone", "baby", "ticket", "store", "lamp"}
_DECORATIVE = ("info", "calanque", "sun", "success")


def tint(icon: str) -> str:
    """A tone for the ground of a decorative icon, always the same for an icon: a theme keeps its
    colour from page to page. It carries no meaning.
    """
    if icon in _NATURE:
        return "success"
    if icon in _WATER:
        return "calanque"
    if icon in _LIGHT:
        return "sun"
    return _DECORATIVE[sum(map(ord, icon)) % len(_DECORATIVE)]


@dataclass(frozen=True)
class DeadlineView:
    """A deadline ready to show: tone, icon, words, and the exact date for the tooltip."""

    tone: str
    icon: str
    label: str
    title: str


def deadline_view(
    at: datetime, now: datetime, done: bool = False, label: str | None = None
) -> DeadlineView:
    """Words and tone for a deadline: late (danger), within two days (warning), later (neutral),
    kept (success).
    """
    title = f"{date_short(at)} {time_short(at)}"
    if done:
        return DeadlineView("success", "check", label or gettext("Délai tenu"), title)
    gap = at - now
    if gap < timedelta():
        late = -gap
        if late < timedelta(hours=1):
            words = gettext("En retard")
        elif late < timedelta(days=1):
            hours = int(late.total_seconds() // 3600)
            words = ngettext("En retard de %(n)s heure", "En retard de %(n)s heures", hours) % {
                "n": hours
            }
        else:
            words = ngettext("En retard de %(n)s jour", "En retard de %(n)s jours", late.days) % {
                "n": late.days
            }
        return DeadlineView("danger", "alarm-clock", words, title)
    if gap < timedelta(hours=1):
        return DeadlineView("warning", "clock", gettext("Moins d’une heure"), title)
    if gap < timedelta(days=1):
        hours = int(gap.total_seconds() // 3600)
        words = ngettext("Encore %(n)s heure", "Encore %(n)s heures", hours) % {"n": hours}
        return DeadlineView("warning", "clock", words, title)
    words = ngettext("Encore %(n)s jour", "Encore %(n)s jours", gap.days) % {"n": gap.days}
    return DeadlineView("warning" if gap < timedelta(days=2) else "neutral", "clock", words, title)
