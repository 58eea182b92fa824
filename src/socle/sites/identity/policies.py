"""Rules of this site: who must have a second factor, what a safe return address is, how fresh a
login must be for a sensitive act.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from socle.foundations.accounts.actors import Actor

View = Callable[..., HttpResponseBase]

# In the session: the id of the user who showed a second factor in it.
SECOND_FACTOR = "identity.second_factor"
# In the session: when it was opened (seconds since the epoch).
STARTED = "identity.started"


def must_show_second_factor(actor: Actor) -> bool:
    """Agents and administrators, in production (``SOCLE_SECURITY_AGENTS_SECOND_FACTOR``)."""
    return bool(settings.IDENTITY_SECOND_FACTOR_FOR_AGENTS) and actor.is_agent


def showed_second_factor(request: HttpRequest) -> bool:
    """Whether this very session was opened, or confirmed since, with a second factor."""
    return request.user.pk is not None and request.session.get(SECOND_FACTOR) == request.user.pk


def note_second_factor(request: HttpRequest) -> None:
    """A second factor was shown: by using one, or by setting one up, which asks for it too."""
    request.session[SECOND_FACTOR] = request.user.pk
    request.identity_succeeded = True  # type: ignore[attr-defined]


def without_powers(actor: Actor) -> Actor:
    """What an agent may do before showing a second factor: what any resident may."""
    return replace(actor, kind="resident", is_administrator=False, roles={}, team_ids=frozenset())


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person logged in, or proved who they are, lately enough for a sensitive act."""
    records = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    proofs = [record.get("at", 0) for record in records]
    latest = max([*proofs, request.session.get(STARTED, 0)])
    return bool(time.time() - latest < settings.IDENTITY_FRESH)


def fresh_login_required(view: View, *, reading: bool = False) -> View:
    """Let a view run only for somebody who proved lately who they are; others are asked again.

    Stricter than allauth's, which asks nothing of people without a password. `reading`: a GET
    passes.
    """

    @wraps(view)
    def fresh(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = not (reading and request.method == "GET")
        if asked and request.user.is_authenticated and not is_fresh(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return fresh


def safe_return(request: HttpRequest, url: str | None) -> str:
    """A return address on this very host, as a path; empty when it is none.

    Backslashes, control characters, other schemes and hosts are refused.
    """
    if not url or not url.startswith("/"):
        return ""
    if not url_has_allowed_host_and_scheme(
        url, allowed_hosts=None, require_https=request.is_secure()
    ):
        return ""
    parts = urlsplit(url)
    return "" if parts.scheme or parts.netloc else url
