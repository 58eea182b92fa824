"""Logins through an identity provider: what the session remembers, and how a login ends.

The first time, nothing is silent. The provider says who the person is, but the e-mail address it
gives is only what they declared: a code is sent to it, whether it has an account or not (so that
the page tells nothing), and its owner then confirms that the identity may open the account.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from socle.foundations.accounts import queries, registry
from socle.foundations.accounts.actions import (
    admit_agent,
    check_admission,
    complete_name,
    link_identity,
    note_identity_login,
    register,
)
from socle.foundations.accounts.models import User
from socle.foundations.accounts.ports import Begun, IdentityProvider, VerifiedIdentity
from socle.foundations.accounts.queries import actor_for
from socle.kernel.errors import Conflict
from socle.sites.identity import housekeeping, stages

_UNDER_WAY = "identity.federation"
_PENDING = "identity.pending"
_OPENED_BY = "identity.opened_by"
_RETURN = "identity.return"
_SECONDS = 15 * 60
_MOST = 5


@dataclass(frozen=True, slots=True)
class Pending:
    """An identity verified a moment ago that opens no account yet."""

    identity: VerifiedIdentity
    back: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """The provider's own logout."""

    url: str
    state: str
    label: Any


def redirect_uri(request: HttpRequest, provider: str) -> str:
    """The address that is registered at the provider."""
    return request.build_absolute_uri(reverse("identity:callback", args=[provider]))


def remember(request: HttpRequest, provider: str, begun: Begun, back: str) -> None:
    """Keep, under its state, a login that is leaving for the provider's. A few at most: one tab
    abandoned after another must not fill the session.
    """
    under_way = _live(request)
    under_way[begun.state] = {
        "provider": provider,
        "memory": begun.memory,
        "back": back,
        "at": time.time(),
    }
    latest = sorted(under_way.items(), key=lambda item: item[1]["at"])[-_MOST:]
    request.session[_UNDER_WAY] = dict(latest)


def take_up(request: HttpRequest, provider: str, state: str) -> dict[str, Any] | None:
    """What was kept under a state, once only; None when unknown, old or another provider's."""
    under_way = _live(request)
    found = under_way.pop(state, None)
    request.session[_UNDER_WAY] = under_way
    if found is None or found["provider"] != provider:
        return None
    return found


def _live(request: HttpRequest) -> dict[str, dict[str, Any]]:
    kept = request.session.get(_UNDER_WAY, {})
    return {key: one for key, one in kept.items() if time.time() - one["at"] < _SECONDS}


# --- An identity that opens no account yet ---


def hold(request: HttpRequest, identity: VerifiedIdentity, back: str) -> None:
    """Keep a new identity until its owner has said which account it opens."""
    request.session[_PENDING] = {"identity": identity.as_json(), "back": back, "at": time.time()}


def pending(request: HttpRequest) -> Pending | None:
    """The identity that waits, for a quarter of an hour."""
    kept = request.session.get(_PENDING)
    if not isinstance(kept, dict):
        return None
    if time.time() - kept["at"] > _SECONDS:
        forget(request)
        return None
    return Pending(VerifiedIdentity.from_json(kept["identity"]), kept["back"])


def forget(request: HttpRequest) -> None:
    """Drop the identity that waits."""
    request.session.pop(_PENDING, None)


def admissible(identity: VerifiedIdentity, user: User | None) -> None:
    """Refuse an agent whose organisation is unknown, or who is not its member and cannot become so.

    `user`: the account they prove to be theirs, None for a new one. Raises :class:`Denied`.
    """
    if _is_agent(identity):
        check_admission(siren=identity.siren, user_id=user.pk if user else None)


def _is_agent(identity: VerifiedIdentity) -> bool:
    provider = registry.provider(identity.provider)
    return provider is not None and provider.audience == "agent"


# --- Endings ---


def enter(request: HttpRequest, user: User, identity: VerifiedIdentity, back: str) -> HttpResponse:
    """Log in with an identity that opens this account: stages still apply (second factor)."""
    if user.is_active and _is_agent(identity):
        admit_agent(user_id=user.pk, siren=identity.siren)
    note_identity_login(provider=identity.provider, subject=identity.subject, acr=identity.acr)
    record_authentication(request, user, method="provider", provider=identity.provider)
    login = Login(
        user=user,
        redirect_url=back or None,
        email_verification=EmailVerificationMethod.NONE,
        state={stages.PROVIDER_SECOND_FACTOR: True} if identity.second_factor else {},
        # Told to those who hear that the login is complete (``handlers``).
        signal_kwargs={"opened_by": opened_by(identity)},
    )
    response: HttpResponse = perform_login(request, login)
    return response


def opened_by(identity: VerifiedIdentity) -> dict[str, Any]:
    """What a session remembers of the provider that opened it."""
    return {
        "provider": identity.provider,
        "id_token": identity.id_token,
        "second_factor": identity.second_factor,
    }


def note_opening(request: HttpRequest, opened: dict[str, Any]) -> None:
    """Keep it: the provider's logout needs its own token back."""
    request.session[_OPENED_BY] = opened


def open_account(request: HttpRequest, found: Pending, email: str) -> HttpResponse:
    """The owner of an address that has no account proved it: make the account, link, enter."""
    identity = found.identity
    admissible(identity, None)
    with transaction.atomic():
        user = register(
            email=email,
            given_names=identity.given_names[:150],
            family_name=identity.family_name[:150],
            preferred_name=identity.preferred_name[:150],
            language=(getattr(request, "LANGUAGE_CODE", "") or "fr").split("-")[0],
            email_verified=True,
        )
        link(request, user, identity)
    return enter(request, user, identity, found.back)


@transaction.atomic
def link(request: HttpRequest, user: User, identity: VerifiedIdentity) -> None:
    """Let the identity open the account, and fill the names that the account lacks.

    Raises :class:`Conflict` when a resident's account has another identity of the same provider,
    for these stand for one person; :class:`Denied` for an agent who is not admitted.
    """
    admissible(identity, user)
    others = [row for row in queries.identities_of(user.pk) if row.provider == identity.provider]
    if not _is_agent(identity) and any(row.subject != identity.subject for row in others):
        raise Conflict(
            _("Ce compte est déjà rattaché à une autre identité de ce service."),
            code="other-identity",
        )
    actor = actor_for(user)
    link_identity(
        user_id=user.pk,
        provider=identity.provider,
        subject=identity.subject,
        acr=identity.acr,
        actor=actor,
    )
    complete_name(
        user_id=user.pk,
        given_names=identity.given_names,
        family_name=identity.family_name,
        preferred_name=identity.preferred_name,
        actor=actor,
    )
    if _is_agent(identity):
        admit_agent(user_id=user.pk, siren=identity.siren)
    forget(request)


def owner_of(email: str) -> User | None:
    """The account of an address just proved; one that was never confirmed is forgotten."""
    housekeeping.forget_unproven(email)
    return queries.user_by_email(email)


# --- Leaving ---


def leaving(request: HttpRequest) -> Leaving | None:
    """The logout that the provider expects, when it opened this session."""
    opened = request.session.get(_OPENED_BY)
    if not opened or not opened.get("id_token"):
        return None
    provider: IdentityProvider | None = registry.provider(opened["provider"])
    if provider is None:
        return None
    state = get_random_string(43)
    url = provider.leave(
        id_token=opened["id_token"],
        return_uri=request.build_absolute_uri(reverse("identity:left", args=[provider.key])),
        state=state,
    )
    return Leaving(url, state, provider.label) if url else None


def expect_return(request: HttpRequest, leaving: Leaving, back: str) -> None:
    """In the new, empty session: where to go when the provider sends the person back."""
    request.session[_RETURN] = {"state": leaving.state, "back": back}


def returned(request: HttpRequest, state: str) -> str:
    """Where to go after the provider's logout; home for a state we did not give."""
    kept = request.session.pop(_RETURN, None)
    if not kept or not state or kept["state"] != state:
        return "/"
    return str(kept["back"])
