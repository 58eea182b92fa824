"""Who enters the desk: agents; each page then asks its own policy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from socle.foundations.accounts import policies
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import NotFound

View = Callable[..., HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a request that went through `agents_only`."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def agents_only(view: View) -> View:
    """Send those who are not signed in to the login page; for residents the desk does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        actor = actor_of(request)
        if actor.user_id is None:
            here = request.get_full_path() if request.method == "GET" else "/agents/"
            return HttpResponseRedirect(
                f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': here})}"
            )
        if not policies.can_enter_desk(actor):
            raise NotFound(_("Cette page n’existe pas."))
        response = view(request, *args, **kwargs)
        # A shared computer at a counter must not show the last case to the next agent.
        add_never_cache_headers(response)
        return response

    return guarded


def organisation_for(
    request: HttpRequest, slug: str, may: Callable[[Actor, int], bool]
) -> Organisation:
    """The organisation of an address, for an agent whom a policy lets in; else it does not exist."""
    organisation = territories.organisation(slug)
    if not may(actor_of(request), organisation.pk):
        raise NotFound(_("Cette page n’existe pas."))
    return organisation
