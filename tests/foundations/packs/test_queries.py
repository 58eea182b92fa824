"""What is in force costs no query once known, and is never stale for long."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.foundations.packs.conftest import Folder

from socle.foundations import packs
from socle.foundations.packs import queries, stamps
from socle.foundations.packs.models import Current, Head
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound

pytestmark = pytest.mark.django_db


def _read_everything() -> None:
    revision = queries.current("service", "composteur")
    assert revision is not None
    assert queries.document(revision).title
    assert queries.content(revision.pk).title
    assert queries.site().name
    assert queries.brand("villeneuve-du-lac")
    assert queries.logo()
    assert territories.metropole().name
    assert territories.area_at(2.05, 46.05)
    assert territories.organisation_for_area("99001")


def test_steady_state_asks_the_database_nothing(
    lakeside: Folder, django_assert_num_queries: Any
) -> None:
    packs.apply(lakeside.path)
    _read_everything()
    with django_assert_num_queries(0):
        for _ in range(3):
            _read_everything()


def test_after_a_few_seconds_one_look_at_the_stamp_is_enough(
    lakeside: Folder, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs.apply(lakeside.path)
    _read_everything()
    monkeypatch.setattr(stamps, "_next_check", 0.0)
    with django_assert_num_queries(1):
        _read_everything()


def test_another_process_application_is_noticed_at_the_next_look(
    lakeside: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs.apply(lakeside.path)
    assert queries.current("service", "composteur") is not None
    # What another process does: this one is not told.
    Current.objects.filter(section="service", key="composteur").delete()
    Head.objects.update(stamp="other")
    assert queries.current("service", "composteur") is not None
    monkeypatch.setattr(stamps, "_next_check", 0.0)
    assert queries.current("service", "composteur") is None


def test_the_applying_process_notices_at_once(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    assert queries.site().name == "Lac Services"
    lakeside.edit("pack.toml", 'name = "Lac Services"', 'name = "Lac et Services"')
    packs.apply(lakeside.path)
    assert queries.site().name == "Lac et Services"


def test_an_application_undone_with_its_transaction_is_forgotten(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    lakeside.edit("pack.toml", 'name = "Lac Services"', 'name = "Lac et Services"')
    with pytest.raises(RuntimeError), transaction.atomic():
        packs.apply(lakeside.path)
        assert queries.site().name == "Lac et Services"
        raise RuntimeError
    stamps._next_check = 0.0
    assert queries.site().name == "Lac Services"


def test_before_any_pack_the_site_is_neutral() -> None:
    assert queries.site().name == "Socle"
    assert queries.current("service", "composteur") is None
    assert queries.brand() == {}
    assert queries.logo() == ""
    assert queries.documents("service") == {}
    assert territories.areas() == ()
    assert territories.area_at(2.05, 46.05) is None
    assert territories.areas_at([2.05], [46.05]) == [None]
    with pytest.raises(NotFound):
        territories.metropole()


def test_an_unknown_revision_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.content(123456)


def test_a_section_of_one_file_needs_no_key(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    assert queries.current("territory") == queries.current("territory", "territory")
    assert queries.current("service") is None  # there are several
    assert queries.keys("service") == (
        "acte-de-naissance", "collecte-des-encombrants", "composteur", "signaler-un-probleme",
    )  # fmt: skip
    assert set(queries.documents("service")) == set(queries.keys("service"))


def test_a_commune_keeps_its_look_and_others_take_the_packs(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    assert queries.brand("villeneuve-du-lac") == {"primary": "#7a1f3d"}
    assert queries.brand("saint-test") == queries.brand() == {"primary": "#1b5e4b"}
    assert queries.logo("villeneuve-du-lac") == queries.logo()


def test_loading_does_not_fetch_contents_nobody_asked_for(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    with CaptureQueriesContext(connection) as captured:
        queries.current("service", "composteur")
    assert all('"content"' not in query["sql"] for query in captured)


def test_what_is_loaded_while_a_pack_is_applied_is_not_kept() -> None:
    loading, applied = threading.Event(), threading.Event()
    values = iter(["old", "new"])

    def load() -> str:
        value = next(values)
        if value == "old":
            loading.set()
            assert applied.wait(5)
        return value

    kept: stamps.Stamped[str] = stamps.Stamped(load)
    stamps.stamp()
    reader = threading.Thread(target=kept.get)
    # The stamp is known: the reader's thread asks the database nothing.
    reader.start()
    assert loading.wait(5)
    stamps.forget()
    applied.set()
    reader.join(5)
    assert kept.get() == "new"


def test_a_declaration_is_followed_to_what_is_in_force_even_once_dropped(lakeside: Folder) -> None:
    packs.apply(lakeside.path)
    first = queries.current("service", "composteur")
    assert first is not None
    assert queries.successor(first.pk) == first.pk
    path = lakeside.path / "services/composteur/service.toml"
    path.write_text(path.read_text("utf-8").replace("Trois semaines", "Deux semaines"), "utf-8")
    packs.apply(lakeside.path)
    second = queries.current("service", "composteur")
    assert second is not None
    assert queries.successor(first.pk) == second.pk != first.pk
    with pytest.raises(NotFound):
        queries.successor(10**9)
