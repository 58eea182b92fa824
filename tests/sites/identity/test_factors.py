"""Second factors: applications, recovery codes, passkeys; compulsory for agents in production."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator as Stored
from django.test import Client, TestCase
from django.urls import path
from tests.sites.identity.authenticator import Authenticator
from tests.sites.identity.conftest import PASSWORD, totp_code

from socle.capabilities.notifications.models import Email
from socle.foundations.accounts.models import User
from socle.foundations.journal.models import Entry

pytestmark = pytest.mark.django_db


def _enable_application(browser: Client) -> str:
    page = browser.get("/compte/securite/application/ajouter")
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page.content.decode())
    assert secret
    with TestCase.captureOnCommitCallbacks(execute=True):
        response = browser.post(
            "/compte/securite/application/ajouter", {"code": totp_code(secret.group(1))}
        )
    assert response.headers["Location"] == "/compte/securite/codes"
    return secret.group(1)


def _login(user: User, browser: Client | None = None) -> tuple[Client, Any]:
    browser = browser or Client()
    response = browser.post("/compte/connexion", {"login": user.email, "password": PASSWORD})
    return browser, response


def _options(page: Any) -> Any:
    found = re.search(r'data-options="([^"]+)"', page.content.decode())
    assert found
    return json.loads(html.unescape(found.group(1)))


def test_an_application_is_asked_for_at_the_next_login(
    signed_in: Client, amina: User, mailbox: Callable[[str], list[Email]]
) -> None:
    secret = _enable_application(signed_in)
    assert "application" in mailbox(amina.email)[-1].subject
    browser, response = _login(amina)
    assert response.headers["Location"] == "/compte/connexion/verification"
    assert "_auth_user_id" not in browser.session
    wrong = browser.post("/compte/connexion/verification", {"code": "000000"})
    assert wrong.status_code == 422
    done = browser.post("/compte/connexion/verification", {"code": totp_code(secret, periods=1)})
    assert done.status_code == 302
    assert browser.session["_auth_user_id"] == str(amina.pk)


def test_an_e_mail_code_does_not_go_around_the_second_factor(
    signed_in: Client, amina: User, code_for: Callable[[str], str]
) -> None:
    _enable_application(signed_in)
    browser = Client()
    browser.post("/compte/connexion/code", {"email": amina.email})
    response = browser.post("/compte/connexion/code/saisie", {"code": code_for(amina.email)})
    assert response.headers["Location"] == "/compte/connexion/verification"
    assert "_auth_user_id" not in browser.session


def test_a_password_reset_does_not_go_around_the_second_factor(
    signed_in: Client, amina: User, code_for: Callable[[str], str]
) -> None:
    _enable_application(signed_in)
    browser = Client()
    browser.post("/compte/mot-de-passe/oubli", {"email": amina.email})
    browser.post("/compte/mot-de-passe/oubli/code", {"code": code_for(amina.email)})
    new = {"password1": "encore quatre mots neufs", "password2": "encore quatre mots neufs"}
    response = browser.post("/compte/mot-de-passe/oubli/nouveau", new)
    assert response.headers["Location"] == "/compte/connexion/verification"
    assert "_auth_user_id" not in browser.session


def test_a_code_of_an_application_serves_once(signed_in: Client, amina: User) -> None:
    secret = _enable_application(signed_in)
    code = totp_code(secret, periods=1)
    first, _ = _login(amina)
    assert first.post("/compte/connexion/verification", {"code": code}).status_code == 302
    from django.core.cache import caches

    # Even when the cache has forgotten it.
    caches["default"].clear()
    second, _ = _login(amina)
    assert second.post("/compte/connexion/verification", {"code": code}).status_code == 422
    # Negative control: another code of the same moment is accepted.
    other = totp_code(secret, periods=0)
    assert second.post("/compte/connexion/verification", {"code": other}).status_code == 302


def test_codes_of_an_application_are_guessed_six_times_at_most(
    signed_in: Client, amina: User
) -> None:
    secret = _enable_application(signed_in)
    statuses = []
    for number in range(7):
        browser, _ = _login(amina, Client(REMOTE_ADDR=f"192.0.2.{number}"))
        statuses.append(
            browser.post("/compte/connexion/verification", {"code": "000000"}).status_code
        )
    assert statuses == [422] * 6 + [429]
    browser, _ = _login(amina, Client(REMOTE_ADDR="192.0.2.77"))
    right = browser.post("/compte/connexion/verification", {"code": totp_code(secret, periods=1)})
    assert right.status_code == 429


def test_the_secret_of_an_application_is_not_in_clear_in_the_database(
    signed_in: Client, amina: User
) -> None:
    secret = _enable_application(signed_in)
    row = Stored.objects.get(user=amina, type=Stored.Type.TOTP)
    assert secret not in json.dumps(row.data)
    codes = Stored.objects.get(user=amina, type=Stored.Type.RECOVERY_CODES)
    assert codes.wrap().get_unused_codes()[0] not in json.dumps(codes.data)


def test_a_recovery_code_replaces_the_application_once(signed_in: Client, amina: User) -> None:
    _enable_application(signed_in)
    page = signed_in.get("/compte/securite/codes").content.decode()
    codes = re.findall(r"<li><code>(\d+)</code></li>", page)
    assert len(codes) == 10
    text = signed_in.get("/compte/securite/codes/fichier")
    assert codes[0] in text.content.decode()
    browser, _ = _login(amina)
    assert browser.post("/compte/connexion/verification", {"code": codes[0]}).status_code == 302
    again, _ = _login(amina)
    assert again.post("/compte/connexion/verification", {"code": codes[0]}).status_code == 422


def test_removing_a_factor_closes_the_other_sessions(signed_in: Client, amina: User) -> None:
    secret = _enable_application(signed_in)
    other, _ = _login(amina)
    other.post("/compte/connexion/verification", {"code": totp_code(secret, periods=1)})
    assert other.get("/compte/").status_code == 200
    assert signed_in.get("/compte/securite/application").status_code == 200
    assert signed_in.post("/compte/securite/application").status_code == 302
    assert not Stored.objects.filter(user=amina).exists()
    assert other.get("/compte/").status_code == 302
    assert signed_in.get("/compte/").status_code == 200


def test_sensitive_pages_ask_again_who_one_is_after_a_while(
    signed_in: Client, settings: Any
) -> None:
    assert signed_in.get("/compte/securite/application/ajouter").status_code == 200
    settings.IDENTITY_FRESH = 0
    response = signed_in.get("/compte/securite/application/ajouter")
    assert response.headers["Location"].startswith("/compte/confirmation?")
    page = signed_in.get(response.headers["Location"])
    assert "Confirmez que c’est bien vous" in page.content.decode()
    settings.IDENTITY_FRESH = 600
    wrong = signed_in.post("/compte/confirmation", {"password": "faux"})
    assert wrong.status_code == 422
    done = signed_in.post(response.headers["Location"], {"password": PASSWORD})
    assert done.headers["Location"] == "/compte/securite/application/ajouter"


def test_who_has_no_password_confirms_with_a_code(
    client: Client, amina: User, code_for: Callable[[str], str], settings: Any
) -> None:
    amina.set_unusable_password()
    amina.save()
    client.post("/compte/connexion/code", {"email": amina.email})
    client.post("/compte/connexion/code/saisie", {"code": code_for(amina.email)})
    settings.IDENTITY_FRESH = 0
    response = client.get("/compte/securite/cles/ajouter")
    where = response.headers["Location"]
    assert where.startswith("/compte/confirmation/code?")
    assert client.get(where).status_code == 200
    client.post(where, {"send": "1"})
    assert client.post(where, {"code": "0000-0000"}).status_code == 422
    settings.IDENTITY_FRESH = 600
    done = client.post(where, {"code": code_for(amina.email)})
    assert done.headers["Location"] == "/compte/securite/cles/ajouter"


def test_a_passkey_opens_the_account_alone(signed_in: Client, amina: User) -> None:
    passkey = Authenticator()
    page = signed_in.get("/compte/securite/cles/ajouter")
    response = signed_in.post(
        "/compte/securite/cles/ajouter",
        {
            "name": "Mon téléphone",
            "passwordless": "on",
            "credential": passkey.create(_options(page)),
        },
    )
    assert response.status_code == 302, response.content.decode()
    assert "Mon téléphone" in signed_in.get("/compte/securite/cles").content.decode()
    browser = Client()
    challenge = browser.get("/compte/connexion/cle", headers={"Accept": "application/json"})
    response = browser.post(
        "/compte/connexion/cle",
        {"credential": passkey.get(challenge.json()["request_options"]), "next": "/aide"},
    )
    assert response.headers["Location"] == "/aide"
    assert browser.session["_auth_user_id"] == str(amina.pk)
    methods = Entry.objects.filter(action="account.logged_in").latest("sequence").data["methods"]
    assert methods == ["mfa"]


def test_a_passkey_answers_only_the_challenge_it_was_given(signed_in: Client, amina: User) -> None:
    passkey = Authenticator()
    page = signed_in.get("/compte/securite/cles/ajouter")
    signed_in.post(
        "/compte/securite/cles/ajouter",
        {"name": "", "passwordless": "on", "credential": passkey.create(_options(page))},
    )
    thief, victim = Client(), Client()
    asked = victim.get("/compte/connexion/cle", headers={"Accept": "application/json"}).json()
    answer = passkey.get(asked["request_options"])
    thief.get("/compte/connexion/cle", headers={"Accept": "application/json"})
    thief.post("/compte/connexion/cle", {"credential": answer})
    assert "_auth_user_id" not in thief.session
    victim.post("/compte/connexion/cle", {"credential": answer})
    assert victim.session["_auth_user_id"] == str(amina.pk)


def test_a_passkey_is_also_a_second_step(signed_in: Client, amina: User) -> None:
    passkey = Authenticator()
    page = signed_in.get("/compte/securite/cles/ajouter")
    signed_in.post(
        "/compte/securite/cles/ajouter",
        {"name": "Clé", "credential": passkey.create(_options(page))},
    )
    browser, response = _login(amina)
    assert response.headers["Location"] == "/compte/connexion/verification"
    step = browser.get("/compte/connexion/verification")
    browser.post("/compte/connexion/verification", {"credential": passkey.get(_options(step))})
    assert browser.session["_auth_user_id"] == str(amina.pk)


def test_passkeys_are_renamed_and_removed_by_their_owner_only(
    signed_in: Client, amina: User, bruno: User
) -> None:
    passkey = Authenticator()
    page = signed_in.get("/compte/securite/cles/ajouter")
    signed_in.post(
        "/compte/securite/cles/ajouter",
        {"name": "Clé", "credential": passkey.create(_options(page))},
    )
    key = Stored.objects.get(type=Stored.Type.WEBAUTHN)
    other, _ = _login(bruno)
    assert other.get(f"/compte/securite/cles/{key.pk}/nom").status_code == 404
    assert other.post(f"/compte/securite/cles/{key.pk}/retrait").status_code == 404
    assert signed_in.get(f"/compte/securite/cles/{key.pk}/nom").status_code == 200
    signed_in.post(f"/compte/securite/cles/{key.pk}/nom", {"name": "Bureau"})
    key.refresh_from_db()
    assert key.wrap().name == "Bureau"
    assert signed_in.get(f"/compte/securite/cles/{key.pk}/retrait").status_code == 200
    signed_in.post(f"/compte/securite/cles/{key.pk}/retrait")
    assert not Stored.objects.filter(type=Stored.Type.WEBAUTHN).exists()


class TestCompulsoryForAgents:
    """In production an agent shows a second factor before acting as one."""

    @pytest.fixture(autouse=True)
    def _production(self, settings: Any) -> None:
        settings.IDENTITY_SECOND_FACTOR_FOR_AGENTS = True

    def test_the_desk_sends_them_to_set_one_up(self, bruno: User) -> None:
        browser, _ = _login(bruno)
        response = browser.get("/agents/")
        assert response.status_code == 302
        assert response.headers["Location"] == "/compte/second-facteur?next=%2Fagents%2F"
        page = browser.get(response.headers["Location"])
        assert "Protégez votre compte" in page.content.decode()

    def test_once_set_up_they_come_back_where_they_were(self, bruno: User) -> None:
        browser, _ = _login(bruno)
        browser.get(browser.get("/agents/").headers["Location"])
        _enable_application(browser)
        assert 'href="/agents/"' in browser.get("/compte/securite/codes").content.decode()
        assert browser.get("/agents/").status_code != 302

    def test_nowhere_do_they_act_as_agents_before(
        self, bruno: User, settings: Any, client: Client
    ) -> None:
        settings.ROOT_URLCONF = __name__
        browser, _ = _login_at(bruno)
        assert browser.get("/qui").json() == ["resident", [], False]

    def test_without_the_rule_they_would(self, bruno: User, settings: Any) -> None:
        """Negative control of the test above."""
        settings.IDENTITY_SECOND_FACTOR_FOR_AGENTS = False
        settings.ROOT_URLCONF = __name__
        browser, _ = _login_at(bruno)
        kind, roles, _administrator = browser.get("/qui").json()
        assert (kind, len(roles)) == ("agent", 1)

    def test_a_session_opened_before_the_factor_existed_must_show_it(self, bruno: User) -> None:
        early, _ = _login(bruno)
        assert early.get("/agents/").status_code == 302
        browser, _ = _login(bruno)
        secret = _enable_application(browser)
        response = early.get("/agents/")
        page = early.get(response.headers["Location"]).content.decode()
        assert "/compte/confirmation/application" in page
        early.post(
            "/compte/confirmation/application?next=/compte/second-facteur",
            {"code": totp_code(secret, periods=1)},
        )
        assert early.get("/agents/").status_code != 302

    def test_the_last_factor_cannot_be_removed(self, bruno: User) -> None:
        browser, _ = _login(bruno)
        _enable_application(browser)
        assert browser.post("/compte/securite/application").status_code == 200
        assert Stored.objects.filter(user=bruno, type=Stored.Type.TOTP).exists()

    def test_residents_are_not_concerned(self, amina: User) -> None:
        browser, _ = _login(amina)
        assert "_auth_user_id" in browser.session
        assert browser.get("/compte/second-facteur").headers["Location"] == "/compte/"


def _login_at(user: User) -> tuple[Client, Any]:
    browser = Client()
    browser.force_login(user)
    return browser, None


def _who(request: Any) -> Any:
    from django.http import JsonResponse

    actor = request.actor
    return JsonResponse([actor.kind, list(actor.roles), actor.is_administrator], safe=False)


urlpatterns = [path("qui", _who)]
