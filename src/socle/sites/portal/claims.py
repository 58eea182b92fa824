"""The token a browser keeps so that people without an account find their unfinished forms again.

It outlives sessions: answers typed before a session expired are still there after it.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from socle.capabilities.questionnaires import actions as drafts

COOKIE = "porteur"
_SALT = "socle.portal.claim"
_AGE = 60 * 24 * 3600


def of(request: HttpRequest) -> str:
    """The browser's token, empty when it has none or when it was tampered with."""
    token = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=_AGE)
    return str(token)


def ensure(request: HttpRequest) -> str:
    """The browser's token, a new one when it has none: `keep` it on the response."""
    return of(request) or secrets.token_urlsafe(24)


def keep(response: HttpResponse, token: str) -> None:
    """Give the browser its token back, for another sixty days."""
    response.set_signed_cookie(
        COOKIE, token, salt=_SALT, max_age=_AGE, httponly=True, samesite="Lax",
        secure=bool(settings.SESSION_COOKIE_SECURE),
    )  # fmt: skip


def hand_over(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Somebody has just signed in: what this browser had under way is theirs from now on."""
    if request is not None:
        drafts.adopt_drafts(user_id=user.pk, claim=of(request))
