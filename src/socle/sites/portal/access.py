"""Pages that need someone signed in send others to the login page, and back afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """Ask the person to sign in first."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.actor.user_id is None:  # type: ignore[attr-defined]
            here = request.get_full_path() if request.method == "GET" else "/"
            return HttpResponseRedirect(
                f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': here})}"
            )
        return view(request, *args, **kwargs)

    return guarded
