"""Accounts of the demonstration."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password

from socle.config.demo.pack import Demonstration, Person
from socle.foundations.accounts import actions, queries
from socle.foundations.accounts.actors import SYSTEM, Actor
from socle.foundations.accounts.models import LegalEntity, Representation, User
from socle.foundations.territories import queries as territories
from socle.kernel.clock import FixedClock


@dataclass
class Cast:
    """The people, once they exist."""

    residents: list[User] = field(default_factory=list)
    representatives: list[tuple[User, int]] = field(default_factory=list)
    """With the id of the entity they represent."""
    agents: dict[int, list[Actor]] = field(default_factory=dict)
    """Actors by organisation."""


def create(plan: Demonstration, now: datetime) -> Cast:
    """Make every account, with roles and representations, and a hundred residents more."""
    rng = random.Random(plan.seed)
    clock = FixedClock(now - timedelta(days=30 * plan.months))
    # One hash for all: the password is published, and hashing is slow on purpose.
    hashed = make_password(plan.password)
    cast = Cast()
    for person in plan.persons:
        user = _account(person.email, person.given, person.family, person.language, hashed, clock)
        if person.platform:
            actions.set_administrator(
                actor=SYSTEM, user_id=user.pk, administrator=True, clock=clock
            )
        if person.role:
            _member(person, user, clock)
        elif person.entity:
            cast.representatives.append((user, _entity(person, user, now)))
        elif not person.platform:
            cast.residents.append(user)
    for rank in range(100):
        given, family = rng.choice(plan.given_names), rng.choice(plan.family_names)
        email = f"habitant{rank + 1}@demonstration.example"
        cast.residents.append(_account(email, given, family, "fr", "!", clock))
    for organisation in territories.organisations():
        members = [
            queries.actor_by_id(each.user_id) for each in queries.members_of(organisation.pk)
        ]
        if members:
            cast.agents[organisation.pk] = members
    return cast


def _account(
    email: str, given: str, family: str, language: str, hashed: str, clock: FixedClock
) -> User:
    user = actions.register(
        email=email, password=None, given_names=given, family_name=family, language=language,
        email_verified=True, actor=SYSTEM, clock=clock,
    )  # fmt: skip
    User.objects.filter(pk=user.pk).update(password=hashed)
    return user


def _member(person: Person, user: User, clock: FixedClock) -> None:
    organisation = territories.organisation(person.organisation)
    teams = [queries.team_by_slug(organisation.pk, slug) for slug in person.teams]
    actions.add_member(
        actor=SYSTEM, organisation_id=organisation.pk, email=user.email, role=person.role,
        team_ids=[team.pk for team in teams if team is not None], clock=clock,
    )  # fmt: skip


def _entity(person: Person, user: User, now: datetime) -> int:
    entity = LegalEntity.objects.create(
        kind=person.entity_kind, name=person.entity, siret=person.siret, rna=person.rna
    )
    Representation.objects.create(
        user=user, entity=entity, capacity="Représentant légal", verified_at=now
    )
    return entity.pk


def logins(plan: Demonstration) -> list[dict[str, Any]]:
    """The table printed when the demonstration is ready."""
    return [
        {
            "who": {"fr": person.who, "en": person.who_en},
            "email": person.email,
            "password": plan.password,
            "path": person.path,
        }
        for person in plan.persons
        if not person.hidden
    ]
