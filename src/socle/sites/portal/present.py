"""Rows as the design system's macros take them: plain dicts, addresses included, language chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from socle.capabilities.casework.models import Case, PublicStatus
from socle.capabilities.catalogue import queries
from socle.capabilities.catalogue.models import PublicService
from socle.design.filters import filesize, money, phone_fr
from socle.domains.reports.queries import Near
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


def audiences() -> list[tuple[str, str]]:
    """Whom services are for, as filters."""
    return [
        ("resident", _("Habitants")),
        ("company", _("Entreprises")),
        ("association", _("Associations")),
        ("commune", _("Communes")),
    ]


def service(found: PublicService, language: str | None) -> dict[str, Any]:
    """A service card."""
    title, summary = queries.localised(found, language)
    return {
        "title": title,
        "summary": summary,
        "href": reverse("portal:service", args=[found.key]),
        "icon": found.icon,
        "online": found.action in ("procedure", "report"),
    }


def vocabulary(found: Any, language: str | None) -> dict[str, Any]:
    """A theme or a life event."""
    return {
        "id": found.id,
        "label": found.label_in(language),
        "text": found.description_in(language),
        "icon": found.icon,
    }


def themes(language: str | None) -> list[dict[str, Any]]:
    return [
        {**vocabulary(each, language), "href": reverse("portal:theme", args=[each.id])}
        for each in queries.themes()
    ]


def life_events(language: str | None) -> list[dict[str, Any]]:
    return [
        {**vocabulary(each, language), "href": reverse("portal:life-event", args=[each.id])}
        for each in queries.life_events()
    ]


def service_page(found: PublicService, language: str | None) -> dict[str, Any]:
    """Everything the service page shows."""
    title, summary = queries.localised(found, language)
    declaration = queries.declaration(found.key)
    areas = [area.name for code in found.areas if (area := territories.area(code))]
    organisation = territories.organisation_by_id(found.organisation_id)
    return {
        "channels": [_channel(each) for each in declaration.channels],
        "contact": _contact(declaration.contact),
        "facts": _facts(declaration, organisation.name, areas),
        "easy_read": queries.easy_read(found),
        "key": found.key,
        "title": title,
        "summary": summary,
        "icon": found.icon,
        "declaration": declaration,
        "description": queries.description(found, language),
        "action_label": declaration.action_label,
        "areas": areas,
        "theme": next((each for each in themes(language) if each["id"] == found.theme), None),
        "organisation": organisation,
        "translated": language == "fr" or bool(declaration.en and declaration.en.description),
    }


_CHANNEL_ICONS = {
    "online": "monitor", "counter": "map-pin", "phone": "phone", "mail": "mail", "email": "mail",
    "mobile": "smartphone",
}  # fmt: skip


def _channel(channel: Any) -> dict[str, Any]:
    labels = {
        "online": _("En ligne"),
        "counter": _("Au guichet"),
        "phone": _("Par téléphone"),
        "mail": _("Par courrier"),
        "email": _("Par courriel"),
        "mobile": _("Depuis l’application"),
    }
    return {
        "label": channel.label or labels[channel.kind],
        "href": channel.url or None,
        "text": channel.address or None,
        "meta": [
            each
            for each in (phone_fr(channel.phone) if channel.phone else "", channel.email, channel.hours)
            if each
        ],
        "icon": _CHANNEL_ICONS[channel.kind],
    }


def _contact(contact: Any) -> list[dict[str, Any]]:
    if contact is None:
        return []
    rows = [{"kind": "place", "label": contact.name, "value": contact.address or contact.name}]
    if contact.phone:
        rows.append(
            {"kind": "phone", "value": phone_fr(contact.phone), "href": "tel:" + contact.phone.replace(" ", "")}
        )
    if contact.email:
        rows.append({"kind": "email", "value": contact.email, "href": f"mailto:{contact.email}"})
    if contact.hours:
        rows.append({"kind": "hours", "value": contact.hours})
    return rows


def _facts(declaration: Any, organisation: str, areas: list[str]) -> list[dict[str, Any]]:
    costs = [
        each.description or (_("Gratuit") if each.amount_cents == 0 else money(each.amount_cents))
        for each in declaration.costs
    ]
    rows = [
        (_("Qui s’en occupe"), organisation),
        (_("Coût"), ", ".join(str(each) for each in costs)),
        (_("Délai"), declaration.processing_time),
        (_("Valable"), declaration.validity),
        (_("Où"), ", ".join(areas) if areas else _("Tout le territoire")),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def status(case: Case) -> dict[str, str]:
    return {
        "label": str(PublicStatus(case.public_status).label),
        "tone": STATUS_TONES.get(case.public_status, "neutral"),
    }


def case_card(case: Case) -> dict[str, Any]:
    """A request in « mes demandes »."""
    return {
        "title": case.title,
        "href": reverse("portal:request", args=[case.reference]),
        "reference": case.reference,
        "status": status(case),
        "updated": case.updated_at,
        "icon": "megaphone" if case.kind == Case.Kind.REPORT else "file-text",
    }


def near(found: Near) -> dict[str, Any]:
    """An open report close by: what and how far; nothing about who sent it."""
    return {
        "id": found.case.pk,
        "title": found.case.title,
        "status": status(found.case),
        "metres": round(found.metres),
        "at": found.case.created_at,
    }


def file_item(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A file of a draft, for the file picker."""
    return {
        "id": answer["id"],
        "name": answer["name"],
        "size": filesize(answer["size"]),
        "href": reverse("portal:file", args=[answer["id"]]),
        "remove_value": answer["id"],
    }


def basemap() -> dict[str, Any] | None:
    """Raster background of maps, None when the installation has none."""
    options = settings.SOCLE.map
    if not options.tile_url:
        return None
    return {"tiles": options.tile_url, "attribution": options.credit, "max_zoom": 19}


def map_options() -> dict[str, Any]:
    """What maps need: background, contours, where to look first."""
    centre = territories.centre()
    return {
        "basemap": basemap(),
        "contours": reverse("portal:communes"),
        "center": centre,
        "zoom": 10,
        "suggestions_url": reverse("portal:addresses"),
    }
