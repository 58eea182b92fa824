"""The twins of FranceConnect and ProConnect: every journey without a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client

from socle.foundations.accounts.models import Membership, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def demonstration(settings: Any) -> None:
    settings.SOCLE = django_settings.SOCLE.model_copy(update={"demo": True})


def _page(client: Client, provider: str, next_page: str = "/aide") -> tuple[str, Any]:
    start = client.get(f"/compte/connexion/{provider}/depart", {"next": next_page})
    where = start.headers["Location"]
    assert where.startswith(f"/compte/demo/{provider}?state=")
    return parse_qs(urlsplit(where).query)["state"][0], client.get(where)


def _play(client: Client, provider: str, ticket: str, next_page: str = "/aide") -> Any:
    state, page = _page(client, provider, next_page)
    assert page.status_code == 200
    answer = client.post(f"/compte/demo/{provider}", {"state": state, "ticket": ticket})
    return client.get(answer.headers["Location"])


@pytest.mark.usefixtures("demonstration")
def test_a_resident_of_the_demonstration_enters_in_one_click(client: Client, amina: User) -> None:
    _state, page = _page(client, "franceconnect")
    assert "Amina Diallo" in page.content.decode()
    ticket = re.search(rf'value="(demo-{amina.pk})"', page.content.decode())
    assert ticket
    assert _play(client, "franceconnect", ticket.group(1)).headers["Location"] == "/aide"
    assert client.session["_auth_user_id"] == str(amina.pk)


@pytest.mark.usefixtures("demonstration")
def test_a_newcomer_goes_through_the_first_time(
    client: Client, code_for: Callable[[str], str]
) -> None:
    assert _play(client, "franceconnect", "new-1").headers["Location"] == "/compte/rattachement"
    page = client.get("/compte/rattachement").content.decode()
    email = re.search(r'value="([^"]+@exemple\.fr)"', page)
    assert email
    client.post("/compte/rattachement", {"email": email.group(1)})
    done = client.post("/compte/rattachement/code", {"code": code_for(email.group(1))})
    assert done.headers["Location"] == "/aide"
    again = Client()
    assert _play(again, "franceconnect", "new-1").headers["Location"] == "/aide"


@pytest.mark.usefixtures("demonstration")
def test_an_agent_of_the_demonstration_enters_in_one_click(client: Client, bruno: User) -> None:
    ticket = str(Membership.objects.get(user=bruno).pk)
    assert "Bruno Roux" in _page(client, "proconnect")[1].content.decode()
    assert _play(client, "proconnect", ticket, "/agents/").headers["Location"] == "/agents/"
    assert client.session["_auth_user_id"] == str(bruno.pk)


@pytest.mark.usefixtures("demonstration")
def test_an_agent_from_elsewhere_is_refused_as_they_would_be(client: Client, bruno: User) -> None:
    organisation = Membership.objects.get(user=bruno).organisation
    organisation.siren = "552100554"
    organisation.save()
    assert _play(client, "proconnect", "stranger").status_code == 403


@pytest.mark.usefixtures("demonstration")
def test_cancelling_is_possible(client: Client) -> None:
    _state, page = _page(client, "franceconnect")
    cancel = re.search(r'href="([^"]+error=access_denied[^"]*)"', page.content.decode())
    assert cancel
    answer = client.get(cancel.group(1).replace("&amp;", "&"))
    assert answer.headers["Location"] == "/compte/connexion?next=%2Faide"


@pytest.mark.usefixtures("demonstration")
@pytest.mark.parametrize("ticket", ["", "demo-999999", "nobody", "1 OR 1=1"])
def test_only_people_of_the_demonstration_are_played(client: Client, ticket: str) -> None:
    state, _page_shown = _page(client, "franceconnect")
    answer = client.post("/compte/demo/franceconnect", {"state": state, "ticket": ticket})
    assert answer.status_code == 404


@pytest.mark.usefixtures("demonstration")
def test_a_forged_code_is_refused(client: Client, amina: User) -> None:
    state, _shown = _page(client, "franceconnect")
    answer = client.get(
        "/compte/connexion/franceconnect/retour", {"state": state, "code": f"demo-{amina.pk}:x:y"}
    )
    assert answer.status_code == 403


@pytest.mark.usefixtures("demonstration")
def test_administrators_are_not_played_as_residents(client: Client, amina: User) -> None:
    User.objects.filter(pk=amina.pk).update(is_administrator=True)
    assert "Amina" not in _page(client, "franceconnect")[1].content.decode()


def test_outside_a_demonstration_there_is_no_twin(client: Client, amina: User) -> None:
    for provider in ("franceconnect", "proconnect"):
        assert client.get(f"/compte/demo/{provider}").status_code == 404
        played = client.post(
            f"/compte/demo/{provider}", {"state": "x", "ticket": f"demo-{amina.pk}"}
        )
        assert played.status_code == 404
        assert client.get(f"/compte/connexion/{provider}/depart").status_code == 404
    page = client.get("/compte/connexion").content.decode()
    assert "FranceConnect" not in page
