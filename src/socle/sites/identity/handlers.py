"""What follows an act of this site: the journal, other sessions, the e-mails that warn."""

from __future__ import annotations

import time
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.stagekit import unstash_login
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in as django_logged_in
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from socle.foundations.accounts import registry
from socle.foundations.accounts.actions import mark_seen, record_security_event
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.events import (
    AccountClosed,
    IdentityLinked,
    IdentityUnlinked,
    PersonRegistered,
)
from socle.foundations.accounts.models import User
from socle.foundations.accounts.queries import actor_for
from socle.sites.identity import federation, mail, middleware, policies, throttle

_SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@receiver(account_signals.authentication_step_completed)
def _step_completed(request: HttpRequest, user: User, method: str, **extra: Any) -> None:
    request.identity_succeeded = True  # type: ignore[attr-defined]
    if method == "mfa":
        request.session[policies.SECOND_FACTOR] = user.pk


@receiver(django_logged_in)
def _session_opened(request: HttpRequest, user: User, **extra: Any) -> None:
    """Every login, by whatever way, starts the life of its session."""
    session = request.session
    session[middleware.STARTED] = session[middleware.SEEN] = time.time()
    session[middleware.AGENT] = actor_for(user).is_agent
    if not session.get("_session_expiry"):
        # Ends with the browser, unless the person asked to stay connected: many people use a
        # shared computer.
        session.set_expiry(0)
    mark_seen(user_id=user.pk)


@receiver(account_signals.user_logged_in)
def _logged_in(
    request: HttpRequest,
    user: User,
    response: Any = None,
    opened_by: dict[str, Any] | None = None,
    **extra: Any,
) -> None:
    records = get_authentication_records(request, user)
    methods = [str(record["method"]) for record in records] or ["unknown"]
    if opened_by:
        federation.note_opening(request, opened_by)
        if opened_by.get("second_factor"):
            request.session[policies.SECOND_FACTOR] = user.pk
    if response is not None:
        throttle.remember_device(response, request, user.email)
    _journal(user, "account.logged_in", {"methods": methods})


@receiver(user_logged_out)
def _logged_out(user: User | None = None, **extra: Any) -> None:
    if user is not None and user.pk is not None:
        _journal(user, "account.logged_out")


@receiver(account_signals.password_changed)
@receiver(account_signals.password_set)
@receiver(account_signals.password_reset)
def _password_changed(user: User, **extra: Any) -> None:
    # Django's own check of the session's hash ends the other sessions.
    _journal(user, "account.password_changed")


@receiver(account_signals.email_confirmed)
def _email_confirmed(request: HttpRequest, email_address: EmailAddress, **extra: Any) -> None:
    user = email_address.user
    _forget_unproven_password(request, user)
    _journal(user, "account.email_confirmed")


@receiver(account_signals.email_changed)
def _email_changed(request: HttpRequest, user: User, **extra: Any) -> None:
    _journal(user, "account.email_changed")
    if request.user.is_authenticated:
        end_other_sessions(request, user)


@receiver(mfa_signals.authenticator_added)
def _factor_added(
    request: HttpRequest, user: User, authenticator: Authenticator, **extra: Any
) -> None:
    _journal(user, "account.factor_added", {"type": str(authenticator.type)})


@receiver(mfa_signals.authenticator_removed)
def _factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **extra: Any
) -> None:
    _journal(user, "account.factor_removed", {"type": str(authenticator.type)})
    if not Authenticator.objects.filter(user_id=user.pk, type__in=_SECOND_FACTORS).exists():
        request.session.pop(policies.SECOND_FACTOR, None)
    end_other_sessions(request, user)


@receiver(mfa_signals.authenticator_reset)
def _factor_reset(user: User, authenticator: Authenticator, **extra: Any) -> None:
    _journal(user, "account.factor_reset", {"type": str(authenticator.type)})


def person_registered(event: PersonRegistered) -> None:
    """Within the transaction: an address known to be theirs needs no code."""
    if event.email_verified:
        user = User.objects.get(pk=event.user_id)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)


def account_closed(event: AccountClosed) -> None:
    """Within the transaction: every way in goes with the account."""
    for session in UserSession.objects.filter(user_id=event.user_id):
        session.end()
    Authenticator.objects.filter(user_id=event.user_id).delete()
    EmailAddress.objects.filter(user_id=event.user_id).delete()
    mail.send("identity/closed", event.email, {})


def identity_linked(event: IdentityLinked) -> None:
    """Within the transaction: the owner of the account is warned."""
    _warn(event.user_id, "identity/linked", event.provider)


def identity_unlinked(event: IdentityUnlinked) -> None:
    """Within the transaction: the owner of the account is warned."""
    _warn(event.user_id, "identity/unlinked", event.provider)


def ways_in(user_id: int) -> dict[str, Any]:
    """This site's share of the export of a person's data."""
    return {
        "addresses": [
            {"email": row.email, "verified": row.verified, "primary": row.primary}
            for row in EmailAddress.objects.filter(user_id=user_id).order_by("pk")
        ],
        "second_factors": [
            {
                "type": str(row.type),
                "created_at": row.created_at.isoformat(),
                "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
            }
            for row in Authenticator.objects.filter(user_id=user_id).order_by("pk")
        ],
        "sessions": [
            {
                "ip": row.ip,
                "user_agent": row.user_agent,
                "created_at": row.created_at.isoformat(),
                "last_seen_at": row.last_seen_at.isoformat(),
            }
            for row in UserSession.objects.filter(user_id=user_id).order_by("pk")
        ],
    }


def _forget_unproven_password(request: HttpRequest, user: User) -> None:
    """An account may have been opened with somebody else's address, in the hope that they use it.

    The first proof of the address, when it does not come from whoever chose the password, discards
    that password.
    """
    if user.last_login is not None or not user.has_usable_password():
        return
    login = unstash_login(request, peek=True)
    chose_it = login is not None and login.signup and login.user and login.user.pk == user.pk
    knows_it = any(
        record.get("method") == "password" for record in get_authentication_records(request, user)
    )
    if not chose_it and not knows_it:
        user.set_unusable_password()
        user.save(update_fields=["password"])


def _warn(user_id: int, letter: str, provider: str) -> None:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    known = registry.provider(provider)
    if user is not None:
        mail.send(letter, user.email, {"provider": str(known.label) if known else provider})


def _journal(user: User, action: str, data: dict[str, object] | None = None) -> None:
    record_security_event(
        user_id=user.pk,
        action=action,
        actor=Actor(kind="resident", user_id=user.pk),
        data=data,
    )
