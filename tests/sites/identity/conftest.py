"""A cast: Amina, resident; Bruno, agent of Villeneuve; and the means to read their mail."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from socle.capabilities.notifications.models import Email
from socle.foundations.accounts import actions
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.accounts.models import User
from socle.foundations.territories.models import Organisation

PASSWORD = "quatre mots bien choisis"


@pytest.fixture
def amina(db: None) -> User:
    """A resident with a password and a confirmed address."""
    return actions.register(
        email="amina@exemple.fr",
        password=PASSWORD,
        given_names="Amina",
        family_name="Diallo",
        email_verified=True,
    )


@pytest.fixture
def villeneuve(db: None) -> Organisation:
    """An organisation with a SIREN."""
    return Organisation.objects.create(
        slug="villeneuve", kind="commune", name="Villeneuve", siren="732829320"
    )


@pytest.fixture
def bruno(villeneuve: Organisation) -> User:
    """An agent with a password."""
    user = actions.register(
        email="bruno@villeneuve.exemple",
        password=PASSWORD,
        given_names="Bruno",
        family_name="Roux",
        email_verified=True,
    )
    actions.add_member(organisation_id=villeneuve.pk, user_id=user.pk, actor=SYSTEM)
    return user


@pytest.fixture
def mailbox(db: None) -> Callable[[str], list[Email]]:
    """E-mails written to an address, oldest first."""
    return lambda address: list(Email.objects.filter(to=address).order_by("pk"))


@pytest.fixture
def code_for(mailbox: Callable[[str], list[Email]]) -> Callable[[str], str]:
    """The code of the last e-mail written to an address."""

    def read(address: str) -> str:
        found = re.search(r"\b\d{4}-\d{4}\b", mailbox(address)[-1].text)
        assert found, mailbox(address)[-1].text
        return found.group()

    return read


@pytest.fixture
def signed_in(client: Client, amina: User) -> Client:
    """Amina's browser, after a login by password."""
    response = client.post("/compte/connexion", {"login": amina.email, "password": PASSWORD})
    assert response.status_code == 302, response.content.decode()
    return client


def totp_code(secret: str, *, periods: int = 0) -> str:
    """The code an application shows now, or some periods of thirty seconds away."""
    import time

    counter = int(time.time()) // 30 + periods
    return totp.format_hotp_value(totp.hotp_value(secret, counter))
