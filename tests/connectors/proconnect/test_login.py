"""Agents through ProConnect, against a real provider on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from tests.peers.oidc.fixtures import registered
from tests.peers.oidc.peer import AGENT, Peer

from socle.foundations.accounts import actions
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.accounts.models import ExternalIdentity, Membership, User
from socle.foundations.accounts.queries import actor_for
from socle.foundations.territories.models import Organisation

pytestmark = pytest.mark.django_db
START = "/compte/connexion/proconnect/depart"


@pytest.fixture(autouse=True)
def _registered(settings: Any, peer: Peer) -> None:
    registered(settings, peer, "proconnect")
    peer.is_asked(persona=AGENT)


@pytest.fixture
def open_house(villeneuve: Organisation) -> Organisation:
    """Villeneuve lets its agents in by ProConnect."""
    actions.set_admission(organisation_id=villeneuve.pk, by_proconnect=True, actor=SYSTEM)
    return villeneuve


def _go(client: Client, peer: Peer, next_page: str = "/agents/") -> Any:
    response = client.get(START, {"next": next_page})
    assert response.status_code == 302, response.content.decode()
    return client.get(peer.leads_to(response.headers["Location"]))


def _first_time(client: Client, peer: Peer, code_for: Callable[[str], str], email: str) -> Any:
    response = _go(client, peer)
    assert response.headers["Location"] == "/compte/rattachement", response.content.decode()
    client.post("/compte/rattachement", {"email": email})
    return client.post("/compte/rattachement/code", {"code": code_for(email)})


def test_the_request_is_what_proconnect_accepts(client: Client) -> None:
    query = parse_qs(urlsplit(client.get(START).headers["Location"]).query)
    assert json.loads(query["claims"][0]) == {"id_token": {"amr": {"essential": True}}}
    assert {"openid", "siret", "idp_id", "usual_name"} <= set(query["scope"][0].split())
    known = "response_type client_id redirect_uri scope state nonce acr_values claims"
    assert set(query) <= set(known.split())


def test_an_agent_of_a_house_that_admits_becomes_its_member_at_first_login(
    client: Client, open_house: Organisation, peer: Peer, code_for: Callable[[str], str]
) -> None:
    done = _first_time(client, peer, code_for, AGENT["email"])
    assert done.headers["Location"] == "/agents/"
    user = User.objects.get(email=AGENT["email"])
    membership = Membership.objects.get(user=user)
    assert (membership.organisation, membership.role) == (open_house, "agent")
    assert user.family_name == "Roux"
    identity = ExternalIdentity.objects.get(user=user)
    # The number of an agent is only unique inside one identity provider.
    assert identity.subject == f"{AGENT['idp_id']}:{AGENT['sub']}"


def test_an_agent_of_a_house_that_does_not_admit_is_sent_to_its_administrator(
    client: Client, villeneuve: Organisation, peer: Peer, code_for: Callable[[str], str]
) -> None:
    response = _first_time(client, peer, code_for, AGENT["email"])
    assert response.status_code == 403
    assert "Demandez à son administrateur" in response.content.decode()
    assert not User.objects.exists()
    assert "_auth_user_id" not in client.session


def test_a_member_added_beforehand_enters_and_keeps_their_role(
    client: Client, villeneuve: Organisation, peer: Peer, code_for: Callable[[str], str]
) -> None:
    actions.add_member(
        organisation_id=villeneuve.pk, email=AGENT["email"], role="manager", actor=SYSTEM
    )
    response = _first_time(client, peer, code_for, AGENT["email"])
    assert response.headers["Location"] == "/compte/rattachement/confirmation"
    done = client.post("/compte/rattachement/confirmation", {"link": "1"})
    assert done.headers["Location"] == "/agents/"
    assert Membership.objects.get().role == "manager"


def test_an_unknown_siren_is_refused_in_words(client: Client, peer: Peer) -> None:
    response = _go(client, peer)
    assert response.status_code == 403
    page = response.content.decode()
    assert "Votre organisme n’utilise pas cette plateforme" in page
    assert client.get("/compte/rattachement").headers["Location"] == "/compte/connexion"


@pytest.mark.parametrize("siret", ["", "12345678901234", "7328293200007", None])
def test_without_a_valid_siret_there_is_no_organisation(
    siret: str | None, client: Client, open_house: Organisation, peer: Peer
) -> None:
    peer.is_asked(persona={**AGENT, "siret": siret})
    response = _go(client, peer)
    assert response.status_code == 403
    assert "numéro SIRET" in response.content.decode()


def test_another_establishment_of_the_same_body_is_the_same_organisation(
    client: Client, open_house: Organisation, peer: Peer, code_for: Callable[[str], str]
) -> None:
    peer.is_asked(persona={**AGENT, "siret": "73282932000082"})
    assert _first_time(client, peer, code_for, AGENT["email"]).headers["Location"] == "/agents/"


def test_without_the_provider_s_own_number_nobody_is_identified(
    client: Client, open_house: Organisation, peer: Peer
) -> None:
    peer.is_asked(persona={**AGENT, "idp_id": None})
    assert _go(client, peer).status_code == 403


def test_the_same_number_at_another_provider_is_somebody_else(
    client: Client, open_house: Organisation, peer: Peer, code_for: Callable[[str], str]
) -> None:
    _first_time(client, peer, code_for, AGENT["email"])
    peer.is_asked(persona={**AGENT, "idp_id": "another-provider"})
    assert _go(Client(), peer).headers["Location"] == "/compte/rattachement"


def test_an_agent_who_left_is_not_let_back_in(
    client: Client, open_house: Organisation, peer: Peer, code_for: Callable[[str], str]
) -> None:
    _first_time(client, peer, code_for, AGENT["email"])
    actions.remove_member(membership_id=Membership.objects.get().pk, actor=SYSTEM)
    later = Client()
    response = _go(later, peer)
    assert response.status_code == 403
    assert "_auth_user_id" not in later.session
    assert not Membership.objects.get().is_active


def test_an_agent_who_changed_administration_is_refused_by_the_former(
    client: Client, open_house: Organisation, peer: Peer, code_for: Callable[[str], str]
) -> None:
    _first_time(client, peer, code_for, AGENT["email"])
    # A SIREN of nobody here.
    peer.is_asked(persona={**AGENT, "siret": "35600000049837"})
    assert _go(Client(), peer).status_code == 403


class TestSecondFactor:
    """Compulsory in production: the administration's own counts when it says so."""

    @pytest.fixture(autouse=True)
    def _production(self, settings: Any) -> None:
        settings.IDENTITY_SECOND_FACTOR_FOR_AGENTS = True

    def test_an_agent_whose_administration_asked_for_two_factors_enters(
        self, client: Client, open_house: Organisation, peer: Peer, code_for: Any
    ) -> None:
        peer.is_asked(amr=["pwd", "totp", "mfa"])
        _first_time(client, peer, code_for, AGENT["email"])
        assert client.get("/agents/").status_code != 302

    def test_an_agent_with_a_mere_password_there_sets_one_up_here(
        self, client: Client, open_house: Organisation, peer: Peer, code_for: Any
    ) -> None:
        peer.is_asked(amr=["pwd"])
        _first_time(client, peer, code_for, AGENT["email"])
        response = client.get("/agents/")
        assert response.headers["Location"].startswith("/compte/second-facteur")

    def test_the_local_factor_is_not_asked_twice(
        self, client: Client, open_house: Organisation, peer: Peer, code_for: Any
    ) -> None:
        from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

        peer.is_asked(amr=["mfa"])
        _first_time(client, peer, code_for, AGENT["email"])
        TOTP.activate(User.objects.get(), generate_totp_secret())
        assert _go(Client(), peer).headers["Location"] == "/agents/"
        peer.is_asked(amr=["pwd"])
        response = _go(Client(), peer)
        assert response.headers["Location"] == "/compte/connexion/verification"


def test_a_resident_account_becomes_an_agent_s_only_through_its_membership(
    client: Client, open_house: Organisation, amina: User, peer: Peer, code_for: Any
) -> None:
    peer.is_asked(persona={**AGENT, "email": amina.email})
    response = _first_time(client, peer, code_for, amina.email)
    # The house admits: linking is proposed, and nothing is granted before the person says yes.
    if response.status_code == 302:
        assert not actor_for(amina).is_agent
        client.post("/compte/rattachement/confirmation", {"link": "1"})
    assert actor_for(amina).is_agent


@pytest.mark.parametrize(
    "fault", ["wrong-nonce", "alg-none", "alg-confusion", "tampered-userinfo", "wrong-issuer"]
)
def test_what_cannot_be_trusted_is_refused(
    fault: str, client: Client, open_house: Organisation, peer: Peer
) -> None:
    peer.is_asked(fault=fault)
    assert _go(client, peer).status_code == 403
    assert not User.objects.exists()
