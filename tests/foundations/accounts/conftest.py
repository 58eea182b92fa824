"""Two organisations, and somebody in each role."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from socle.foundations.accounts import actions
from socle.foundations.accounts.actors import SYSTEM, Actor
from socle.foundations.accounts.models import User
from socle.foundations.accounts.queries import actor_by_id
from socle.foundations.territories.models import Organisation

EVERYONE = (
    *("agent", "counter", "manager", "administrator"),
    *("neighbour", "resident", "platform"),
)


@dataclass
class Cast:
    """Actors are snapshots: ask again after a change."""

    villeneuve: Organisation
    hautbourg: Organisation
    users: dict[str, User]

    def __getitem__(self, name: str) -> Actor:
        return actor_by_id(self.users[name].pk)

    def id(self, name: str) -> int:
        return self.users[name].pk


@pytest.fixture
def cast(db: None) -> Cast:
    """`agent`, `counter`, `manager`, `administrator` of Villeneuve; `neighbour`, administrator of
    Hautbourg; `resident`; `platform`.
    """
    villeneuve = Organisation.objects.create(
        slug="villeneuve", kind="commune", name="Villeneuve", siren="732829320"
    )
    hautbourg = Organisation.objects.create(slug="hautbourg", kind="commune", name="Hautbourg")
    users = {
        name: actions.register(email=f"{name}@exemple.fr", given_names=name.title())
        for name in EVERYONE
    }
    for role in ("agent", "counter", "manager", "administrator"):
        actions.add_member(
            organisation_id=villeneuve.pk, user_id=users[role].pk, role=role, actor=SYSTEM
        )
    actions.add_member(
        organisation_id=hautbourg.pk,
        user_id=users["neighbour"].pk,
        role="administrator",
        actor=SYSTEM,
    )
    actions.set_administrator(user_id=users["platform"].pk, administrator=True, actor=SYSTEM)
    return Cast(villeneuve, hautbourg, users)
