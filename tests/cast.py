"""A small métropole and its named people, for tests of sites and journeys."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.test import Client
from PIL import Image

from socle.foundations.accounts import actions, queries
from socle.foundations.accounts.actors import SYSTEM, Actor
from socle.foundations.accounts.models import User
from socle.foundations.packs import actions as packs
from socle.foundations.territories import queries as territories

PACKS = Path(__file__).parent / "packs"
PASSWORD = "un-long-mot-de-passe-de-test"
# A point of the first commune of the small pack, and one far outside (degrees).
INSIDE, OUTSIDE = (2.05, 46.05), (-1.5, 47.2)


@dataclass
class Cast:
    """Who is who; `client(person)` is their browser, signed in."""

    resident: User
    neighbour: User
    agent: User
    colleague: User
    counter: User
    commune_agent: User
    administrator: User

    def client(self, person: User | None = None) -> Client:
        browser = Client()
        if person is not None:
            browser.force_login(
                person, backend="allauth.account.auth_backends.AuthenticationBackend"
            )
        return browser

    def actor(self, person: User) -> Actor:
        return queries.actor_for(person)


def person(name: str, *, password: str | None = None) -> User:
    return actions.register(
        email=f"{name}@lac.example", password=password, given_names=name.capitalize(),
        family_name="Test", email_verified=True, actor=SYSTEM,
    )  # fmt: skip


def member(user: User, slug: str, role: str, *teams: str) -> User:
    organisation = territories.organisation(slug)
    found = [queries.team_by_slug(organisation.pk, each) for each in teams]
    actions.add_member(
        actor=SYSTEM, organisation_id=organisation.pk, email=user.email, role=role,
        team_ids=[team.pk for team in found if team is not None],
    )  # fmt: skip
    return user


def assemble(password: str | None = None) -> Cast:
    """Apply the small pack and make everybody."""
    packs.apply(PACKS / "lakeside")
    home = "metropole-du-lac"
    administrator = person("admin", password=password)
    actions.set_administrator(actor=SYSTEM, user_id=administrator.pk, administrator=True)
    return Cast(
        resident=person("ada", password=password),
        neighbour=person("bob", password=password),
        agent=member(person("carole", password=password), home, "agent", "dechets", "voirie"),
        colleague=member(
            person("denis", password=password), home, "manager", "dechets", "proprete"
        ),
        counter=member(person("esther", password=password), home, "counter", "relation-usagers"),
        commune_agent=member(
            person("farid", password=password),
            "villeneuve-du-lac",
            "manager",
            "proprete",
            "accueil",
        ),
        administrator=administrator,
    )


def photo(name: str = "photo.jpg", size: tuple[int, int] = (80, 60)) -> io.BytesIO:
    """A small JPEG, as a browser uploads it."""
    stream = io.BytesIO()
    Image.new("RGB", size, (20, 90, 150)).save(stream, "JPEG")
    stream.seek(0)
    stream.name = name
    return stream


def place(
    name: str, point: tuple[float, float] = INSIDE, label: str = "1 place de la Mairie"
) -> dict[str, Any]:
    """What the address field posts when a suggestion was chosen."""
    return {name: label, f"{name}_lon": str(point[0]), f"{name}_lat": str(point[1])}
