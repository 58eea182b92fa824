"""Figures at the desk: scoped, of the period asked, exported table by table."""

from __future__ import annotations

from datetime import date

import pytest
from tests.cast import INSIDE, Cast

from socle.domains.reports import actions, statistics
from socle.foundations.accounts.actors import ANONYMOUS
from socle.sites.desk.views import statistics as pages

pytestmark = pytest.mark.django_db
PAGE = "/agents/statistiques"


def report(category: str = "depot-sauvage") -> None:
    actions.submit_report(
        actor=ANONYMOUS, category_id=category, lon=INSIDE[0], lat=INSIDE[1], description="Un matelas",
        contact={"email": "p@exemple.fr"},
    )  # fmt: skip


def test_a_period_shows_volumes_tables_and_what_waits(cast: Cast) -> None:
    report()
    report()
    statistics.count_all()
    page = cast.client(cast.commune_agent).get(PAGE).content.decode()
    assert "Dépôt sauvage" in page
    assert "Signalements reçus, par jour" in page
    assert "Moins d’un jour" in page
    assert "/api/v1/tiles/reports/{z}/{x}/{y}.mvt?organisation=villeneuve-du-lac" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("periode=trimestre&du=2026-05-04", "T2 2026"),
        ("periode=annee&du=2026-05-04", "2026"),
        ("periode=mois&du=2026-02-10", "février 2026"),
        ("periode=dates&du=2026-02-03&au=2026-03-05", "du 03/02/2026 au 05/03/2026"),
        ("periode=n-importe-quoi&du=pas-une-date", "Statistiques"),
    ],
)
def test_any_period_may_be_asked(cast: Cast, query: str, words: str) -> None:
    answer = cast.client(cast.commune_agent).get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_a_period_that_ends_before_it_begins_is_told(cast: Cast) -> None:
    answer = cast.client(cast.commune_agent).get(
        f"{PAGE}?periode=dates&du=2026-03-05&au=2026-02-05"
    )
    assert answer.status_code == 422
    assert "La fin précède le début" in answer.content.decode()


def test_another_organisation_s_figures_do_not_exist(cast: Cast) -> None:
    stranger = cast.client(cast.agent)
    for address in (PAGE, f"{PAGE}/categories.csv"):
        assert stranger.get(f"{address}?organisation=villeneuve-du-lac").status_code == 404
    # The control: their own are there.
    own = cast.client(cast.commune_agent)
    assert own.get(f"{PAGE}?organisation=villeneuve-du-lac").status_code == 200


def test_each_table_is_exported_for_the_same_period_and_scope(cast: Cast) -> None:
    report()
    report("nid-de-poule")
    statistics.count_all()
    browser = cast.client(cast.commune_agent)
    for table in ("categories", "communes", "equipes", "jours"):
        answer = browser.get(f"{PAGE}/{table}.csv")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        lines = text.strip().splitlines()
        assert answer["Content-Type"].startswith("text/csv")
        assert lines[0].startswith("clé;nom;reçus")
        assert len(lines) == 2, text
    assert browser.get(f"{PAGE}/autre.csv").status_code == 404


def test_periods_cover_their_months_whole() -> None:
    assert pages.bounds(pages.MONTH, date(2024, 2, 11)) == (date(2024, 2, 1), date(2024, 2, 29))
    assert pages.bounds(pages.QUARTER, date(2026, 12, 31)) == (
        date(2026, 10, 1),
        date(2026, 12, 31),
    )
    assert pages.bounds(pages.YEAR, date(2026, 6, 1)) == (date(2026, 1, 1), date(2026, 12, 31))
