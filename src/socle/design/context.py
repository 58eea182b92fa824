"""Context processor of the appearance: theme, language, current path, pending messages."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as django_messages
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.utils.functional import SimpleLazyObject

from socle.design.environment import active_language

THEMES = ("light", "dark", "auto")
THEME_COOKIE = "theme"


def theme_of(request: HttpRequest) -> str:
    """``light``, ``dark`` or ``auto``: ``request.theme`` if it is set, else the cookie."""
    theme = getattr(request, "theme", None) or request.COOKIES.get(THEME_COOKIE, "auto")
    return theme if theme in THEMES else "auto"


def appearance(request: HttpRequest) -> dict[str, Any]:
    """Variables every layout reads; messages are only consumed when the page shows them."""
    return {
        "theme": theme_of(request),
        "language": active_language(),
        "path": request.get_full_path(),
        # One token for the page, however many forms it holds: each call would draw another.
        "csrf_input": SimpleLazyObject(lambda: csrf_input(request)),
        "messages": SimpleLazyObject(lambda: list(django_messages.get_messages(request))),
    }
