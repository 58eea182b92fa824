"""Home, search, services, themes and life events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from socle.capabilities.casework import queries as casework
from socle.capabilities.catalogue import cpsv, queries
from socle.capabilities.catalogue.snapshot import Service
from socle.design.keeping import keep
from socle.domains.procedures import queries as procedures
from socle.foundations.territories import queries as territories
from socle.sites.portal import present, town_halls

QUERY_MAX = 200


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """« Que voulez-vous faire ? » first, then life events, then what concerns the person."""
    actor = request.actor  # type: ignore[attr-defined]
    language = get_language() or "fr"
    mine = casework.my_cases(actor, limit=3).rows if actor.user_id else []
    return render(
        request,
        "portal/home.html",
        {
            **keep("portal.home", lambda: _offered(language)),
            "mine": [present.case_card(case) for case in mine],
        },
    )


def _offered(language: str) -> dict[str, Any]:
    return {
        "featured": [present.service(each) for each in queries.featured(8, language=language)],
        "life_events": present.life_events(language),
        "themes": present.themes(language),
    }


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Services that answer what was typed, with the closest words when nothing does."""
    text = request.GET.get("q", "")[:QUERY_MAX].replace("\x00", "")
    area = request.GET.get("commune", "")
    language = get_language() or "fr"
    results = queries.search(text, area=area or None, language=language, limit=30)
    context = {
        "text": text,
        "area": area,
        "areas": [("", _("Tout le territoire"))]
        + [(each.code, each.name) for each in territories.areas("commune")],
        "services": [present.found_service(each, area) for each in results.found],
        "suggestion": results.suggestion,
        "popular": [present.service(each) for each in queries.featured(6, language=language)],
    }
    return render(request, "portal/search.html", context)


@require_GET
def search_suggestions(request: HttpRequest) -> HttpResponse:
    """The first services as an HTML fragment, while the person types."""
    text = request.GET.get("q", "")[:QUERY_MAX].replace("\x00", "")
    language = get_language() or "fr"
    results = queries.search(text, language=language, limit=6) if text.strip() else None
    return render(
        request,
        "portal/parts/suggestions.html",
        {"services": [present.found_service(each) for each in results.found] if results else []},
    )


@require_GET
def services(request: HttpRequest) -> HttpResponse:
    """Every service under its theme."""
    language = get_language() or "fr"
    audience = request.GET.get("public", "")
    groups = [
        {
            "theme": theme,
            "services": [present.service(each) for each in members],
        }
        for theme in present.themes(language)
        if (members := [
            each for each in queries.by_theme(theme["id"], language=language) if each.is_for(audience)
        ])
    ]  # fmt: skip
    return render(
        request,
        "portal/services.html",
        {
            "groups": groups,
            "tabs": [
                {
                    "label": label,
                    "href": reverse("portal:services") + (f"?public={value}" if value else ""),
                    "current": value == audience,
                }
                for value, label in [("", _("Pour tous")), *present.audiences()]
            ],
        },
    )


@require_GET
def theme(request: HttpRequest, key: str) -> HttpResponse:
    """The services of one theme."""
    language = get_language() or "fr"
    head = present.heading(queries.theme(key, language=language))
    return _listing(request, head, queries.by_theme(key, language=language))


@require_GET
def life_event(request: HttpRequest, key: str) -> HttpResponse:
    """The services for one moment of life."""
    language = get_language() or "fr"
    head = present.heading(queries.life_event(key, language=language))
    return _listing(request, head, queries.by_life_event(key, language=language))


def _listing(request: HttpRequest, head: dict[str, Any], found: Iterable[Service]) -> HttpResponse:
    services = [present.service(each) for each in found]
    return render(request, "portal/listing.html", {"head": head, "services": services})


@require_GET
def service(request: HttpRequest, key: str) -> HttpResponse:
    """All there is to know about one service, and the way in."""
    language = get_language() or "fr"
    shown = keep(("portal.service", key), lambda: _service_page(key, language))
    context: dict[str, Any] = {"service": shown}
    if shown["by_commune"]:
        commune = town_halls.commune_of(request)
        context |= {
            "commune": commune,
            "communes": town_halls.choices(),
            "town_hall": town_halls.contact(commune),
        }
    return render(request, "portal/service.html", context)


def _service_page(key: str, language: str) -> dict[str, Any]:
    found = queries.service(key, language=language)
    shown = present.service_page(found, language)
    related = queries.related(key, 3, language=language)
    return {
        **shown,
        "start": _start(found, shown),
        "related": [present.service(each) for each in related],
    }


@require_GET
def service_data(request: HttpRequest, key: str) -> HttpResponse:
    """The service as CPSV-AP linked data (JSON-LD)."""
    response = JsonResponse(
        cpsv.public_service(queries.service(key)), content_type="application/ld+json"
    )
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _start(found: Service, shown: dict[str, Any]) -> dict[str, str] | None:
    """The way in: a form of ours, a report, another site; None when there is only information."""
    label = shown.get("action_label") or ""
    if found.action == "procedure" and procedures.exists(found.key):
        return {
            "href": reverse("portal:procedure", args=[found.key]),
            "label": label or _("Commencer la démarche"),
        }
    if found.action == "report":
        return {"href": reverse("portal:report"), "label": label or _("Signaler un problème")}
    if found.action == "link" and found.action_url:
        return {"href": found.action_url, "label": label or _("Aller sur le site"), "external": "1"}
    return None
