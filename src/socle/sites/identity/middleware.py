"""What every request knows about the person behind it, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from socle.foundations.accounts.actions import mark_seen
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.queries import actor_for
from socle.sites.identity import policies

GetResponse = Callable[[HttpRequest], HttpResponse]

STARTED = policies.STARTED
SEEN = "identity.seen"
AGENT = "identity.agent"
# How often "seen" is written: a session is not saved at each request.
_SEEN_EVERY = 60
_PRESENCE_EVERY = 15 * 60
_PRESENCE = "identity.presence"


class SessionLifetimeMiddleware:
    """Ends a session left idle, or open for too long. After ``AuthenticationMiddleware``.

    Idle: ``IDENTITY_IDLE_RESIDENT`` or ``IDENTITY_IDLE_AGENT`` seconds; in all:
    ``IDENTITY_ABSOLUTE`` seconds.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            self._check(request)
        return self.get_response(request)

    def _check(self, request: HttpRequest) -> None:
        session, now = request.session, time.time()
        started, seen = session.get(STARTED), session.get(SEEN)
        if started is None or seen is None:
            session[STARTED] = session[SEEN] = now
            return
        idle = (
            settings.IDENTITY_IDLE_AGENT if session.get(AGENT) else settings.IDENTITY_IDLE_RESIDENT
        )
        if now - seen > idle or now - started > settings.IDENTITY_ABSOLUTE:
            logout(request)
            messages.info(
                request,
                _("Par sécurité, votre session s’est terminée. Reconnectez-vous pour continuer."),
            )
            return
        if now - seen > _SEEN_EVERY:
            session[SEEN] = now
            if now - session.get(_PRESENCE, 0) > _PRESENCE_EVERY:
                session[_PRESENCE] = now
                _note_presence(request)


class ActorMiddleware:
    """Sets ``request.actor``, read from the database when first used.

    :data:`ANONYMOUS` when logged out. An agent who must show a second factor and has not is a mere
    resident everywhere, and is sent to the page that asks for it when they open the desk. Pages in
    ``IDENTITY_FRESH_ROUTES`` ask again who it is when the login is not recent. After
    ``SessionLifetimeMiddleware``.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not request.user.is_authenticated:
            return None
        if match.view_name in settings.IDENTITY_FRESH_ROUTES and not policies.is_fresh(request):
            return _confirm_first(request)
        if "desk" not in match.namespaces or not self._second_factor_missing(request):
            return None
        address = reverse("identity:second_factor")
        if request.method == "GET":
            address += "?" + urlencode({"next": request.get_full_path()})
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)

    def _second_factor_missing(self, request: HttpRequest) -> bool:
        # Reading any attribute of the lazy actor decides.
        known = request.actor.kind  # type: ignore[attr-defined]
        return known == "resident" and getattr(request, "second_factor_missing", False)


def _actor(request: HttpRequest) -> Actor:
    actor = actor_for(request.user)  # type: ignore[arg-type]
    if policies.must_show_second_factor(actor) and not policies.showed_second_factor(request):
        request.second_factor_missing = True  # type: ignore[attr-defined]
        return policies.without_powers(actor)
    return actor


def _confirm_first(request: HttpRequest) -> HttpResponse:
    """Ask who it is, then come back to the same page (what a form held is kept)."""
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    response: HttpResponse = suspend_request(request, methods[0]["url"])
    return response


def _note_presence(request: HttpRequest) -> None:
    user_id = request.session.get(SESSION_KEY)
    if user_id is None:
        return
    mark_seen(user_id=int(user_id))
    UserSession.objects.filter(session_key=request.session.session_key).update(
        last_seen_at=timezone.now()
    )
