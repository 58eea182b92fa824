"""How the facts that reports add to their cases are told, to agents and to the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from socle.capabilities.casework import registry

Data = Mapping[str, Any]
Told = tuple[str, str, str, str]


def _handed_over(data: Data, public: bool) -> Told:
    title = _("Transmis à %(body)s") % {"body": data.get("body", "")}
    text = _("Nous suivons leur réponse.") if public else str(data.get("reason", ""))
    return title, text, "send", "progress"


def _news(data: Data, public: bool) -> Told:
    titles = {
        "open": _("%(body)s a bien reçu le signalement"),
        "accepted": _("%(body)s s’en occupe"),
        "done": _("%(body)s a terminé"),
        "returned": _("%(body)s ne peut pas s’en charger : nous reprenons le signalement"),
    }
    tones = {"done": "success", "returned": "warning"}
    status = str(data.get("status", "open"))
    title = titles.get(status, titles["open"]) % {"body": data.get("body", "")}
    return title, str(data.get("text", "")), "building-2", tones.get(status, "progress")


def _failed(data: Data, public: bool) -> Told:
    title = _("Transmission à %(body)s en échec") % {"body": data.get("body", "")}
    return title, "" if public else str(data.get("error", "")), "circle-alert", "danger"


def _back(data: Data, public: bool) -> Told:
    if public:
        return _("Nous reprenons le signalement"), "", "undo-2", "info"
    title = _("Repris à %(body)s") % {"body": data.get("body", "")}
    return title, str(data.get("reason", "")), "undo-2", "warning"


def _intervention(data: Data, public: bool) -> Told:
    titles = {
        "planned": _("Intervention prévue"),
        "under_way": _("Intervention commencée"),
        "done": _("Intervention faite"),
        "cancelled": _("Intervention annulée"),
    }
    title = titles.get(str(data.get("state")), titles["planned"])
    parts = [] if public else [str(data.get("reference", "")), str(data.get("hand", ""))]
    parts.append(str(data.get("day", "")))
    if not public:
        parts.append(str(data.get("text", "")))
    tone = "success" if data.get("state") == "done" else "progress"
    return title, " – ".join(part for part in parts if part), "wrench", tone


def register() -> None:
    """Teach the history of cases these facts; called once from ``AppConfig.ready()``."""
    registry.teller("handed_over", _handed_over)
    registry.teller("handover_news", _news)
    registry.teller("handover_failed", _failed)
    registry.teller("taken_back", _back)
    registry.teller("intervention", _intervention)
