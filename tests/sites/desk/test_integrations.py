"""An administrator gives keys and addresses; others do not know that the page exists."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from tests.cast import Cast, member, person

from socle.capabilities.webhooks.models import Delivery, Endpoint
from socle.foundations.accounts import queries
from socle.foundations.accounts.models import ApiKey
from socle.foundations.territories import queries as territories

pytestmark = pytest.mark.django_db
HERE = "/agents/organisations/metropole-du-lac/programmes"


@pytest.fixture
def boss(cast: Cast) -> Client:
    return cast.client(member(person("zoe"), "metropole-du-lac", "administrator"))


@pytest.fixture
def inside(settings: Any) -> None:
    """The test's own addresses may be called."""
    named = settings.SOCLE.outgoing.model_copy(update={"private_hosts": ("crochet.example",)})
    settings.SOCLE = settings.SOCLE.model_copy(update={"outgoing": named})


def _change(browser: Client, do: str, **fields: Any) -> Any:
    return browser.post(f"{HERE}/changement", {"do": do, **fields})


def _endpoint(boss: Client) -> Endpoint:
    made = _change(boss, "create-endpoint", url="http://crochet.example/x?jeton=secret")
    assert made.status_code == 200, made.content
    found = Endpoint.objects.get()
    assert found.secret in made.content.decode()
    return found


def test_a_key_is_shown_once_and_revoked(boss: Client) -> None:
    made = _change(boss, "create-key", name="Application", scopes=["cases:read"])
    secret = re.search(r"socle_[\w-]{43}", made.content.decode())
    assert secret
    assert queries.actor_for_key(secret[0]) is not None
    page = boss.get(HERE).content.decode()
    assert "Application" in page
    assert secret[0] not in page
    _change(boss, "revoke-key", key=ApiKey.objects.get().pk)
    assert queries.actor_for_key(secret[0]) is None
    assert "Révoquée le" in boss.get(HERE).content.decode()


def test_what_is_missing_is_said(boss: Client) -> None:
    refused = _change(boss, "create-key", name="")
    assert refused.status_code == 422
    assert "Choisissez au moins un droit" in refused.content.decode()
    refused = _change(boss, "create-endpoint", url="https://127.0.0.1/")
    assert refused.status_code == 422
    assert "adresse https publique" in refused.content.decode()


def test_an_address_is_tried_paused_changed_and_removed(boss: Client, inside: None) -> None:
    found = _endpoint(boss)
    here = f"{HERE}/adresses/{found.pk}"

    def do(act: str, **fields: Any) -> Any:
        return boss.post(f"{here}/changement", {"do": act, **fields})

    assert do("test").status_code == 302
    delivery = Delivery.objects.get()
    Delivery.objects.update(state="failed", error="HTTP 500")
    page = boss.get(here).content.decode()
    assert "HTTP 500" in page
    assert delivery.event_id in page
    do("replay", delivery=delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == "queued"
    do("pause")
    found.refresh_from_db()
    assert not found.active
    do("resume")
    old = found.secret
    rotated = do("rotate")
    found.refresh_from_db()
    assert found.active
    assert found.secret in rotated.content.decode()
    assert found.previous_secret == old
    do("update", url="http://crochet.example/y", events=["report.closed"])
    found.refresh_from_db()
    assert (found.url, found.events) == ("http://crochet.example/y", ["report.closed"])
    # Neither the secret nor what follows the address's question mark is on the page any more.
    assert found.secret not in boss.get(here).content.decode()
    do("delete")
    assert not Endpoint.objects.exists()


def test_others_do_not_know_the_page(cast: Cast, boss: Client, inside: None) -> None:
    found = _endpoint(boss)
    elsewhere = member(person("yann"), "saint-test", "administrator")
    for who in (cast.agent, cast.colleague, cast.commune_agent, cast.resident, elsewhere):
        browser = cast.client(who)
        assert browser.get(HERE).status_code == 404
        assert browser.get(f"{HERE}/adresses/{found.pk}").status_code == 404
        assert _change(browser, "create-key", name="x", scopes=["cases:read"]).status_code == 404
        assert browser.post(
            f"{HERE}/adresses/{found.pk}/changement", {"do": "delete"}
        ).status_code == 404  # fmt: skip
    # By the door of one's own organisation, another's address does not exist either.
    own = cast.client(elsewhere)
    crossed = f"/agents/organisations/saint-test/programmes/adresses/{found.pk}"
    assert own.get(crossed).status_code == 404
    assert own.post(f"{crossed}/changement", {"do": "delete"}).status_code == 404
    assert (Endpoint.objects.count(), ApiKey.objects.count()) == (1, 0)
    assert territories.organisation("metropole-du-lac").pk == found.organisation_id
