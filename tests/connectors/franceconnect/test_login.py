"""Residents through FranceConnect, against a real provider on loopback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from tests.peers.oidc.fixtures import registered
from tests.peers.oidc.peer import RESIDENT, Peer
from tests.sites.identity.conftest import PASSWORD

from socle.foundations.accounts import actions
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.accounts.models import ExternalIdentity, User
from socle.foundations.journal.models import Entry

pytestmark = pytest.mark.django_db
START = "/compte/connexion/franceconnect/depart"
BACK = "/compte/connexion/franceconnect/retour"


@pytest.fixture(autouse=True)
def _registered(settings: Any, peer: Peer) -> None:
    registered(settings, peer, "franceconnect")


def _go(client: Client, peer: Peer, next_page: str = "") -> Any:
    """Leave for the provider, log in there, come back."""
    response = client.get(START, {"next": next_page} if next_page else {})
    assert response.status_code == 302, response.content.decode()
    return client.get(peer.leads_to(response.headers["Location"]))


def _first_time(client: Client, peer: Peer, code_for: Callable[[str], str], email: str) -> Any:
    response = _go(client, peer, "/aide")
    assert response.headers["Location"] == "/compte/rattachement"
    client.post("/compte/rattachement", {"email": email})
    return client.post("/compte/rattachement/code", {"code": code_for(email)})


def _is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_request_is_what_franceconnect_demands(client: Client) -> None:
    location = client.get(START).headers["Location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert query["response_type"] == "code"
    assert query["acr_values"] == "eidas1"
    assert len(query["state"]) >= 32
    assert len(query["nonce"]) >= 32
    assert query["redirect_uri"] == f"http://testserver{BACK}"
    assert "birthdate" not in query["scope"]


def test_the_login_page_offers_franceconnect_first(client: Client) -> None:
    page = client.get("/compte/connexion?next=/aide").content.decode()
    assert page.index("Se connecter avec FranceConnect") < page.index("Mot de passe")
    assert f"{START}?next=%2Faide" in page


def test_the_first_time_an_address_is_proved_and_an_account_made(
    client: Client, peer: Peer, code_for: Callable[[str], str]
) -> None:
    page = _go(client, peer, "/aide")
    assert page.headers["Location"] == "/compte/rattachement"
    assert not _is_in(client)
    assert "Bonjour Angela" in client.get("/compte/rattachement").content.decode()
    client.post("/compte/rattachement", {"email": RESIDENT["email"]})
    done = client.post("/compte/rattachement/code", {"code": code_for(RESIDENT["email"])})
    assert done.headers["Location"] == "/aide"
    user = User.objects.get(email=RESIDENT["email"])
    assert client.session["_auth_user_id"] == str(user.pk)
    assert (user.given_names, user.family_name, user.preferred_name) == (
        "Angela Claire Louise",
        "DUBOIS",
        "MARTIN",
    )
    identity = ExternalIdentity.objects.get(user=user)
    # Pairwise: not the provider's own number for the person.
    assert identity.subject != RESIDENT["sub"]
    assert identity.acr == "eidas1"
    assert Entry.objects.filter(action="identity.linked", subject_id=str(user.pk)).exists()


def test_the_next_times_one_click_suffices(
    client: Client, peer: Peer, code_for: Callable[[str], str]
) -> None:
    _first_time(client, peer, code_for, RESIDENT["email"])
    # Even when the address at the provider's has changed since.
    peer.is_asked(persona={**RESIDENT, "email": "autre@exemple.fr"})
    later = Client()
    response = _go(later, peer, "/aide")
    assert response.headers["Location"] == "/aide"
    assert _is_in(later)
    assert User.objects.count() == 1


def test_an_existing_account_is_linked_only_by_its_owner_and_on_their_word(
    client: Client, amina: User, peer: Peer, code_for: Callable[[str], str]
) -> None:
    peer.is_asked(persona={**RESIDENT, "email": amina.email})
    response = _first_time(client, peer, code_for, amina.email)
    assert response.headers["Location"] == "/compte/rattachement/confirmation"
    assert not ExternalIdentity.objects.exists()
    page = client.get("/compte/rattachement/confirmation").content.decode()
    assert "Angela Claire Louise MARTIN" in page
    assert amina.email in page
    client.post("/compte/rattachement/confirmation", {"link": "1"})
    assert ExternalIdentity.objects.get().user == amina
    amina.refresh_from_db()
    assert amina.given_names == "Amina"


def test_declaring_somebodys_address_at_the_provider_opens_nothing(
    client: Client, amina: User, peer: Peer
) -> None:
    peer.is_asked(persona={**RESIDENT, "email": amina.email})
    _go(client, peer)
    client.post("/compte/rattachement", {"email": amina.email})
    for _guess in range(4):
        client.post("/compte/rattachement/code", {"code": "0000-0000"})
    assert client.get("/compte/rattachement/confirmation").status_code == 302
    assert not _is_in(client)
    assert not ExternalIdentity.objects.exists()


def test_linking_does_not_tell_whether_an_address_has_an_account(amina: User, peer: Peer) -> None:
    import re

    pages = []
    for email in (amina.email, "personne@exemple.fr"):
        browser = Client()
        _go(browser, peer)
        response = browser.post("/compte/rattachement", {"email": email})
        page = browser.get(response.headers["Location"]).content.decode().replace(email, "…")
        pages.append((response.status_code, re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page)))
    assert pages[0] == pages[1]


def test_a_second_factor_is_asked_before_linking(
    client: Client, amina: User, peer: Peer, code_for: Callable[[str], str]
) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(amina, generate_totp_secret())
    response = _first_time(client, peer, code_for, amina.email)
    assert response.headers["Location"] == "/compte/connexion/verification"
    assert not _is_in(client)
    assert client.get("/compte/rattachement/confirmation").status_code == 302
    assert not ExternalIdentity.objects.exists()


def test_an_identity_left_on_a_shared_computer_is_not_linked_silently(
    client: Client, amina: User, peer: Peer
) -> None:
    _go(client, peer)
    client.post("/compte/connexion", {"login": amina.email, "password": PASSWORD})
    assert _is_in(client)
    assert not ExternalIdentity.objects.exists()
    client.post("/compte/rattachement/confirmation", {"cancel": "1"})
    assert client.get("/compte/rattachement/confirmation").headers["Location"] == "/compte/"
    assert not ExternalIdentity.objects.exists()


def test_linking_from_the_account_and_parting(
    client: Client, amina: User, peer: Peer, mailbox: Any
) -> None:
    client.post("/compte/connexion", {"login": amina.email, "password": PASSWORD})
    response = _go(client, peer, "/compte/")
    assert response.headers["Location"] == "/compte/rattachement/confirmation"
    client.post("/compte/rattachement/confirmation", {"link": "1"})
    identity = ExternalIdentity.objects.get(user=amina)
    assert "moyen d’entrer" in mailbox(amina.email)[-1].subject
    assert "FranceConnect" in client.get("/compte/").content.decode()
    other = Client()
    assert other.post(f"/compte/rattachement/{identity.pk}/retrait").status_code == 302
    assert ExternalIdentity.objects.exists()
    client.post(f"/compte/rattachement/{identity.pk}/retrait")
    assert not ExternalIdentity.objects.exists()


def test_an_identity_opens_one_account_only(
    client: Client, amina: User, bruno: User, peer: Peer
) -> None:
    client.post("/compte/connexion", {"login": amina.email, "password": PASSWORD})
    _go(client, peer)
    client.post("/compte/rattachement/confirmation", {"link": "1"})
    other = Client()
    other.post("/compte/connexion", {"login": bruno.email, "password": PASSWORD})
    assert _go(other, peer).status_code == 409


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("wrong-nonce", "wrong-nonce"),
        ("no-nonce", "wrong-nonce"),
        ("wrong-issuer", "wrong-issuer"),
        ("wrong-audience", "wrong-audience"),
        ("two-audiences", "wrong-party"),
        ("expired", "expired"),
        ("from-the-future", "wrong-date"),
        ("no-acr", "acr-too-low"),
        ("wrong-at-hash", "wrong-at-hash"),
        ("alg-none", "wrong-algorithm"),
        ("alg-confusion", "wrong-algorithm"),
        ("another-key", "wrong-signature"),
        ("tampered-userinfo", "wrong-signature"),
        ("userinfo-of-another", "wrong-subject"),
        ("userinfo-for-another", "wrong-audience"),
        ("unsigned-userinfo", "unsigned-userinfo"),
    ],
)
def test_what_cannot_be_trusted_is_refused(
    fault: str, reason: str, client: Client, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.is_asked(fault=fault)
    with caplog.at_level(logging.WARNING, "socle.identity"):
        response = _go(client, peer)
    assert response.status_code == 403
    assert reason in caplog.text
    assert not _is_in(client)
    assert client.get("/compte/rattachement").headers["Location"] == "/compte/connexion"
    page = response.content.decode()
    assert "n’a pas abouti" in page
    assert "Recevoir un code par courriel" in page
    # Negative control: the same person, the provider behaving.
    peer.is_asked(fault="")
    assert _go(client, peer).headers["Location"] == "/compte/rattachement"


def test_personal_data_stays_out_of_the_log(
    client: Client, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.is_asked(fault="tampered-userinfo")
    with caplog.at_level(logging.DEBUG):
        _go(client, peer)
    assert "DUBOIS" not in caplog.text
    assert "exemple.fr" not in caplog.text


def test_a_level_too_low_is_refused_and_a_higher_one_accepted(
    client: Client, peer: Peer, settings: Any
) -> None:
    registered(settings, peer, "franceconnect", acr_values="eidas2")
    peer.is_asked(acr="eidas1")
    assert _go(client, peer).status_code == 403
    peer.is_asked(acr="eidas3")
    assert _go(client, peer).headers["Location"] == "/compte/rattachement"


def test_a_state_serves_once_and_in_its_own_browser(client: Client, peer: Peer) -> None:
    where = peer.leads_to(client.get(START).headers["Location"])
    stranger = Client()
    assert stranger.get(where).status_code == 400
    assert client.get(where).headers["Location"] == "/compte/rattachement"
    assert client.get(where).status_code == 400
    assert client.get(f"{BACK}?code=x&state=forged").status_code == 400
    assert client.get(BACK).status_code == 400


def test_a_code_serves_once(client: Client, peer: Peer) -> None:
    """A code stolen on the way and replayed under one's own state gives nothing."""
    where = peer.leads_to(client.get(START).headers["Location"])
    code = parse_qs(urlsplit(where).query)["code"][0]
    client.get(where)
    thief = Client()
    state = parse_qs(urlsplit(thief.get(START).headers["Location"]).query)["state"][0]
    assert thief.get(f"{BACK}?code={code}&state={state}").status_code == 403


def test_an_answer_of_another_provider_is_refused(client: Client, peer: Peer) -> None:
    where = peer.leads_to(client.get(START).headers["Location"])
    assert client.get(f"{where}&iss=http://ailleurs.exemple").status_code == 403


def test_keys_may_change_between_two_logins(client: Client, peer: Peer) -> None:
    assert _go(client, peer).headers["Location"] == "/compte/rattachement"
    peer.is_asked(rotate=True)
    assert _go(Client(), peer).headers["Location"] == "/compte/rattachement"


def test_giving_up_is_said_and_changes_nothing(client: Client, peer: Peer) -> None:
    peer.is_asked(deny=True)
    response = _go(client, peer, "/aide")
    assert response.headers["Location"] == "/compte/connexion?next=%2Faide"
    assert "annulé la connexion" in client.get(response.headers["Location"]).content.decode()
    assert not _is_in(client)


def test_a_provider_that_is_down_leaves_the_other_doors_open(client: Client, peer: Peer) -> None:
    peer.is_asked(down=True)
    response = client.get(START)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    page = response.content.decode()
    assert "FranceConnect ne répond pas" in page
    assert "Recevoir un code par courriel" in page


def test_a_provider_that_goes_down_in_the_middle_is_said(client: Client, peer: Peer) -> None:
    where = peer.leads_to(client.get(START).headers["Location"])
    peer.is_asked(down=True)
    assert client.get(where).status_code == 503


def test_a_provider_on_a_private_address_must_be_allowed(
    client: Client, peer: Peer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    registered(settings, peer, "franceconnect", private_network=False)
    assert client.get(START).status_code == 503
    assert "forbidden-address" in caplog.text


def test_logging_out_ends_the_session_at_the_provider_too(
    client: Client, peer: Peer, code_for: Callable[[str], str]
) -> None:
    _first_time(client, peer, code_for, RESIDENT["email"])
    response = client.post("/compte/deconnexion")
    assert response.status_code == 200
    assert not _is_in(client)
    page = response.content.decode()
    import html
    import re

    found = re.search(r'href="(http://127[^"]+)"', page)
    assert found
    url = html.unescape(found.group(1))
    query = parse_qs(urlsplit(url).query)
    assert query["post_logout_redirect_uri"] == [
        "http://testserver/compte/deconnexion/franceconnect/retour"
    ]
    assert len(query["id_token_hint"][0]) > 100
    back = peer.log_out(url)
    assert client.get(back).headers["Location"] == "/"
    # A state that is not ours leads home as well.
    assert client.get("/compte/deconnexion/franceconnect/retour?state=x").headers["Location"] == "/"


def test_somebody_else_in_the_same_browser_does_not_inherit_the_provider_s_session(
    client: Client, amina: User, peer: Peer, code_for: Callable[[str], str]
) -> None:
    _first_time(client, peer, code_for, RESIDENT["email"])
    client.post("/compte/deconnexion")
    client.post("/compte/connexion", {"login": amina.email, "password": PASSWORD})
    assert client.post("/compte/deconnexion").status_code == 302


def test_a_closed_account_frees_the_identity(
    client: Client, peer: Peer, code_for: Callable[[str], str]
) -> None:
    _first_time(client, peer, code_for, RESIDENT["email"])
    user = User.objects.get(email=RESIDENT["email"])
    actions.close_account(user_id=user.pk, actor=SYSTEM)
    assert not ExternalIdentity.objects.exists()
    assert _go(Client(), peer).headers["Location"] == "/compte/rattachement"


def test_a_provider_that_is_not_configured_has_no_address(client: Client, settings: Any) -> None:
    assert client.get("/compte/connexion/proconnect/depart").status_code == 404
    assert client.get("/compte/connexion/inconnu/depart").status_code == 404
