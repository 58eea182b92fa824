"""Who works for which organisation, with which role."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts import policies
from socle.foundations.accounts.actions.people import CHAIN, locked_user, register
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.events import MemberAdded, MemberChanged, MemberRemoved
from socle.foundations.accounts.models import Admission, Membership, Team, User
from socle.foundations.journal.actions import chain_for, record
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound
from socle.kernel.events import emit


@transaction.atomic
def add_member(
    *,
    organisation_id: int,
    user_id: int | None = None,
    email: str = "",
    role: str = "agent",
    team_ids: Iterable[int] = (),
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Membership:
    """Make a person, known by id or by address, a member; bring a former member back.

    An address without account gets one, without password: its owner enters with an e-mail code or
    ProConnect. Raises :class:`Conflict` for someone who is a member already, :class:`Invalid` for
    an unknown role, a wrong address or another organisation's team.
    """
    organisation = _administered(organisation_id, actor)
    role = _role(role)
    if user_id is not None:
        user = locked_user(user_id)
    else:
        user = _user_by_email(email, actor, clock)
    return _join(organisation, user, role, team_ids, actor, clock)


@transaction.atomic
def change_member(
    *,
    membership_id: int,
    role: str | None = None,
    team_ids: Iterable[int] | None = None,
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Membership:
    """Change a member's role (administrators) or teams (managers too). None leaves a value as it
    is.

    Raises :class:`Conflict` when the organisation would lose its last administrator.
    """
    membership = _membership(membership_id)
    organisation_id = membership.organisation_id
    if not policies.can_manage_teams(actor, organisation_id):
        raise NotFound
    changed: list[str] = []
    if role is not None and role != membership.role:
        if not policies.can_administer(actor, organisation_id):
            raise Denied
        _not_the_last_administrator(membership, actor)
        membership.role = _role(role)
        membership.save(update_fields=["role"])
        changed.append("role")
    if team_ids is not None:
        teams = _teams(organisation_id, team_ids)
        if {team.pk for team in teams} != set(membership.teams.values_list("pk", flat=True)):
            membership.teams.set(teams)
            changed.append("teams")
    if changed:
        _journal("member.changed", membership, actor, {"fields": changed}, clock)
        emit(
            MemberChanged(
                user_id=membership.user_id,
                organisation_id=organisation_id,
                role=membership.role,
            )
        )
    return membership


@transaction.atomic
def remove_member(*, membership_id: int, actor: Actor, clock: Clock = SYSTEM) -> Membership:
    """End a membership: the person keeps their account and loses every right in the organisation at
    once.

    Raises :class:`Conflict` when the organisation would lose its last administrator.
    """
    membership = _membership(membership_id)
    if not policies.can_administer(actor, membership.organisation_id):
        raise NotFound
    _not_the_last_administrator(membership, actor)
    end_membership(membership, actor, clock)
    return membership


@transaction.atomic
def set_administrator(
    *, user_id: int, administrator: bool, actor: Actor, clock: Clock = SYSTEM
) -> User:
    """Give or take back the administration of the platform. The last administrator cannot be taken
    away.
    """
    if not policies.can_administer_platform(actor):
        raise Denied
    # Every administrator is locked, so that two of them cannot remove each other at the same time.
    present = set(
        User.objects.select_for_update()
        .filter(is_administrator=True, is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    user = locked_user(user_id)
    if user.is_administrator == administrator:
        return user
    if not administrator and present <= {user.pk}:
        raise Conflict(
            _("C’est le dernier administrateur de la plateforme : nommez-en un autre d’abord."),
            code="last-administrator",
        )
    user.is_administrator = administrator
    user.save(update_fields=["is_administrator"])
    record(
        chain=CHAIN,
        action="administrator.added" if administrator else "administrator.removed",
        actor=actor,
        subject=("user", str(user.pk)),
        data={},
        clock=clock,
    )
    return user


@transaction.atomic
def set_admission(
    *, organisation_id: int, by_proconnect: bool, actor: Actor, clock: Clock = SYSTEM
) -> Admission:
    """Say whether the organisation's agents enter by themselves at their first ProConnect login."""
    organisation = _administered(organisation_id, actor)
    admission, _created = Admission.objects.get_or_create(organisation=organisation)
    if admission.by_proconnect != by_proconnect:
        admission.by_proconnect = by_proconnect
        admission.save(update_fields=["by_proconnect"])
        record(
            chain=chain_for(organisation.pk),
            action="organisation.admission_changed",
            actor=actor,
            subject=("organisation", str(organisation.pk)),
            data={"by_proconnect": by_proconnect},
            clock=clock,
        )
    return admission


@transaction.atomic
def admit_agent(*, user_id: int, siren: str, clock: Clock = SYSTEM) -> Membership:
    """The membership of an agent whom ProConnect vouches for, in the organisation of that SIREN.

    Made at first login when the organisation admits its agents so; someone whose membership was
    ended is not let back in. Raises :class:`Denied` with code ``unknown-organisation`` or
    ``not-a-member``.
    """
    organisation = organisation_of_siren(siren)
    user = locked_user(user_id)
    membership = Membership.objects.filter(user=user, organisation=organisation).first()
    if membership is not None and membership.is_active:
        return membership
    if membership is not None or not admits(organisation):
        raise not_a_member(organisation)
    return _join(organisation, user, Membership.Role.AGENT, (), SYSTEM_ACTOR, clock)


def check_admission(*, siren: str, user_id: int | None) -> None:
    """Ask beforehand what :func:`admit_agent` would answer; None for somebody without account.

    Raises :class:`Denied` with code ``unknown-organisation`` or ``not-a-member``.
    """
    organisation = organisation_of_siren(siren)
    membership = (
        Membership.objects.filter(user_id=user_id, organisation=organisation).first()
        if user_id is not None
        else None
    )
    if membership is None and not admits(organisation):
        raise not_a_member(organisation)
    if membership is not None and not membership.is_active:
        raise not_a_member(organisation)


def organisation_of_siren(siren: str) -> Organisation:
    """The active organisation of a SIREN. Raises :class:`Denied`, code ``unknown-organisation``."""
    organisation = (
        Organisation.objects.filter(siren=siren, is_active=True).first() if siren else None
    )
    if organisation is None:
        raise Denied(
            _(
                "Votre organisme n’utilise pas cette plateforme : son numéro SIREN n’y figure pas. "
                "Si c’est une erreur, écrivez à l’administrateur de la plateforme."
            ),
            code="unknown-organisation",
        )
    return organisation


def admits(organisation: Organisation) -> bool:
    """Whether the organisation admits by itself the agents whom ProConnect vouches for."""
    return Admission.objects.filter(organisation=organisation, by_proconnect=True).exists()


def not_a_member(organisation: Organisation) -> Denied:
    """The refusal of somebody of the organisation who is not its member here."""
    return Denied(
        _(
            "Vous n’êtes pas encore membre de votre organisation sur cette plateforme. "
            "Demandez à son administrateur de vous ajouter, puis revenez."
        ),
        code="not-a-member",
    )


def end_membership(membership: Membership, actor: Actor, clock: Clock) -> None:
    """Deactivate, journal and announce, without asking who may: the caller did."""
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    membership.teams.clear()
    _journal("member.removed", membership, actor, {}, clock)
    emit(MemberRemoved(user_id=membership.user_id, organisation_id=membership.organisation_id))


def last_administrator(membership: Membership) -> bool:
    """Whether the organisation has no other active administrator."""
    if membership.role != Membership.Role.ADMINISTRATOR or not membership.is_active:
        return False
    others = Membership.objects.select_for_update().filter(
        organisation_id=membership.organisation_id,
        role=Membership.Role.ADMINISTRATOR,
        is_active=True,
    )
    return not [row.pk for row in others if row.pk != membership.pk]


def _not_the_last_administrator(membership: Membership, actor: Actor) -> None:
    # The platform's administrators can always name another one.
    if not policies.can_administer_platform(actor) and last_administrator(membership):
        raise Conflict(
            _("C’est le dernier administrateur de l’organisation : nommez-en un autre d’abord."),
            code="last-administrator",
        )


def _administered(organisation_id: int, actor: Actor) -> Organisation:
    organisation = (
        Organisation.objects.select_for_update().filter(pk=organisation_id, is_active=True).first()
    )
    if organisation is None or not policies.can_administer(actor, organisation_id):
        raise NotFound
    return organisation


def _membership(membership_id: int) -> Membership:
    membership = Membership.objects.filter(pk=membership_id, is_active=True).first()
    if membership is None:
        raise NotFound
    # One writer at a time on an organisation's members, whatever the row.
    Organisation.objects.select_for_update().filter(pk=membership.organisation_id).first()
    membership.refresh_from_db()
    if not membership.is_active:
        raise NotFound
    return membership


def _join(
    organisation: Organisation,
    user: User,
    role: str,
    team_ids: Iterable[int],
    actor: Actor,
    clock: Clock,
) -> Membership:
    teams = _teams(organisation.pk, team_ids)
    membership, created = Membership.objects.get_or_create(
        user=user,
        organisation=organisation,
        defaults={"role": role, "created_at": clock.now()},
    )
    if not created:
        if membership.is_active:
            raise Conflict(_("Cette personne est déjà membre de l’organisation."), code="member")
        membership.is_active = True
        membership.role = role
        membership.save(update_fields=["is_active", "role"])
    membership.teams.set(teams)
    _journal("member.added", membership, actor, {"role": role}, clock)
    emit(MemberAdded(user_id=user.pk, organisation_id=organisation.pk, role=role))
    return membership


def _user_by_email(email: str, actor: Actor, clock: Clock) -> User:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(
            fields={"email": _("Indiquez une adresse électronique, par exemple nom@exemple.fr.")}
        ) from None
    known = User.objects.filter(email=address).first()
    if known is not None:
        return locked_user(known.pk)
    return register(email=address, actor=actor, clock=clock)


def _role(role: str) -> str:
    if role not in Membership.Role.values:
        raise Invalid(fields={"role": _("Choisissez un des rôles proposés.")})
    return role


def _teams(organisation_id: int, team_ids: Iterable[int]) -> list[Team]:
    wanted = set(team_ids)
    teams = list(
        Team.objects.filter(pk__in=wanted, organisation_id=organisation_id, is_active=True)
    )
    if len(teams) != len(wanted):
        raise Invalid(fields={"teams": _("Choisissez des équipes de cette organisation.")})
    return teams


def _journal(
    action: str, membership: Membership, actor: Actor, data: dict[str, object], clock: Clock
) -> None:
    record(
        chain=chain_for(membership.organisation_id),
        action=action,
        actor=actor,
        subject=("membership", str(membership.pk)),
        data={"user": membership.user_id, **data},
        clock=clock,
    )
