"""The service page: who provides it where one lives, where to read on, in which language."""

from __future__ import annotations

import re

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.cast import Cast

from socle.foundations.accounts import actions
from socle.foundations.accounts.models import User

pytestmark = pytest.mark.django_db

PAGE = "/services/acte-de-naissance"
FIRST, SECOND = "99001", "99002"


def body(cast: Cast, path: str, person: User | None = None, language: str = "fr") -> str:
    browser = cast.client(person)
    browser.post("/preferences/langue", {"language": language})
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def lives_in(person: User, code: str) -> User:
    User.objects.filter(pk=person.pk).update(area_code=code)
    return person


def test_the_page_asks_for_the_commune_of_a_visitor_it_does_not_know(cast: Cast) -> None:
    page = body(cast, PAGE)
    assert "rendu par votre mairie" in page
    assert "mairie@" not in page
    assert f'value="{SECOND}"' in page


def test_the_chosen_commune_shows_its_town_hall_and_no_other(cast: Cast) -> None:
    page = body(cast, f"{PAGE}?commune={SECOND}")
    assert "mairie@saint-test.example" in page
    assert "2 rue de l’Église" in page
    assert "mairie@villeneuve.example" not in page
    # The next visitor gets nothing of it.
    assert "mairie@" not in body(cast, PAGE)


@pytest.mark.parametrize("commune", ["", "99999", "<script>", "%00"])
def test_an_unknown_commune_is_asked_again(cast: Cast, commune: str) -> None:
    assert "rendu par votre mairie" in body(cast, f"{PAGE}?commune={commune}")


def test_the_address_of_the_profile_serves_only_with_the_persons_consent(cast: Cast) -> None:
    person = lives_in(cast.resident, FIRST)
    assert "mairie@" not in body(cast, PAGE, person)
    actor = cast.actor(person)
    actions.grant_consent(actor=actor, user_id=person.pk, purpose="personalisation")
    assert "mairie@villeneuve.example" in body(cast, PAGE, person)
    # What one chooses on the page wins.
    assert "mairie@saint-test.example" in body(cast, f"{PAGE}?commune={SECOND}", person)
    actions.withdraw_consent(actor=actor, user_id=person.pk, purpose="personalisation")
    assert "mairie@" not in body(cast, PAGE, person)


def test_a_service_of_the_metropole_names_no_town_hall(cast: Cast) -> None:
    assert "Votre mairie" not in body(cast, f"/services/composteur?commune={FIRST}")


def test_the_town_hall_costs_no_query_to_a_visitor(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = cast.client()
    browser.get(f"{PAGE}?commune={FIRST}")
    with django_assert_num_queries(0):
        browser.get(f"{PAGE}?commune={SECOND}")


def test_the_page_lists_where_to_read_on(cast: Cast) -> None:
    page = body(cast, PAGE)
    assert (
        '<a href="https://etat-civil.example/" rel="external">Le guide de l’état civil</a>' in page
    )


def test_a_search_marks_what_was_found_and_keeps_the_commune(cast: Cast) -> None:
    page = body(cast, f"/recherche?q=naissance&commune={SECOND}")
    assert f'href="{PAGE}?commune={SECOND}"' in page
    assert "<mark>naissance</mark>" in page


def test_a_search_marks_nothing_of_what_the_visitor_wrote(cast: Cast) -> None:
    page = body(cast, "/recherche?q=<mark>composteur</mark><b>")
    assert "<mark>composteur</mark><b>" not in page


def test_a_text_left_in_french_says_so_to_screen_readers(cast: Cast) -> None:
    page = body(cast, PAGE, language="en")
    assert '<html lang="en"' in page
    # Title and summary are translated, the description is not.
    assert "Birth certificate" in page
    assert re.search(r'<div class="prose" lang="fr">\s*<p>La mairie du lieu', page)
    assert 'class="prose" lang=' not in body(cast, PAGE)


def test_a_card_left_in_french_says_so(cast: Cast) -> None:
    page = body(cast, "/services", language="en")
    assert re.search(r'class="card-title" lang="fr"><a[^>]*>Demander un composteur', page)
    assert re.search(r'class="card-title"><a[^>]*>Birth certificate', page)


def test_a_content_page_left_in_french_says_so(cast: Cast) -> None:
    assert '<div class="prose" lang="fr">' in body(cast, "/aide", language="en")
