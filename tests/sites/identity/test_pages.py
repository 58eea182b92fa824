"""Every page of the site is well made: strict policy, one title, labelled fields."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

import socle.sites.identity as site
from socle.foundations.accounts.models import User

pytestmark = pytest.mark.django_db

OPEN = [
    "/compte/connexion",
    "/compte/connexion/code",
    "/compte/inscription",
    "/compte/mot-de-passe/oubli",
    "/compte/mot-de-passe/oubli/fait",
    "/compte/inactif",
]
OWN = [
    "/compte/",
    "/compte/adresse",
    "/compte/deconnexion",
    "/compte/mot-de-passe/modifier",
    "/compte/securite/",
    "/compte/securite/application/ajouter",
    "/compte/securite/cles",
    "/compte/securite/cles/ajouter",
    "/compte/sessions",
    "/compte/confirmation",
]


@pytest.mark.parametrize("address", OPEN)
def test_pages_of_the_entrance(address: str, client: Client, settings: Any) -> None:
    settings.SOCLE = django_settings.SOCLE.model_copy(update={"demo": True})
    _is_well_made(client.get(address))


@pytest.mark.parametrize("address", OWN)
def test_pages_of_the_account(address: str, signed_in: Client) -> None:
    _is_well_made(signed_in.get(address))


@pytest.mark.parametrize("address", [*OPEN, *OWN])
def test_pages_in_english_do_not_break(address: str, signed_in: Client, client: Client) -> None:
    client.cookies["langue"] = "en"
    browser = signed_in if address in OWN else Client()
    browser.cookies["langue"] = "en"
    assert browser.get(address).status_code == 200


def test_every_template_is_shown_by_a_view() -> None:
    folder = Path(site.__file__).parent
    sources = "".join(file.read_text() for file in folder.rglob("*.py"))
    templates = {
        str(file.relative_to(folder / "jinja2")) for file in (folder / "jinja2").rglob("*.*")
    }
    shown = set(re.findall(r'"(identity/[\w/]+\.(?:html|txt))"', sources))
    letters = {
        f"identity/mail/{name}.{kind}" for name in ("code", "note") for kind in ("html", "txt")
    }
    assert templates == shown | letters


def test_the_script_of_passkeys_is_the_only_one(signed_in: Client) -> None:
    page = signed_in.get("/compte/securite/cles/ajouter").content.decode()
    assert "/static/identity/passkey.js" in page
    assert "identity/passkey.js" not in signed_in.get("/compte/sessions").content.decode()


def test_pages_of_the_account_are_not_stored(signed_in: Client, amina: User) -> None:
    for address in ("/compte/", "/compte/securite/", "/compte/sessions"):
        assert "no-store" in signed_in.get(address).headers["Cache-Control"]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.headings: list[str] = []
        self.wrong: list[str] = []
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "style" in found or any(name.startswith("on") for name in found):
            self.wrong.append(f"{tag} {attrs}")
        if tag == "script" and not found.get("src") and "json" not in str(found.get("type")):
            self.wrong.append("inline script")
        if tag == "style":
            self.wrong.append("inline style")
        if tag == "html":
            self.language = found.get("lang") or ""
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "label" and found.get("for"):
            self.labels.add(str(found["for"]))
        if tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            self.fields.append(found)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        if tag == "img" and "alt" not in found:
            self.wrong.append("img without alt")


def _is_well_made(response: Any) -> None:
    assert response.status_code == 200
    page = response.content.decode()
    reader = _Reader()
    reader.feed(page)
    assert reader.wrong == []
    assert reader.language == "fr"
    assert reader.headings.count("h1") == 1
    assert len(reader.ids) == len(set(reader.ids))
    for field in reader.fields:
        assert field.get("id") in reader.labels or field.get("aria-label"), field
    assert "csrfmiddlewaretoken" in page
    assert len(response.content) < 60_000
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
