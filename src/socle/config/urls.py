"""Every address of the house: each site under its own prefix, then the operations pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

handler400 = "socle.config.pages.bad_request"
handler403 = "socle.config.pages.denied"
handler404 = "socle.config.pages.not_found"
handler500 = "socle.config.pages.server_error"


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("socle.config.ops")),
    path("agents/", include("socle.sites.desk.urls")),
    path("compte/", include("socle.sites.identity.urls")),
    path("design/", include("socle.design.urls")),
    path("", include("socle.sites.api.urls")),
    # Last: its addresses are at the root, the pack's own pages among them.
    path("", include("socle.sites.portal.urls")),
]
