"""Headers that Django and django-csp do not set, and the chosen appearance of the page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from socle.config.middleware.identification import Answer

_FIXED = {
    # Only what a page of ours uses: its own camera for photos, its own position for the map.
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(self), display-capture=(), "
        "encrypted-media=(), fullscreen=(self), geolocation=(self), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), "
        "publickey-credentials-create=(self), publickey-credentials-get=(self), usb=()"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
_THEMES = frozenset({"light", "dark", "auto"})


def _is_somebodys(request: HttpRequest) -> bool:
    """Whether the visitor has, or has just been given, a session."""
    session = getattr(request, "session", None)
    given = session is not None and session.modified
    return given or settings.SESSION_COOKIE_NAME in request.COOKIES


class HeadersMiddleware:
    """Security headers on every answer; a page that belongs to somebody is never stored.

    Many people use a shared computer (library, mediation place): after logout, "back" must show
    nothing.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        theme = request.COOKIES.get("theme", "auto")
        request.theme = theme if theme in _THEMES else "auto"  # type: ignore[attr-defined]
        response = self.get_response(request)
        headers = response.headers
        for name, value in _FIXED.items():
            headers.setdefault(name, value)
        if _is_somebodys(request) and "Cache-Control" not in headers:
            headers["Cache-Control"] = "private, no-store"
        return response
