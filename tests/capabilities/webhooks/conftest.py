"""Two organisations with their administrators, a receiver on the loopback, room to call it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.capabilities.webhooks.receiver import Receiver

from socle.foundations.accounts import actions as accounts
from socle.foundations.accounts.actors import SYSTEM, Actor
from socle.foundations.accounts.queries import actor_by_id
from socle.foundations.territories.models import Organisation


@dataclass
class Cast:
    home: Organisation
    other: Organisation
    administrator: Actor
    foreigner: Actor
    agent: Actor


def _member(email: str, organisation: Organisation, role: str) -> Actor:
    user = accounts.register(email=email, given_names="Léa")
    accounts.add_member(organisation_id=organisation.pk, user_id=user.pk, role=role, actor=SYSTEM)
    return actor_by_id(user.pk)


@pytest.fixture
def cast(db: None) -> Cast:
    home = Organisation.objects.create(slug="villeneuve", kind="commune", name="Villeneuve")
    other = Organisation.objects.create(slug="hautbourg", kind="commune", name="Hautbourg")
    return Cast(
        home,
        other,
        _member("a@exemple.fr", home, "administrator"),
        _member("b@exemple.fr", other, "administrator"),
        _member("c@exemple.fr", home, "manager"),
    )


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    options = settings.SOCLE
    named = options.outgoing.model_copy(update={"private_hosts": ("127.0.0.1",), "timeout": 5.0})
    settings.SOCLE = options.model_copy(update={"outgoing": named})
    opened = Receiver()
    yield opened
    opened.close()
