"""Addresses of the public HTTP interfaces."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from socle.sites.api.v1 import manual, table

app_name = "api"

urlpatterns: list[URLPattern | URLResolver] = [
    path("open311/", include("socle.sites.api.open311.urls")),
    path("api/", manual.manual, name="manual"),
    path("api/essai/<str:operation_id>", manual.trial, name="trial"),
    *table.urlpatterns(),
]
