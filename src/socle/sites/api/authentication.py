"""Which program calls: its key, from the header or, for Open311, from its parameter.

    Authorization: Bearer socle_…
    X-Api-Key: socle_…
    api_key=socle_…            (GeoReport v2, in the query of a GET or the form of a POST)

A browser's session is never looked at: what a page of another site makes a browser send carries no
right (no CSRF to defend against).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import caches
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts import actions, queries
from socle.foundations.accounts.actors import ANONYMOUS, Actor, KeyActor
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied

_LONGEST = 200


class InvalidKey(Denied):
    """A key was given and opens nothing. REST says 401, GeoReport v2 says 403."""

    code = "invalid-key"
    title = _("Clé refusée")
    default_message = _("Cette clé n’existe pas ou a été révoquée.")


class MissingScope(Denied):
    """The key is good, but does not open this."""

    code = "missing-scope"
    default_message = _("Cette clé ne donne pas ce droit.")


@dataclass(frozen=True, slots=True)
class Program:
    """The program behind a request. `actor` is what actions and queries take."""

    actor: KeyActor

    @property
    def key_id(self) -> int:
        return self.actor.key_id

    @property
    def organisation_id(self) -> int:
        return self.actor.organisation_id

    def allows(self, scope: str) -> bool:
        return self.actor.allows(scope)

    def require(self, scope: str) -> None:
        """Raises :class:`MissingScope` when the key does not carry `scope`."""
        if not self.allows(scope):
            raise MissingScope


def authenticate(
    request: HttpRequest, *, parameter: bool = False, clock: Clock = SYSTEM
) -> Program | None:
    """The program whose key the request carries; None when it carries none.

    `parameter`: also read Open311's ``api_key``. Raises :class:`InvalidKey` when a key is given
    that is unknown or revoked: a wrong key never passes for no key.
    """
    secret = _key_of(request, parameter)
    if secret is None:
        return None
    found = queries.actor_for_key(secret)
    if found is None:
        raise InvalidKey
    _note_use(found.key_id, clock)
    return Program(found)


def actor_of(program: Program | None) -> Actor:
    """The actor of a call: the program, else nobody."""
    return program.actor if program is not None else ANONYMOUS


def _key_of(request: HttpRequest, parameter: bool) -> str | None:
    scheme, _space, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()[:_LONGEST]
    key = request.headers.get("X-Api-Key")
    if key is not None:
        return key.strip()[:_LONGEST]
    if parameter:
        key = request.GET.get("api_key")
        if key is None and request.method == "POST":
            key = request.POST.get("api_key")
        # GeoReport v2 clients send an empty parameter for "none".
        return key.strip()[:_LONGEST] if key and key.strip() else None
    return None


def _note_use(key_id: int, clock: Clock) -> None:
    """Once a day per worker at most: the row is not touched on every call."""
    if caches["local"].add(f"api-key-used:{key_id}:{clock.now().date()}", True, 86_400):
        actions.mark_key_used(key_id=key_id, clock=clock)
