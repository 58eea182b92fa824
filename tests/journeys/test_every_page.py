"""Every page, light and dark, narrow and wide: nothing for axe to say, nothing that overflows."""

from __future__ import annotations

import pytest
from tests.cast import Cast
from tests.journeys.conftest import DESK, PHONE, NewTab

PUBLIC = [
    "/", "/recherche?q=composteur", "/recherche?q=licorne", "/services", "/services/composteur",
    "/signaler", "/mes-demandes", "/plan-du-site", "/hors-ligne", "/demarches/composteur",
    "/compte/connexion", "/compte/inscription", "/demo/courriels", "/design/",
]  # fmt: skip
PRIVATE = {
    "ada@lac.example": [
        "/profil",
        "/profil/fermeture",
        "/notifications",
        "/compte/",
        "/compte/sessions",
        "/compte/securite/",
    ],
    "denis@lac.example": ["/agents/", "/agents/ensemble", "/agents/organisations/metropole-du-lac"],
    "esther@lac.example": ["/agents/accueil"],
    "admin@lac.example": ["/agents/plateforme", "/agents/organisations"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["320", "1280"])
def test_public_pages(new_tab: NewTab, cast: Cast, scheme: str, viewport: dict[str, int]) -> None:
    tab = new_tab(viewport=viewport, color_scheme=scheme)
    for path in PUBLIC:
        assert tab.go(path).status == 200, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("email", PRIVATE)
def test_private_pages(new_tab: NewTab, cast: Cast, email: str, scheme: str) -> None:
    for viewport in (PHONE, DESK):
        tab = new_tab(viewport=viewport, color_scheme=scheme)
        tab.sign_in(email)
        for path in PRIVATE[email]:
            assert tab.go(path).status == 200, path


def test_pages_that_are_not_found_are_pages_too(new_tab: NewTab, cast: Cast) -> None:
    tab = new_tab(viewport=PHONE)
    tab.allowed = ("404",)
    assert tab.go("/licorne").status == 404


def test_the_language_and_the_theme_follow_the_reader(new_tab: NewTab, cast: Cast) -> None:
    tab = new_tab(java_script_enabled=False)
    tab.page.goto("/")
    tab.page.get_by_role("button", name="English").first.click()
    assert tab.page.locator("html").get_attribute("lang") == "en"
    tab.page.get_by_role("button", name="Dark").first.click()
    assert tab.page.locator("html").get_attribute("data-theme") == "dark"
