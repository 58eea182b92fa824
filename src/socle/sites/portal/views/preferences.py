"""Language and theme: forms that work without a script and come back where one was."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from socle.design.context import THEME_COOKIE, THEMES

_YEAR = 365 * 24 * 3600


def back(request: HttpRequest, default: str = "/") -> str:
    """The page to return to: `next` when it is one of ours, else `default`."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if target and safe else default


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the interface's language."""
    response = HttpResponseRedirect(back(request))
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=_YEAR, samesite="Lax", httponly=True,
            secure=bool(settings.SESSION_COOKIE_SECURE),
        )  # fmt: skip
    return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose light, dark, or as the device does."""
    response = HttpResponseRedirect(back(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        # Not HttpOnly: the switch also works without a reload.
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=_YEAR, samesite="Lax",
            secure=bool(settings.SESSION_COOKIE_SECURE),
        )  # fmt: skip
    return response
