"""The script of passkeys, in a real browser with a virtual authenticator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from tests.sites.identity.conftest import PASSWORD

from socle.foundations.accounts.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    # A browser of its own: an authenticator only answers the page that has the focus.
    path = os.environ.get("CHROMIUM_PATH") or "/usr/bin/chromium"
    alone = chromium.browser_type.launch(executable_path=path, args=["--no-sandbox"])
    context = alone.new_context(locale="fr-FR")
    opened = context.new_page()
    devtools = context.new_cdp_session(opened)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield opened
    alone.close()


def test_a_passkey_is_recorded_and_opens_the_account(
    page: Any, live_server: Any, amina: User
) -> None:
    # A passkey belongs to a name, not to a bare address.
    site = live_server.url.replace("127.0.0.1", "localhost")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{site}/compte/connexion?next=/compte/securite/cles/ajouter")
    page.fill("[name=login]", amina.email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{site}/compte/securite/cles/ajouter")
    page.fill("[name=name]", "Ordinateur")
    page.click("text=Enregistrer la clé")
    page.wait_for_url(f"{site}/compte/securite/codes")
    page.goto(f"{site}/compte/deconnexion")
    page.click("text=Me déconnecter")
    page.goto(f"{site}/compte/connexion?next=/compte/sessions")
    page.click("text=Utiliser une clé d’accès")
    page.wait_for_url(f"{site}/compte/sessions")
    assert "Cette session" in page.content()
    assert [text for text in said if "Refused" in text or "Content Security" in text] == []


def test_giving_up_is_said_and_the_other_means_stay(page: Any, live_server: Any) -> None:
    site = live_server.url.replace("127.0.0.1", "localhost")
    page.goto(f"{site}/compte/connexion")
    # No passkey was ever recorded: the authenticator has nothing to show.
    page.click("text=Utiliser une clé d’accès")
    page.get_by_text("pas été utilisée").wait_for(timeout=60_000)
    assert page.is_visible("text=Recevoir un code par courriel")
