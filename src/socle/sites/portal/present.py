"""Rows as the design system's macros take them: plain dicts, addresses included, language chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markupsafe import Markup

from socle.capabilities.casework.models import Case, PublicStatus
from socle.capabilities.casework.queries import Neighbour
from socle.capabilities.catalogue import queries
from socle.capabilities.catalogue.snapshot import Service
from socle.design.filters import money, phone_fr
from socle.foundations.packs import queries as packs
from socle.foundations.territories import queries as territories
from socle.sites.portal import accessibility, links, town_halls

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


def service(found: Service, area: str = "") -> dict[str, Any]:
    """A service card; `area` is the commune whose town hall its page is to show."""
    href = reverse("portal:service", args=[found.key])
    if area and found.declaration.provider == "commune":
        href = f"{href}?{urlencode({town_halls.PARAMETER: area})}"
    return {
        "title": found.title,
        "summary": found.summary,
        "href": href,
        "icon": found.icon,
        "online": found.action in ("procedure", "report"),
        "lang": foreign(found.language),
    }


def found_service(found: queries.Found, area: str = "") -> dict[str, Any]:
    """A service found by a search: its card, with the words of the query marked."""
    card = service(found.service, area)
    return {**card, "title": _marked(found.title), "summary": _marked(found.summary)}


def _marked(segments: queries.Segments) -> Markup:
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if marked else piece for piece, marked in segments
    )


def foreign(language: str) -> str:
    """What `lang` says of a text: its language when the page speaks another one, else nothing."""
    return "" if (get_language() or "fr").startswith(language) else language


def heading(found: queries.Heading) -> dict[str, Any]:
    """A theme or a life event."""
    name = "portal:theme" if found.kind == "theme" else "portal:life-event"
    return {
        "id": found.id,
        "label": found.label,
        "text": found.description,
        "icon": found.icon,
        "href": reverse(name, args=[found.id]),
    }


def themes(language: str) -> list[dict[str, Any]]:
    return [heading(each) for each in queries.headings_of_themes(language=language)]


def life_events(language: str) -> list[dict[str, Any]]:
    return [heading(each) for each in queries.headings_of_life_events(language=language)]


def service_page(found: Service, language: str) -> dict[str, Any]:
    """Everything the service page shows."""
    declaration = found.declaration
    return {
        "key": found.key,
        "title": found.title,
        "summary": found.summary,
        "icon": found.icon,
        "declaration": declaration,
        "steps": found.steps,
        "conditions": found.conditions,
        "processing_time": found.processing_time,
        "description": Markup(found.description_html),  # noqa: S704 -- sanitised by the catalogue
        "easy_read": Markup(found.easy_read_html),  # noqa: S704 -- idem
        "action_label": found.action_label,
        "channels": [_channel(each) for each in declaration.channels],
        "contact": _contact(declaration.contact),
        "facts": _facts(found),
        "theme": next((each for each in themes(language) if each["id"] == found.theme), None),
        "organisation": found.organisation,
        "translated": found.is_translated and found.body_language == language,
        "links": declaration.links,
        "by_commune": declaration.provider == "commune",
        "lang": _languages(found),
    }


def _languages(found: Service) -> dict[str, str]:
    """The `lang` of each part of a service page; "" for what is in the page's language."""
    english = found.declaration.en if found.language == "en" else None

    def of(part: str) -> str:
        return foreign("en" if english is not None and getattr(english, part) else "fr")

    return {
        "title": foreign(found.language),
        "description": foreign(found.body_language),
        "steps": of("steps"),
        "conditions": of("conditions"),
        # Only ever written in French.
        "french": foreign("fr"),
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
            for each in (
                phone_fr(channel.phone) if channel.phone else "",
                channel.email,
                channel.hours,
            )
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
            {
                "kind": "phone",
                "value": phone_fr(contact.phone),
                "href": "tel:" + contact.phone.replace(" ", ""),
            }
        )
    if contact.email:
        rows.append({"kind": "email", "value": contact.email, "href": f"mailto:{contact.email}"})
    if contact.hours:
        rows.append({"kind": "hours", "value": contact.hours})
    return rows


def _facts(found: Service) -> list[dict[str, Any]]:
    declaration = found.declaration
    areas = [territories.area(code).name for code in found.areas]
    costs = [
        each.description or (_("Gratuit") if not each.amount_cents else money(each.amount_cents))
        for each in declaration.costs
    ]
    rows = [
        (_("Qui s’en occupe"), found.organisation),
        (_("Coût"), ", ".join(str(each) for each in costs)),
        (_("Délai"), found.processing_time),
        (_("Valable"), declaration.validity),
        (_("Où"), ", ".join(areas) if areas else _("Tout le territoire")),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def status(case: Case | Neighbour) -> dict[str, str]:
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


def followed_card(case: Case) -> dict[str, Any]:
    """Somebody else's report that one follows."""
    return {
        "title": case.title,
        "href": reverse("portal:public-report", args=[case.reference]),
        "reference": case.reference,
        "status": status(case),
        "updated": case.updated_at,
        "icon": "bell",
    }


def near(found: Neighbour) -> dict[str, Any]:
    """An open report close by: what and how far; nothing about who sent it."""
    return {
        "id": found.id,
        "title": found.title,
        "status": status(found),
        "metres": round(found.metres),
        "at": found.created_at,
    }


def file_item(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A file of a draft, for the file picker."""
    return {
        "id": answer["id"],
        "name": answer["name"],
        "size": answer["size"],
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
        "credit": territories.contours_attribution(),
        "center": centre,
        "zoom": 10,
        "suggestions_url": reverse("portal:addresses"),
    }


def page_values() -> dict[str, str]:
    """What content pages may mention: the publisher, how to reach it, the state of accessibility."""
    site = packs.site()
    return {
        "organisation": site.publisher,
        "site": site.name,
        "site_url": links.base_url(),
        "contact_email": site.contact.email,
        "contact_phone": phone_fr(site.contact.phone) if site.contact.phone else "",
        "contact_address": site.contact.address,
        "accessibility_status": accessibility.mention(),
        "accessibility_rate": accessibility.sentence(),
        "updated": "",
    }
