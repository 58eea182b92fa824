"""Addresses of GeoReport v2, under ``/open311/``. The suffix, ``.xml`` or ``.json``, is optional."""

from __future__ import annotations

from django.urls import path, register_converter

from socle.sites.api.open311 import views


class FormatConverter:
    """``.xml``, ``.json`` or nothing."""

    regex = r"(?:\.(?:xml|json))?"

    def to_python(self, value: str) -> str:
        return value.removeprefix(".")

    def to_url(self, value: str) -> str:
        return f".{value}" if value else ""


class WordConverter:
    """An identifier, as short as can be: what follows it may be a format."""

    regex = r"[^/]{1,200}?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FormatConverter, "format")
register_converter(WordConverter, "word")

urlpatterns = [
    path("discovery<format:fmt>", views.discovery, name="open311-discovery"),
    path("v2/services<format:fmt>", views.services, name="open311-services"),
    path("v2/services/<word:code><format:fmt>", views.service, name="open311-service"),
    path("v2/requests<format:fmt>", views.requests, name="open311-requests"),
    path("v2/requests/<word:reference><format:fmt>", views.request_, name="open311-request"),
    path(
        "v2/requests/<word:reference>/updates<format:fmt>",
        views.request_updates,
        name="open311-request-updates",
    ),
    path("v2/servicerequestupdates<format:fmt>", views.updates, name="open311-updates"),
    path("v2/tokens/<word:token><format:fmt>", views.token, name="open311-token"),
    path("v2/media/<int:document_id>.jpg", views.media, name="open311-media"),
    path("<path:rest>", views.unknown, name="open311-unknown"),
]
