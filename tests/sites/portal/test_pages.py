"""Public pages: found, readable in both languages, a constant number of queries."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.cast import Cast

pytestmark = pytest.mark.django_db

PAGES = [
    "/", "/recherche", "/recherche?q=compost", "/services", "/services?public=company",
    "/services/composteur", "/services/composteur/donnees.jsonld", "/signaler", "/mes-demandes",
    "/plan-du-site", "/hors-ligne", "/manifest.webmanifest", "/brand.css", "/carte/communes.geojson",
    "/adresse/suggestions?q=saint", "/adresse/inverse?lon=2.05&lat=46.05", "/design/",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_public_pages_answer(cast: Cast, path: str, language: str) -> None:
    browser = cast.client()
    browser.post("/preferences/langue", {"language": language})
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/services", "/services/composteur", "/recherche?q=compost"])
def test_public_pages_read_nothing_from_the_database_once_warm(
    cast: Cast, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = cast.client()
    browser.get(path)
    with django_assert_num_queries(0):
        browser.get(path)


@pytest.mark.parametrize(
    "path",
    [
        "/services/licorne",
        "/themes/licorne",
        "/situations/licorne",
        "/licorne",
        "/demarches/licorne",
    ],
)
def test_what_does_not_exist_is_not_found(cast: Cast, path: str) -> None:
    assert cast.client().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/profil", "/notifications", "/agents/", "/profil/donnees"])
def test_private_pages_ask_to_sign_in_and_come_back(cast: Cast, path: str) -> None:
    answer = cast.client().get(path)
    assert answer.status_code == 302
    assert "next=" in answer["Location"]


@pytest.mark.parametrize("target", ["https://mal.example/", "//mal.example", "javascript:alert(1)"])
def test_preferences_never_lead_elsewhere(cast: Cast, target: str) -> None:
    answer = cast.client().post("/preferences/langue", {"language": "en", "next": target})
    assert answer["Location"] == "/"


def test_the_theme_chosen_is_the_theme_served(cast: Cast) -> None:
    browser = cast.client()
    browser.post("/preferences/theme", {"theme": "dark"})
    assert 'data-theme="dark"' in browser.get("/").content.decode()


@pytest.mark.parametrize(
    "text", ["\x00", "a" * 5000, "%", "'; drop table", "<script>alert(1)</script>", "😀" * 300]
)
def test_search_takes_anything(cast: Cast, text: str) -> None:
    answer = cast.client().get("/recherche", {"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_search_forgives_accents_plurals_and_typos(cast: Cast) -> None:
    for text in ("composteur", "composteurs", "COMPOSTEUR", "compsteur", "compósteur"):
        assert (
            "/services/composteur" in cast.client().get("/recherche", {"q": text}).content.decode()
        )


def test_the_demonstration_mailbox_is_absent_in_production(cast: Cast) -> None:
    assert cast.client().get("/demo/courriels").status_code == 404


def test_a_page_carries_no_inline_script_and_a_strict_policy(cast: Cast) -> None:
    answer = cast.client().get("/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
