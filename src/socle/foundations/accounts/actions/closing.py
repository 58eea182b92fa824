"""A person's rights over their account: take their data away (RGPD, articles 15 and 20), leave
(article 17).
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts import policies, queries, registry
from socle.foundations.accounts.actions.members import end_membership, last_administrator
from socle.foundations.accounts.actions.people import CHAIN, locked_user
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.events import AccountClosed
from socle.foundations.accounts.models import (
    Consent,
    ExternalIdentity,
    Membership,
    Representation,
    User,
)
from socle.foundations.journal.actions import record
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, NotFound
from socle.kernel.events import emit

FORMAT = "socle/personal-data/1"


@transaction.atomic
def export_personal_data(*, user_id: int, actor: Actor, clock: Clock = SYSTEM) -> dict[str, Any]:
    """Everything the platform holds about a person, as JSON-able values with named headings.

    The rooms that hold more than the account add their share (``accounts.registry``). Asking is
    journaled. Raises :class:`NotFound` for somebody else's data.
    """
    if not policies.can_read_person(actor, user_id):
        raise NotFound
    user = User.objects.filter(pk=user_id, closed_at__isnull=True).first()
    if user is None:
        raise NotFound
    record(
        chain=CHAIN,
        action="account.data_exported",
        actor=actor,
        subject=("user", str(user_id)),
        data={},
        clock=clock,
    )
    return {
        "format": FORMAT,
        "exported_at": clock.now().isoformat(),
        "profile": _profile(user),
        "consents": [
            {
                "purpose": consent.purpose,
                "wording_version": consent.wording_version,
                "granted_at": consent.granted_at.isoformat(),
                "withdrawn_at": _iso(consent.withdrawn_at),
            }
            for consent in queries.consents_of(user_id)
        ],
        "identities": [
            {
                "provider": identity.provider,
                "subject": identity.subject,
                "acr": identity.acr,
                "linked_at": identity.linked_at.isoformat(),
                "last_login_at": _iso(identity.last_login_at),
            }
            for identity in queries.identities_of(user_id)
        ],
        "representations": [
            {
                "name": claim.entity.name,
                "kind": claim.entity.kind,
                "siret": claim.entity.siret,
                "rna": claim.entity.rna,
                "capacity": claim.capacity,
                "requested_at": claim.created_at.isoformat(),
                "verified_at": _iso(claim.verified_at),
                "declined_at": _iso(claim.declined_at),
            }
            for claim in queries.representations_of(user_id)
        ],
        "memberships": [
            {
                "organisation": membership.organisation.name,
                "role": membership.role,
                "teams": [team.name for team in membership.teams.all()],
                "active": membership.is_active,
                "since": membership.created_at.isoformat(),
            }
            for membership in Membership.objects.filter(user_id=user_id)
            .select_related("organisation")
            .prefetch_related("teams")
            .order_by("pk")
        ],
        **{name: collect(user_id) for name, collect in registry.collectors().items()},
    }


@transaction.atomic
def close_account(*, user_id: int, actor: Actor, clock: Clock = SYSTEM) -> None:
    """Close an account for good: every way in and everything that names the person is erased.

    The row stays, anonymous, so that past requests keep counting and acts keep their number in the
    journal. Rooms erase their own copies when they hear :class:`AccountClosed`. Raises
    :class:`Conflict` for the last administrator of the platform or of an organisation,
    :class:`NotFound` for somebody else's account.
    """
    if not policies.can_close_account(actor, user_id):
        raise NotFound
    administrators = set(
        User.objects.select_for_update()
        .filter(is_administrator=True, is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    user = locked_user(user_id)
    if user.is_administrator and administrators <= {user.pk}:
        raise Conflict(
            _(
                "Vous êtes le dernier administrateur de la plateforme : "
                "nommez-en un autre avant de fermer ce compte."
            ),
            code="last-administrator",
        )
    for membership in Membership.objects.filter(user=user, is_active=True):
        if last_administrator(membership):
            raise Conflict(
                _(
                    "Ce compte est le dernier administrateur d’une organisation : "
                    "nommez-en un autre avant de le fermer."
                ),
                code="last-administrator",
            )
        end_membership(membership, actor, clock)
    email = user.email
    Consent.objects.filter(user=user, withdrawn_at__isnull=True).update(withdrawn_at=clock.now())
    Representation.objects.filter(user=user).delete()
    ExternalIdentity.objects.filter(user=user).delete()
    _anonymise(user, clock)
    record(
        chain=CHAIN,
        action="account.closed",
        actor=actor,
        subject=("user", str(user_id)),
        data={"by_person": actor.user_id == user_id},
        clock=clock,
    )
    emit(AccountClosed(user_id=user_id, email=email))


def _anonymise(user: User, clock: Clock) -> None:
    # ".invalid" is reserved (RFC 2606): nothing can ever be sent there, nor an account opened with
    # it.
    user.email = f"compte-{user.pk}@ferme.invalid"
    user.given_names = user.family_name = user.preferred_name = ""
    user.phone = user.address = user.area_code = ""
    user.address_lon = user.address_lat = None
    user.language = "fr"
    user.email_notifications = user.is_active = user.is_administrator = False
    user.last_login = user.last_seen_at = None
    user.closed_at = clock.now()
    user.set_unusable_password()
    user.save()


def _profile(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "given_names": user.given_names,
        "family_name": user.family_name,
        "preferred_name": user.preferred_name,
        "phone": user.phone,
        "address": user.address,
        "address_lon": user.address_lon,
        "address_lat": user.address_lat,
        "area_code": user.area_code,
        "language": user.language,
        "email_notifications": user.email_notifications,
        "created_at": user.created_at.isoformat(),
        "last_login": _iso(user.last_login),
        "last_seen_at": _iso(user.last_seen_at),
    }


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None
