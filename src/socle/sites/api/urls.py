"""Addresses of the public HTTP interfaces."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

app_name = "api"

urlpatterns: list[URLPattern | URLResolver] = [
    path("open311/", include("socle.sites.api.open311.urls")),
]
