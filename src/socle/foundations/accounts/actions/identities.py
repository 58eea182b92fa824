"""Linking an account with the identity of a provider, and parting them. Never silently: front doors
ask first.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts import policies
from socle.foundations.accounts.actions.people import CHAIN, locked_user
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.events import IdentityLinked, IdentityUnlinked
from socle.foundations.accounts.models import ExternalIdentity
from socle.foundations.journal.actions import record
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, NotFound
from socle.kernel.events import emit


@transaction.atomic
def link_identity(
    *,
    user_id: int,
    provider: str,
    subject: str,
    acr: str = "",
    actor: Actor,
    clock: Clock = SYSTEM,
) -> ExternalIdentity:
    """Let a provider's identity open an account. The caller has proof of both: the identity was
    just verified, and the person is in the account.

    Raises :class:`Conflict` when the identity already opens another account, :class:`NotFound` for
    somebody else's account.
    """
    if not policies.can_edit_person(actor, user_id):
        raise NotFound
    locked_user(user_id)
    try:
        with transaction.atomic():
            identity, created = ExternalIdentity.objects.get_or_create(
                provider=provider,
                subject=subject,
                defaults={"user_id": user_id, "acr": acr, "linked_at": clock.now()},
            )
    except IntegrityError:
        raise _taken() from None
    if identity.user_id != user_id:
        raise _taken()
    if created:
        record(
            chain=CHAIN,
            action="identity.linked",
            actor=actor,
            subject=("user", str(user_id)),
            data={"provider": provider, "identity": identity.pk},
            clock=clock,
        )
        emit(IdentityLinked(user_id=user_id, provider=provider))
    return identity


@transaction.atomic
def unlink_identity(*, identity_id: int, actor: Actor, clock: Clock = SYSTEM) -> None:
    """Stop an identity opening the account; an e-mail code still does."""
    identity = ExternalIdentity.objects.select_for_update().filter(pk=identity_id).first()
    if identity is None or not policies.can_edit_person(actor, identity.user_id):
        raise NotFound
    record(
        chain=CHAIN,
        action="identity.unlinked",
        actor=actor,
        subject=("user", str(identity.user_id)),
        data={"provider": identity.provider, "identity": identity.pk},
        clock=clock,
    )
    emit(IdentityUnlinked(user_id=identity.user_id, provider=identity.provider))
    identity.delete()


def note_identity_login(*, provider: str, subject: str, acr: str, clock: Clock = SYSTEM) -> None:
    """Date the last login with an identity; the login itself is journaled by its own event."""
    ExternalIdentity.objects.filter(provider=provider, subject=subject).update(
        last_login_at=clock.now(), acr=acr
    )


def _taken() -> Conflict:
    return Conflict(
        _("Cette identité ouvre déjà un autre compte. Connectez-vous avec elle pour l’utiliser."),
        code="identity-taken",
    )
