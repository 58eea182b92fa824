"""What sites find in the catalogue."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from socle.capabilities.catalogue import queries
from socle.capabilities.catalogue.models import PublicService
from socle.foundations.packs import queries as packs
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import NotFound

pytestmark = pytest.mark.django_db


def keys(services: object) -> list[str]:
    return [each.key for each in services]


def test_before_any_pack_the_catalogue_is_empty() -> None:
    assert queries.services() == ()
    assert queries.search("composteur").found == ()
    assert queries.life_events() == ()
    assert queries.pages() == ()


def test_applying_a_pack_makes_one_row_for_each_service(applied: Any) -> None:
    row = PublicService.objects.get(key="piscine")
    assert (row.title, row.theme, row.areas, row.is_active) == (
        "Aller à la piscine",
        "espace-public",
        ["99002"],
        True,
    )
    assert row.organisation.slug == "metropole-du-lac"
    assert row.revision.content["title"] == row.title


def test_search_forgives_typos_and_marks_what_it_found(applied: Any) -> None:
    results = queries.search("pisine")
    assert keys(results.services) == ["piscine"]
    assert results.suggestion == "piscine"
    assert ("piscine", True) in results.found[0].title


def test_search_knows_the_packs_synonyms(applied: Any, pack: Any) -> None:
    pack.service("bac", "Changer de bac").apply()
    assert keys(queries.search("poubelles ").services) == ["bac"]


def test_search_leaves_out_services_of_another_commune(applied: Any) -> None:
    assert keys(queries.search("piscine", area="99002").services) == ["piscine"]
    assert queries.search("piscine", area="99001").services == ()


def test_a_service_of_the_whole_territory_is_found_in_every_commune(applied: Any) -> None:
    assert "composteur" in keys(queries.search("compost", area="99001").services)


def test_search_may_be_for_one_audience(applied: Any) -> None:
    assert keys(queries.search("restaurant", audience="company").services) == ["redevance"]
    assert queries.search("restaurant", audience="resident").services == ()


def test_an_english_word_is_found_from_the_french_pages_too(applied: Any) -> None:
    assert keys(queries.search("swim ", language="en").services) == ["piscine"]
    found = queries.search("swim ", language="fr").found
    assert [each.service.title for each in found] == ["Aller à la piscine"]
    assert not any(marked for _text, marked in found[0].title)


def test_a_french_word_is_found_from_the_english_pages(applied: Any) -> None:
    results = queries.search("restaurant", language="en")
    assert keys(results.services) == ["redevance"]
    assert results.services[0].is_translated is False


def test_a_service_in_english_says_which_language_its_body_is_in(applied: Any) -> None:
    service = queries.service("piscine", language="en")
    assert (service.title, service.language, service.body_language) == (
        "Swimming pool",
        "en",
        "fr",
    )


def test_an_unknown_service_is_not_found(applied: Any) -> None:
    with pytest.raises(NotFound):
        queries.service("nulle-part")
    assert queries.find_service("nulle-part") is None
    assert queries.declaration("nulle-part") is None


def test_services_by_theme_and_life_event(applied: Any) -> None:
    assert keys(queries.by_theme("espace-public")) == [
        "signaler-un-probleme",
        "piscine",
        "acte-de-naissance",
        "travaux",
    ]
    assert keys(queries.by_theme("espace-public", area="99001")) == [
        "signaler-un-probleme",
        "acte-de-naissance",
        "travaux",
    ]
    assert keys(queries.by_life_event("je-demenage")) == ["composteur", "collecte-des-encombrants"]


def test_featured_services_come_in_order_and_no_more_than_asked(applied: Any) -> None:
    assert keys(queries.featured(2)) == ["signaler-un-probleme", "composteur"]


def test_related_services_are_the_named_ones_then_the_themes(applied: Any) -> None:
    assert keys(queries.related("travaux", 2)) == ["piscine", "signaler-un-probleme"]
    assert queries.related("nulle-part") == ()


def test_headings_count_their_services_and_leave_out_the_empty(applied: Any) -> None:
    assert [(each.id, each.count) for each in queries.headings_of_themes()] == [
        ("dechets", 3),
        ("espace-public", 4),
    ]
    assert queries.theme("dechets").label == "Déchets"
    assert queries.life_event("je-demenage").kind == "life"
    with pytest.raises(NotFound):
        queries.theme("rien")
    with pytest.raises(NotFound):
        queries.life_event("rien")


def test_a_withdrawn_service_leaves_lists_and_search_but_not_the_database(applied: Any) -> None:
    applied.remove("services/redevance").apply()
    assert queries.find_service("redevance") is None
    assert queries.search("redevance").services == ()
    assert PublicService.objects.get(key="redevance").is_active is False


def test_a_service_that_comes_back_is_found_again(applied: Any) -> None:
    applied.remove("services/travaux").apply()
    applied.service("travaux", "Travaux").apply()
    assert queries.service("travaux").title == "Travaux"
    assert PublicService.objects.filter(key="travaux").count() == 1


def test_a_changed_service_is_seen_at_once_by_the_process_that_applied(applied: Any) -> None:
    assert queries.service("travaux").title == "Travaux et circulation"
    applied.edit("services/travaux/service.toml", "Travaux et circulation", "Chantiers").apply()
    assert queries.service("travaux").title == "Chantiers"
    assert keys(queries.search("chantier ").services) == ["travaux"]


def test_going_back_to_an_older_text_is_seen_too(applied: Any) -> None:
    file = "services/travaux/service.toml"
    applied.edit(file, "Travaux et circulation", "Chantiers").apply()
    assert queries.service("travaux").title == "Chantiers"
    applied.edit(file, "Chantiers", "Travaux et circulation").apply()
    assert queries.service("travaux").title == "Travaux et circulation"


def test_a_new_name_of_the_organisation_is_shown(applied: Any) -> None:
    assert queries.service("travaux").organisation == "Métropole du Lac"
    applied.edit("territory.toml", 'name = "Métropole du Lac"', 'name = "Lac Métropole"').apply()
    assert Organisation.objects.get(slug="metropole-du-lac").name == "Lac Métropole"
    assert queries.service("travaux").organisation == "Lac Métropole"


def test_a_warm_process_asks_the_database_nothing(
    applied: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    queries.services()
    with django_assert_num_queries(0):
        queries.search("composteur")
        queries.search("pisine", language="en")
        queries.service("travaux")
        queries.by_theme("dechets")
        queries.featured(3)
        queries.page("aide")


def test_reading_the_catalogue_again_takes_as_many_queries_however_many_services(
    applied: Any,
) -> None:
    def reading() -> int:
        packs.forget()
        with CaptureQueriesContext(
            connection,
        ) as captured:
            queries.services()
        return len(captured)

    few = reading()
    for number in range(30):
        applied.service(f"essai-{number}", f"Essai numéro {number}")
    applied.apply()
    assert reading() == few <= 10


def test_a_page_is_html_with_its_placeholders_filled_and_escaped(applied: Any) -> None:
    page = queries.page("aide", values={"organisation": "Métropole <du> Lac *"})
    assert "Métropole &lt;du&gt; Lac *" in page.html
    assert page.languages == ("fr",)
    assert queries.page("aide", language="en").language == "fr"


def test_a_page_in_english_is_given_to_those_who_read_it(applied: Any) -> None:
    applied.write(
        "content/aide/en.md",
        '+++\ntitle = "Help"\nupdated = 2026-01-15\n+++\n\n# Ask\n\nText\n\n# Wait\n',
    ).apply()
    page = queries.page("aide", language="en")
    assert (page.title, page.language, page.languages) == ("Help", "en", ("fr", "en"))
    assert page.contents == (("ask", "Ask"), ("wait", "Wait"))
    assert '<h2 id="ask">' in page.html


def test_an_unknown_page_is_not_found(applied: Any) -> None:
    with pytest.raises(NotFound):
        queries.page("nulle-part")
