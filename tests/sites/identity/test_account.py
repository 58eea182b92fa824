"""The account's own pages: overview, address, password, sessions; how long a session lives."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from tests.sites.identity.conftest import PASSWORD

from socle.capabilities.notifications.models import Email
from socle.foundations.accounts import actions
from socle.foundations.accounts.models import User
from socle.foundations.accounts.queries import actor_for
from socle.sites.identity import handlers, mail, middleware
from socle.sites.identity.agents import device_name

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/compte/",
        "/compte/adresse",
        "/compte/mot-de-passe/modifier",
        "/compte/securite/",
        "/compte/securite/cles",
        "/compte/sessions",
    ],
)
def test_pages_of_the_account_are_for_its_owner(
    address: str, client: Client, signed_in: Client
) -> None:
    assert signed_in.get(address).status_code == 200
    response = Client().get(address)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/compte/connexion?next=")


def test_the_overview_takes_few_queries(
    signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    signed_in.get("/compte/")
    with django_assert_max_num_queries(14):
        signed_in.get("/compte/")


def test_the_address_changes_when_the_new_one_is_proved(
    signed_in: Client, amina: User, code_for: Callable[[str], str], mailbox: Any
) -> None:
    response = signed_in.post("/compte/adresse", {"action_add": "1", "email": "neuve@exemple.fr"})
    assert response.headers["Location"] == "/compte/adresse/confirmation"
    amina.refresh_from_db()
    assert amina.email == "amina@exemple.fr"
    signed_in.post("/compte/adresse/confirmation", {"code": code_for("neuve@exemple.fr")})
    amina.refresh_from_db()
    assert amina.email == "neuve@exemple.fr"
    assert "a changé" in mailbox("amina@exemple.fr")[-1].subject


def test_an_address_that_has_an_account_is_not_taken_and_not_told(
    signed_in: Client, amina: User, bruno: User, code_for: Callable[[str], str]
) -> None:
    taken = signed_in.post("/compte/adresse", {"action_add": "1", "email": bruno.email})
    assert taken.headers["Location"] == "/compte/adresse/confirmation"
    signed_in.post("/compte/adresse/confirmation", {"code": code_for(bruno.email)})
    amina.refresh_from_db()
    assert amina.email == "amina@exemple.fr"


def test_an_address_squatted_by_an_unconfirmed_account_can_be_taken(
    signed_in: Client, amina: User, code_for: Callable[[str], str]
) -> None:
    Client().post("/compte/inscription", {"email": "neuve@exemple.fr", "password1": PASSWORD})
    assert User.objects.filter(email="neuve@exemple.fr").exists()
    signed_in.post("/compte/adresse", {"action_add": "1", "email": "neuve@exemple.fr"})
    signed_in.post("/compte/adresse/confirmation", {"code": code_for("neuve@exemple.fr")})
    amina.refresh_from_db()
    assert amina.email == "neuve@exemple.fr"


def test_changing_the_password_needs_the_former_one_and_closes_other_sessions(
    signed_in: Client, amina: User, mailbox: Callable[[str], list[Email]]
) -> None:
    other = Client()
    other.post("/compte/connexion", {"login": amina.email, "password": PASSWORD})
    new = {"password1": "encore quatre mots neufs", "password2": "encore quatre mots neufs"}
    wrong = signed_in.post("/compte/mot-de-passe/modifier", {"oldpassword": "faux", **new})
    assert wrong.status_code == 422
    done = signed_in.post("/compte/mot-de-passe/modifier", {"oldpassword": PASSWORD, **new})
    assert done.headers["Location"] == "/compte/"
    assert signed_in.get("/compte/").status_code == 200
    assert other.get("/compte/").status_code == 302
    assert "mot de passe a changé" in mailbox(amina.email)[-1].subject


def test_sessions_are_listed_and_closed_one_by_one_or_all(signed_in: Client, amina: User) -> None:
    phone, library = Client(), Client()
    for browser, name in ((phone, "… Android … Firefox/140"), (library, "… Windows … Chrome/140")):
        browser.post(
            "/compte/connexion",
            {"login": amina.email, "password": PASSWORD},
            headers={"User-Agent": name},
        )
    page = signed_in.get("/compte/sessions").content.decode()
    assert "Firefox sur Android" in page
    assert "Chrome sur Windows" in page
    chosen = UserSession.objects.get(user=amina, user_agent__contains="Windows")
    signed_in.post(f"/compte/sessions/{chosen.pk}/fermer")
    assert library.get("/compte/").status_code == 302
    assert phone.get("/compte/").status_code == 200
    signed_in.post("/compte/sessions")
    assert phone.get("/compte/").status_code == 302
    assert signed_in.get("/compte/").status_code == 200


def test_somebody_elses_session_is_not_found(signed_in: Client, bruno: User) -> None:
    other = Client()
    other.post("/compte/connexion", {"login": bruno.email, "password": PASSWORD})
    theirs = UserSession.objects.get(user=bruno)
    assert signed_in.post(f"/compte/sessions/{theirs.pk}/fermer").status_code == 404
    assert other.get("/compte/").status_code == 200


@pytest.mark.parametrize(
    ("idle", "total", "alive"),
    [(11 * 3600, 0, True), (13 * 3600, 0, False), (0, 29 * 86400, True), (0, 31 * 86400, False)],
)
def test_a_session_ends_when_idle_or_old(
    signed_in: Client, idle: int, total: int, alive: bool
) -> None:
    _age(signed_in, idle, total)
    response = signed_in.get("/compte/")
    assert (response.status_code == 200) is alive
    if not alive:
        page = signed_in.get("/compte/connexion").content.decode()
        assert "votre session s’est terminée" in page


def test_agents_are_logged_out_sooner(bruno: User) -> None:
    for hours, alive in ((7, True), (9, False)):
        browser = Client()
        browser.post("/compte/connexion", {"login": bruno.email, "password": PASSWORD})
        _age(browser, hours * 3600, 0)
        assert (browser.get("/compte/").status_code == 200) is alive


def test_a_session_is_not_written_at_each_request(
    signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    signed_in.get("/compte/sessions")
    seen = signed_in.session[middleware.SEEN]
    signed_in.get("/compte/sessions")
    assert signed_in.session[middleware.SEEN] == seen


def test_the_export_holds_what_this_site_knows(signed_in: Client, amina: User) -> None:
    data = actions.export_personal_data(user_id=amina.pk, actor=actor_for(amina))
    assert data["ways_in"]["addresses"][0]["email"] == amina.email
    assert data["ways_in"]["sessions"][0]["ip"] == "127.0.0.1"


def test_closing_the_account_takes_every_way_in_with_it(
    signed_in: Client, amina: User, mailbox: Callable[[str], list[Email]]
) -> None:
    actions.close_account(user_id=amina.pk, actor=actor_for(amina))
    assert signed_in.get("/compte/").status_code == 302
    assert handlers.ways_in(amina.pk) == {"addresses": [], "second_factors": [], "sessions": []}
    assert "fermé" in mailbox("amina@exemple.fr")[-1].subject
    again = Client().post("/compte/connexion", {"login": "amina@exemple.fr", "password": PASSWORD})
    assert again.status_code == 422
    # The address is free again.
    actions.register(email="amina@exemple.fr")


def test_every_e_mail_of_allauth_has_our_words() -> None:
    from pathlib import Path

    import allauth

    folder = Path(allauth.__file__).parent / "templates"
    sent = {
        str(file.relative_to(folder)).removesuffix("_subject.txt")
        for room in ("account", "mfa")
        for file in (folder / room / "email").glob("*_subject.txt")
    }
    # By links: this site sends codes.
    by_link = {"account/email/password_reset_key"}
    assert sent - by_link - set(mail.LETTERS) == set()


@pytest.mark.parametrize("prefix", sorted(mail.LETTERS))
def test_every_e_mail_can_be_written(prefix: str, db: None, mailbox: Any) -> None:
    mail.send(prefix, "rose@exemple.fr", {"code": "1234-5678", "provider": "FranceConnect"})
    letter = mailbox("rose@exemple.fr")[-1]
    assert "{" not in letter.text
    assert "%(" not in letter.text
    assert ("1234-5678" in letter.text) == (mail.LETTERS[prefix].template == mail.CODE)
    assert "1234-5678" not in letter.subject


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18) CriOS/140 Mobile Safari/604", "Chrome sur iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox sur Linux"),
        ("curl/8", "Appareil inconnu"),
    ],
)
def test_a_device_is_named_in_words(agent: str, words: str) -> None:
    assert device_name(agent) == words


def _age(browser: Client, idle: int, total: int) -> None:
    session = browser.session
    session[middleware.SEEN] = time.time() - idle
    session[middleware.STARTED] = time.time() - max(total, idle)
    session.save()


@pytest.mark.parametrize("address", ["/profil/fermeture", "/profil/donnees"])
def test_leaving_and_taking_one_s_data_ask_again_who_one_is(
    address: str, signed_in: Client
) -> None:
    assert signed_in.get(address).status_code == 200
    session = signed_in.session
    session[middleware.STARTED] = time.time() - 3600
    session["account_authentication_methods"] = []
    session.save()
    response = signed_in.get(address)
    assert response.headers["Location"].startswith("/compte/confirmation?next=")
    done = signed_in.post(response.headers["Location"], {"password": PASSWORD})
    assert done.headers["Location"] == address
    assert signed_in.get(address).status_code == 200
