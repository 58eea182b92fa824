"""Accounts and profiles."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts import policies, rules
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.foundations.accounts.events import PersonRegistered, ProfileUpdated
from socle.foundations.accounts.models import User
from socle.foundations.journal.actions import record
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, NotFound
from socle.kernel.events import emit

# Acts on people's own accounts belong to no organisation: they have a chain of their own.
CHAIN = "accounts"
_SEEN_EVERY = timedelta(minutes=15)


def locked_user(user_id: int) -> User:
    """The open account, locked until the end of the transaction. Raises :class:`NotFound`."""
    user = User.objects.select_for_update().filter(pk=user_id, closed_at__isnull=True).first()
    if user is None:
        raise NotFound
    return user


@transaction.atomic
def register(
    *,
    email: str,
    password: str | None = None,
    given_names: str = "",
    family_name: str = "",
    preferred_name: str = "",
    phone: str = "",
    language: str = "fr",
    email_verified: bool = False,
    actor: Actor = ANONYMOUS,
    clock: Clock = SYSTEM,
) -> User:
    """Create an account. Without a password, the person logs in with an e-mail code or a provider.

    `email_verified`: the address is known to be theirs (an administrator or a seed says so). Raises
    :class:`Conflict` when the address already has an account, :class:`Invalid` on wrong names.
    """
    clean = rules.profile(
        {
            "given_names": given_names,
            "family_name": family_name,
            "preferred_name": preferred_name,
            "phone": phone,
            "language": language,
        }
    )
    user = User(email=email.strip().lower(), **clean)
    user.set_password(password)
    return enrol(user=user, email_verified=email_verified, actor=actor, clock=clock)


@transaction.atomic
def enrol(
    *,
    user: User,
    email_verified: bool = False,
    actor: Actor = ANONYMOUS,
    clock: Clock = SYSTEM,
) -> User:
    """Save an account that a front door built. Raises :class:`Conflict` if the e-mail is taken."""
    if user.is_administrator:
        raise Denied
    user.email = user.email.strip().lower()
    user.created_at = clock.now()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise Conflict(_("Cette adresse électronique a déjà un compte."), code="taken") from None
    record(
        chain=CHAIN,
        action="account.registered",
        actor=actor,
        subject=("user", str(user.pk)),
        data={},
        clock=clock,
    )
    emit(PersonRegistered(user_id=user.pk, email_verified=email_verified))
    return user


@transaction.atomic
def update_profile(*, user_id: int, actor: Actor, clock: Clock = SYSTEM, **changes: object) -> User:
    """Change a person's own profile: any of :data:`rules.PROFILE_FIELDS`.

    A located address gives the commune, used to show what is near. Raises :class:`Invalid` by
    field, :class:`NotFound` for somebody else's profile.
    """
    if not policies.can_edit_person(actor, user_id):
        raise NotFound
    clean = rules.profile(changes)
    user = locked_user(user_id)
    if "address" in clean and "address_lon" not in clean and clean["address"] != user.address:
        # The former position belongs to the former address.
        clean |= {"address_lon": None, "address_lat": None}
    changed = sorted(name for name, value in clean.items() if getattr(user, name) != value)
    if not changed:
        return user
    for name in changed:
        setattr(user, name, clean[name])
    if "address_lon" in changed or "address_lat" in changed:
        from socle.foundations.territories.queries import area_at

        area = None
        if user.address_lon is not None and user.address_lat is not None:
            area = area_at(user.address_lon, user.address_lat)
        user.area_code = area.code if area else ""
    user.save(update_fields=[*changed, "area_code"])
    record(
        chain=CHAIN,
        action="account.profile_updated",
        actor=actor,
        subject=("user", str(user.pk)),
        data={"fields": changed},
        clock=clock,
    )
    emit(ProfileUpdated(user_id=user.pk, fields=tuple(changed)))
    return user


@transaction.atomic
def complete_name(
    *,
    user_id: int,
    given_names: str = "",
    family_name: str = "",
    preferred_name: str = "",
    actor: Actor,
    clock: Clock = SYSTEM,
) -> User:
    """Fill the parts of a name that are still empty, from what an identity provider says.

    What the person wrote is never replaced.
    """
    if not policies.can_edit_person(actor, user_id):
        raise NotFound
    user = locked_user(user_id)
    given = {
        "given_names": given_names,
        "family_name": family_name,
        "preferred_name": preferred_name,
    }
    filled = {
        name: " ".join(value.split())[:150]
        for name, value in given.items()
        if value.strip() and not getattr(user, name)
    }
    if filled:
        for name, value in filled.items():
            setattr(user, name, value)
        user.save(update_fields=list(filled))
        record(
            chain=CHAIN,
            action="account.profile_updated",
            actor=actor,
            subject=("user", str(user.pk)),
            data={"fields": sorted(filled)},
            clock=clock,
        )
        emit(ProfileUpdated(user_id=user.pk, fields=tuple(sorted(filled))))
    return user


@transaction.atomic
def record_security_event(
    *,
    user_id: int,
    action: str,
    actor: Actor,
    data: dict[str, object] | None = None,
    clock: Clock = SYSTEM,
) -> None:
    """Journal what happened to the ways into an account (``account.logged_in``,
    ``account.password_changed``…).

    `data` holds the method or an id, never an address, a name or a secret.
    """
    record(
        chain=CHAIN,
        action=action,
        actor=actor,
        subject=("user", str(user_id)),
        data=data or {},
        clock=clock,
    )


def mark_seen(*, user_id: int, clock: Clock = SYSTEM) -> None:
    """Note that a person was here, to the quarter of an hour: one cheap statement, not an act to
    journal.
    """
    now = clock.now()
    User.objects.filter(
        Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=now - _SEEN_EVERY), pk=user_id
    ).update(last_seen_at=now)
