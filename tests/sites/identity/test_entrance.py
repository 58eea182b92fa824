"""Coming in with an address and a password, with a code, and going out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from tests.sites.identity.conftest import PASSWORD

from socle.capabilities.notifications.models import Email
from socle.foundations.accounts.models import User
from socle.foundations.journal.models import Entry

pytestmark = pytest.mark.django_db


def test_the_login_page_offers_every_means(client: Client) -> None:
    page = client.get("/compte/connexion").content.decode()
    assert "Recevoir un code par courriel" in page
    assert "Mot de passe oublié" in page
    assert "data-passkey" in page
    assert "<style" not in page
    assert " style=" not in page


def test_a_password_opens_the_account(client: Client, amina: User) -> None:
    response = client.post(
        "/compte/connexion", {"login": "Amina@Exemple.FR ", "password": PASSWORD, "next": "/aide"}
    )
    assert response.status_code == 302
    assert response.headers["Location"] == "/aide"
    assert client.session["_auth_user_id"] == str(amina.pk)
    assert Entry.objects.filter(action="account.logged_in", subject_id=str(amina.pk)).exists()


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    client: Client, amina: User
) -> None:
    answers = []
    for login in (amina.email, "personne@exemple.fr"):
        response = client.post(
            "/compte/connexion", {"login": login, "password": "faux-mot-de-passe"}
        )
        assert response.status_code == 422
        answers.append(response.content.decode().replace(login, "…"))
    assert _without_tokens(answers[0]) == _without_tokens(answers[1])


@pytest.mark.parametrize(
    "target",
    [
        "https://malveillant.exemple/",
        "//malveillant.exemple",
        "/\\malveillant.exemple",
        "javascript:1",
    ],
)
def test_login_never_leads_to_another_site(client: Client, amina: User, target: str) -> None:
    response = client.post(
        "/compte/connexion", {"login": amina.email, "password": PASSWORD, "next": target}
    )
    assert response.status_code == 302
    assert response.headers["Location"] == "/"


def test_sign_up_asks_for_a_code_before_anything(
    client: Client, code_for: Callable[[str], str]
) -> None:
    response = client.post(
        "/compte/inscription", {"email": "Nadia@exemple.fr", "password1": PASSWORD}
    )
    assert response.headers["Location"] == "/compte/adresse/confirmation"
    assert "_auth_user_id" not in client.session
    response = client.post("/compte/adresse/confirmation", {"code": code_for("nadia@exemple.fr")})
    assert response.status_code == 302
    user = User.objects.get(email="nadia@exemple.fr")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert EmailAddress.objects.get(user=user).verified
    assert Entry.objects.filter(action="account.registered", subject_id=str(user.pk)).exists()


@pytest.mark.parametrize(
    "password",
    ["court", "motdepasse12"[:11], "123456789012", "nadia@exemple.fr", "passwordpassword"],
)
def test_weak_passwords_are_refused(client: Client, password: str) -> None:
    response = client.post(
        "/compte/inscription", {"email": "nadia@exemple.fr", "password1": password}
    )
    if password == "passwordpassword":
        # Negative control: long and not among the common ones.
        assert response.status_code == 302
    else:
        assert response.status_code == 422
        assert not User.objects.exists()


def test_signing_up_twice_with_an_address_answers_alike_and_warns_its_owner(
    client: Client, amina: User, mailbox: Callable[[str], list[Email]]
) -> None:
    fresh = client.post("/compte/inscription", {"email": "neuf@exemple.fr", "password1": PASSWORD})
    fresh_page = client.get(fresh.headers["Location"]).content.decode()
    other = Client()
    taken = other.post("/compte/inscription", {"email": amina.email, "password1": PASSWORD})
    taken_page = other.get(taken.headers["Location"]).content.decode()
    assert (fresh.status_code, fresh.headers["Location"]) == (
        taken.status_code,
        taken.headers["Location"],
    )
    assert _without_tokens(fresh_page.replace("neuf@", "x@")) == _without_tokens(
        taken_page.replace("amina@", "x@")
    )
    assert "déjà un compte" in mailbox(amina.email)[-1].subject
    assert User.objects.filter(email=amina.email).count() == 1


def test_a_code_opens_the_account_without_password(
    client: Client, amina: User, code_for: Callable[[str], str]
) -> None:
    client.post("/compte/connexion/code", {"email": amina.email, "next": "/aide"})
    page = client.get("/compte/connexion/code/saisie").content.decode()
    assert amina.email in page
    response = client.post(
        "/compte/connexion/code/saisie", {"code": code_for(amina.email), "next": "/aide"}
    )
    assert response.headers["Location"] == "/aide"
    assert client.session["_auth_user_id"] == str(amina.pk)


def test_asking_a_code_for_an_unknown_address_answers_alike(
    client: Client, amina: User, mailbox: Callable[[str], list[Email]]
) -> None:
    pages = []
    for email in (amina.email, "personne@exemple.fr"):
        browser = Client()
        response = browser.post("/compte/connexion/code", {"email": email})
        page = browser.get(response.headers["Location"]).content.decode()
        wrong = browser.post("/compte/connexion/code/saisie", {"code": "0000-0000"})
        pages.append(
            (
                response.status_code,
                _without_tokens(page.replace(email, "…")),
                wrong.status_code,
                _without_tokens(wrong.content.decode().replace(email, "…")),
            )
        )
    assert pages[0] == pages[1]
    assert "Aucun compte" in mailbox("personne@exemple.fr")[-1].subject


def test_a_code_stops_serving_after_three_wrong_guesses(
    client: Client, amina: User, code_for: Callable[[str], str]
) -> None:
    client.post("/compte/connexion/code", {"email": amina.email})
    right = code_for(amina.email)
    for _attempt in range(3):
        client.post("/compte/connexion/code/saisie", {"code": "0000-0000"})
    client.post("/compte/connexion/code/saisie", {"code": right})
    assert "_auth_user_id" not in client.session


def test_an_account_opened_with_somebody_elses_address_is_theirs_without_its_password(
    client: Client, code_for: Callable[[str], str]
) -> None:
    squatter = Client()
    squatter.post("/compte/inscription", {"email": "rose@exemple.fr", "password1": PASSWORD})
    client.post("/compte/connexion/code", {"email": "rose@exemple.fr"})
    client.post("/compte/connexion/code/saisie", {"code": code_for("rose@exemple.fr")})
    user = User.objects.get(email="rose@exemple.fr")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert not user.has_usable_password()
    later = Client()
    response = later.post("/compte/connexion", {"login": "rose@exemple.fr", "password": PASSWORD})
    assert response.status_code == 422


def test_a_forgotten_password_is_replaced_with_a_code(
    client: Client, amina: User, code_for: Callable[[str], str]
) -> None:
    other = Client()
    other.post("/compte/connexion", {"login": amina.email, "password": PASSWORD})
    client.post("/compte/mot-de-passe/oubli", {"email": amina.email})
    client.post("/compte/mot-de-passe/oubli/code", {"code": code_for(amina.email)})
    new = "encore quatre mots neufs"
    response = client.post(
        "/compte/mot-de-passe/oubli/nouveau", {"password1": new, "password2": new}
    )
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(amina.pk)
    # The sessions opened with the former password are over.
    assert other.get("/compte/").status_code == 302
    amina.refresh_from_db()
    assert amina.check_password(new)


def test_logging_out_needs_a_post_and_empties_the_session(signed_in: Client) -> None:
    assert signed_in.get("/compte/deconnexion").status_code == 200
    assert "_auth_user_id" in signed_in.session
    assert signed_in.post("/compte/deconnexion").status_code == 302
    assert "_auth_user_id" not in signed_in.session


def test_a_login_ends_with_the_browser_unless_asked_otherwise(amina: User) -> None:
    for remember, expected in ((False, ""), (True, 30 * 24 * 3600)):
        browser = Client()
        data = {"login": amina.email, "password": PASSWORD} | (
            {"remember": "on"} if remember else {}
        )
        response = browser.post("/compte/connexion", data)
        assert response.cookies["session"]["max-age"] == expected


def test_an_inactive_account_is_told_so_and_stays_out(client: Client, amina: User) -> None:
    User.objects.filter(pk=amina.pk).update(is_active=False)
    response = client.post("/compte/connexion", {"login": amina.email, "password": PASSWORD})
    assert response.headers["Location"] == "/compte/inactif"
    assert "_auth_user_id" not in client.session
    assert client.get("/compte/inactif").status_code == 200


def _without_tokens(page: str) -> str:
    import re

    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
