"""The living style page: every component in every state, and the contrast of every colour pair."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from socle.design import assets, brand, samples
from socle.design.context import THEME_COOKIE, THEMES
from socle.design.environment import now
from socle.design.shell import Account, Shell

_YEAR = 365 * 24 * 3600


def _tokens() -> list[dict[str, Any]]:
    light, dark = brand.palette({}, "light"), brand.palette({}, "dark")
    return [
        {
            "title": title,
            "tokens": [{"name": name, "light": light[name], "dark": dark[name]} for name in names],
        }
        for title, names in brand.groups()
    ]


def _contrasts() -> list[dict[str, Any]]:
    by_pair: dict[brand.Pair, dict[str, Any]] = {}
    for contrast in brand.contrasts():
        by_pair.setdefault(contrast.pair, {"pair": contrast.pair})[contrast.theme] = contrast
    return list(by_pair.values())


def icon_names() -> list[str]:
    """Icons of the sprite, read from the built file; empty when there is none yet."""
    sprite = assets.read("sprite.svg")
    return [part.split(b'"', 1)[0].decode() for part in (sprite or b"").split(b'<symbol id="')[1:]]


def style_context(*, desk: bool = False) -> dict[str, Any]:
    """Everything the style page shows; ``desk`` for its second page, in the agents' layout."""
    shell = Shell(
        account=Account("Jeanne Petit", "jeanne@example.org", Shell().nav),
        notifications=3,
        theme_action=None if desk else "theme",
        groups=samples.DESK_GROUPS,
        footer=samples.FOOTER,
        service_worker=None,
    )
    return {
        "shell": shell,
        "tokens": _tokens(),
        "contrasts": _contrasts(),
        "icons": icon_names(),
        "sample": samples.build(now()),
        "theme_action": "theme",
    }


@require_GET
def design_page(request: HttpRequest) -> HttpResponse:
    """Show every component. ``?bureau`` shows the desk's density and layout."""
    desk = "bureau" in request.GET
    template = "design/style/desk.html" if desk else "design/style/index.html"
    return render(request, template, style_context(desk=desk))


@require_GET
def sample_places(request: HttpRequest) -> HttpResponse:
    """Places of the map samples: invented, spread around a point at sea."""
    return JsonResponse(samples.places(), content_type="application/geo+json")


@require_GET
def sample_contours(request: HttpRequest) -> HttpResponse:
    """Invented communes along an invented coast, under the map samples."""
    return JsonResponse(samples.contours(), content_type="application/geo+json")


@require_GET
def sample_addresses(request: HttpRequest) -> HttpResponse:
    """Invented addresses answering the address field's sample."""
    query = request.GET.get("q", "").strip().lower()[:100]
    found = [
        item
        for item in samples.ADDRESSES
        if all(word in str(item["label"]).lower() for word in query.split())
    ]
    return JsonResponse(found[:5], safe=False)


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme for a year and come back; an unknown value changes nothing."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=_YEAR,
            samesite="Lax",
            secure=bool(settings.SESSION_COOKIE_SECURE),
        )
    return response
