"""Every address of the house: each site under its own prefix, then the operations pages."""

from __future__ import annotations

from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

handler400 = "socle.config.pages.bad_request"
handler403 = "socle.config.pages.denied"
handler404 = "socle.config.pages.not_found"
handler500 = "socle.config.pages.server_error"


def _site(prefix: str, app: str) -> list[URLResolver]:
    if apps.is_installed(app) and find_spec(f"{app}.urls") is not None:
        return [path(prefix, include(f"{app}.urls"))]
    return []


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("socle.config.ops")),
    *_site("agents/", "socle.sites.desk"),
    *_site("compte/", "socle.sites.identity"),
    *_site("design/", "socle.design"),
    *_site("", "socle.sites.portal"),
]
