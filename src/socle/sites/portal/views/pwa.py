"""The installable application: manifest, service worker, the page shown without a network."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from socle.design import assets
from socle.design.brand import stylesheet
from socle.foundations.packs import queries as packs


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """The web application manifest."""
    site = packs.site()
    answer = {
        "name": site.name,
        "short_name": site.short_name or site.name[:20],
        "description": site.description,
        "lang": get_language(),
        "start_url": "/?source=application",
        "scope": "/",
        "id": "/",
        "display": "standalone",
        "background_color": "#faf7f2",
        "theme_color": "#0b2545",
        "icons": assets.app_icons(),
        "shortcuts": [
            {"name": _("Signaler un problème"), "url": "/signaler"},
            {"name": _("Mes demandes"), "url": "/mes-demandes"},
        ],
    }
    response = JsonResponse(answer, content_type="application/manifest+json")
    patch_cache_control(response, public=True, max_age=3600)
    return response


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker, served from the root so that its scope is the whole site."""
    body = assets.read("sw.js")
    if body is None:
        raise Http404
    response = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    response["Cache-Control"] = "no-cache"
    return response


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Shown by the service worker when there is no network."""
    return render(request, "design/offline.html")


@require_GET
def brand(request: HttpRequest) -> HttpResponse:
    """The pack's colours as a stylesheet."""
    response = HttpResponse(stylesheet(packs.brand()), content_type="text/css; charset=utf-8")
    patch_cache_control(response, public=True, max_age=3600)
    return response
