"""Reads about people. Every list is scoped; the number of queries never depends on the data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import F, QuerySet

from socle.foundations.accounts import policies, rules
from socle.foundations.accounts.actors import ANONYMOUS, Actor, KeyActor
from socle.foundations.accounts.models import (
    Admission,
    ApiKey,
    Consent,
    ExternalIdentity,
    Membership,
    Representation,
    Team,
    User,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def actor_for(user: User | AnonymousUser | None) -> Actor:
    """The capacities of `user` now: two queries for a person, none for nobody.

    An inactive or closed account is nobody.
    """
    if not isinstance(user, User) or user.pk is None or not user.is_active:
        return ANONYMOUS
    roles: dict[int, str] = {}
    teams: set[int] = set()
    rows = Membership.objects.filter(
        user_id=user.pk, is_active=True, organisation__is_active=True
    ).values_list("organisation_id", "role", "teams__id", "teams__is_active")
    for organisation_id, role, team_id, team_is_active in rows:
        roles[organisation_id] = role
        if team_id is not None and team_is_active:
            teams.add(team_id)
    entities = Representation.objects.filter(
        user_id=user.pk, verified_at__isnull=False
    ).values_list("entity_id", flat=True)
    return Actor(
        kind="agent" if roles or user.is_administrator else "resident",
        user_id=user.pk,
        label=user.display_name,
        is_administrator=user.is_administrator,
        roles=roles,
        team_ids=frozenset(teams),
        entity_ids=frozenset(entities),
    )


def actor_by_id(user_id: int) -> Actor:
    """The actor of a stored user id, for tasks and commands; ANONYMOUS when it is gone."""
    return actor_for(User.objects.filter(pk=user_id).first())


def user_by_email(email: str) -> User | None:
    """The account of an address, whatever its case; None when there is none."""
    return User.objects.filter(email=email.strip().lower()).first()


def user_by_identity(provider: str, subject: str) -> User | None:
    """The account that an identity provider's subject opens; None when none is linked."""
    identity = (
        ExternalIdentity.objects.select_related("user")
        .filter(provider=provider, subject=subject)
        .first()
    )
    return identity.user if identity else None


def identities_of(user_id: int) -> QuerySet[ExternalIdentity]:
    """The identities of providers linked to an account, oldest first."""
    return ExternalIdentity.objects.filter(user_id=user_id).order_by("linked_at", "pk")


def teams_of(actor: Actor) -> QuerySet[Team]:
    """Active teams whose cases the actor may handle, by organisation then name.

    The platform's administrators see every team, an organisation's managers and administrators all
    of its teams, other agents those they belong to.
    """
    teams = Team.objects.filter(is_active=True, organisation__is_active=True).select_related(
        "organisation"
    )
    if not actor.is_administrator:
        whole = [
            organisation_id
            for organisation_id in actor.roles
            if policies.can_manage_teams(actor, organisation_id)
        ]
        teams = teams.filter(organisation_id__in=whole) | teams.filter(pk__in=actor.team_ids)
    return teams.order_by("organisation__name", "name", "pk")


def teams_in(organisation_id: int) -> QuerySet[Team]:
    """Active teams of one organisation, by name."""
    return Team.objects.filter(organisation_id=organisation_id, is_active=True).order_by("name")


def default_team(organisation_id: int) -> Team | None:
    """The team that receives what no rule sends elsewhere."""
    return (
        Team.objects.filter(organisation_id=organisation_id, is_active=True)
        .order_by("-is_default", "name", "pk")
        .first()
    )


def team_by_slug(organisation_id: int, slug: str) -> Team | None:
    """The active team of an organisation with this slug, else None."""
    return Team.objects.filter(organisation_id=organisation_id, slug=slug, is_active=True).first()


def agents_of(organisation_id: int, *, team_id: int | None = None) -> QuerySet[User]:
    """Active members of an organisation (of one of its teams), by name."""
    members = Membership.objects.filter(organisation_id=organisation_id, is_active=True)
    if team_id is not None:
        members = members.filter(teams=team_id)
    return User.objects.filter(is_active=True, pk__in=members.values("user_id")).order_by(
        "family_name", "given_names", "pk"
    )


def managers_of(organisation_id: int, *, team_id: int | None = None) -> QuerySet[User]:
    """Active managers and administrators of an organisation; those in one of its teams."""
    members = Membership.objects.filter(
        organisation_id=organisation_id,
        is_active=True,
        role__in=[policies.MANAGER, policies.ADMINISTRATOR],
    )
    if team_id is not None:
        members = members.filter(teams=team_id)
    return User.objects.filter(is_active=True, pk__in=members.values("user_id")).order_by("pk")


def members_of(organisation_id: int) -> QuerySet[Membership]:
    """Active memberships with their person and teams: three queries whatever their number."""
    return (
        Membership.objects.filter(organisation_id=organisation_id, is_active=True)
        .select_related("user")
        .prefetch_related("teams")
        .order_by("user__family_name", "user__given_names", "pk")
    )


def labels(user_ids: Iterable[int]) -> dict[int, str]:
    """Display names by id, in one query; unknown ids are left out."""
    users = User.objects.filter(pk__in=set(user_ids)).only(
        "email", "given_names", "family_name", "preferred_name", "closed_at"
    )
    return {user.pk: user.display_name for user in users}


def representations_of(user_id: int) -> QuerySet[Representation]:
    """The companies and associations a person acts for or asked to act for."""
    return Representation.objects.filter(user_id=user_id).select_related("entity").order_by("pk")


def representations_to_verify() -> QuerySet[Representation]:
    """Claims nobody answered yet, oldest first."""
    return (
        Representation.objects.filter(verified_at__isnull=True, declined_at__isnull=True)
        .select_related("entity", "user")
        .order_by("created_at", "pk")
    )


def consents_of(user_id: int) -> QuerySet[Consent]:
    """Every choice a person made, in force or withdrawn, newest first."""
    return Consent.objects.filter(user_id=user_id).order_by("-granted_at", "-pk")


def has_consented(user_id: int, purpose: str) -> bool:
    """Whether a consent to `purpose` is in force."""
    return Consent.objects.filter(
        user_id=user_id, purpose=purpose, withdrawn_at__isnull=True
    ).exists()


def admits_by_proconnect(organisation_id: int) -> bool:
    """Whether an agent vouched for by ProConnect becomes a member at first login."""
    return Admission.objects.filter(organisation_id=organisation_id, by_proconnect=True).exists()


def actor_for_key(secret: str) -> KeyActor | None:
    """The program that holds this key, in one query; None for a key unknown, revoked, or of an
    organisation that is no longer active.
    """
    if not rules.is_key(secret):
        return None
    digest = hashlib.sha256(secret.encode()).hexdigest()
    key = ApiKey.objects.filter(
        digest=digest, revoked_at__isnull=True, organisation__is_active=True
    ).first()
    if key is None:
        return None
    scopes = frozenset(key.scopes) & rules.API_SCOPES.keys()
    return KeyActor(
        kind="program",
        label=key.name,
        roles={key.organisation_id: policies.AGENT} if scopes & rules.CASE_SCOPES else {},
        key_id=key.pk,
        organisation_id=key.organisation_id,
        scopes=scopes,
    )


def api_keys_of(actor: Actor, organisation_id: int) -> QuerySet[ApiKey]:
    """The keys of an organisation, in force first, newest first; none to who may not see them."""
    if not policies.can_integrate(actor, organisation_id):
        return ApiKey.objects.none()
    return (
        ApiKey.objects.filter(organisation_id=organisation_id)
        .select_related("created_by")
        .order_by(F("revoked_at").desc(nulls_first=True), "-pk")
    )
