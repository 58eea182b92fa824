"""Places in memory: right after a pack is applied, without a query afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from socle.foundations import packs
from socle.foundations.packs import queries as pack_queries
from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Area, Organisation
from socle.kernel.errors import NotFound

PACKS = Path(__file__).parents[2] / "packs"
DEMONSTRATION = Path(__file__).parents[3] / "packs" / "aix-marseille-provence"
REPORTS = Path(__file__).parents[3].parent / "shared" / "data" / "real" / "reports"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    pack_queries.forget()
    yield
    pack_queries.forget()


@pytest.fixture
def lakeside() -> None:
    packs.apply(PACKS / "lakeside")


@pytest.mark.usefixtures("lakeside")
def test_a_point_is_in_its_commune_and_in_the_territory() -> None:
    area = territories.area_at(2.15, 46.05)
    assert area is not None
    assert (area.code, area.name, area.lon, area.lat) == ("99002", "Saint-Test", 2.15, 46.05)
    assert area.bounds == (2.1, 46.0, 2.2, 46.1)
    whole = territories.area_at(2.15, 46.05, kind="territory")
    assert whole is not None
    assert (whole.code, whole.population) == ("lac", 53_500)
    assert territories.in_territory(2.15, 46.05)
    assert not territories.in_territory(3.0, 46.05)
    assert territories.area_at(3.0, 46.05) is None
    assert territories.area_at(2.15, 46.05, kind="district") is None


@pytest.mark.usefixtures("lakeside")
def test_nothing_is_asked_of_the_database_once_warm(django_assert_num_queries: Any) -> None:
    territories.area_at(2.15, 46.05)
    territories.organisation("saint-test")
    pack_queries.pack()
    with django_assert_num_queries(0):
        assert territories.area_at(2.05, 46.05)
        assert territories.areas_at([2.05, 2.15], [46.05, 46.05])
        assert territories.organisation_for_area("99003").slug == "port-aux-essais"
        assert territories.metropole().slug == "metropole-du-lac"
        assert [area.name for area in territories.areas()] == [
            "Port-aux-Essais", "Saint-Test", "Villeneuve-du-Lac",
        ]  # fmt: skip
        assert [each.slug for each in territories.organisations("partner")] == ["regie-des-eaux"]
        assert territories.centre() == (2.15, 46.05)
        assert territories.contours_attribution() == "Contours imaginaires"
        organisation = territories.organisation("saint-test")
        assert organisation.parent is not None
        assert organisation.parent.slug == "metropole-du-lac"


@pytest.mark.usefixtures("lakeside")
def test_an_unknown_place_is_not_found() -> None:
    for ask in (
        lambda: territories.area("00000"),
        lambda: territories.organisation("nobody"),
        lambda: territories.organisation_by_id(0),
        lambda: territories.organisation_for_area("00000"),
    ):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.usefixtures("lakeside")
def test_an_area_without_an_owner_is_the_metropoles() -> None:
    Area.objects.filter(code="99003").update(organisation=None)
    pack_queries.forget()
    assert territories.organisation_for_area("99003") == territories.metropole()


@pytest.mark.usefixtures("lakeside")
def test_contours_are_served_with_a_tag_that_changes_with_them() -> None:
    served = territories.contours_geojson()
    found = json.loads(served.body)
    assert {feature["properties"]["code"] for feature in found["features"]} == {
        "99001", "99002", "99003",
    }  # fmt: skip
    assert territories.contours_geojson() is served
    area = Area.objects.get(code="99003")
    area.name = "Port-des-Essais"
    area.save()
    assert territories.contours_geojson().etag != served.etag


@pytest.mark.usefixtures("lakeside")
def test_saving_an_organisation_is_seen_at_once() -> None:
    assert territories.organisation("saint-test").phone == "00 00 00 02 02"
    organisation = Organisation.objects.get(slug="saint-test")
    organisation.phone = "00 00 00 02 99"
    organisation.save()
    assert territories.organisation("saint-test").phone == "00 00 00 02 99"


@pytest.mark.usefixtures("lakeside")
def test_opening_hours_reach_the_organisation() -> None:
    hours = territories.organisation("villeneuve-du-lac").opening_hours
    assert hours[1] == {"days": [5], "hours": [["08:30", "12:00"]]}
    assert territories.organisation("port-aux-essais").opening_hours == []
    assert territories.metropole().opening_hours == [
        {"days": [1, 2, 3, 4, 5], "hours": [["09:00", "17:00"]]}
    ]


@pytest.mark.usefixtures("lakeside")
def test_a_town_hall_is_found_without_a_network() -> None:
    found = territories.gazetteer().search("1 place de la Mairie, 99100 Villeneuve-du-Lac")
    assert found
    assert found[0].citycode == "99001"


# --- the demonstration ---


def test_the_demonstration_territory_stands(tmp_path: Path) -> None:
    import shutil

    # Its territory alone: services belong to other rooms.
    for name in ("pack.toml", "territory.toml", "communes.csv", "contours.geojson",
                 "opening_hours.json", "teams.toml"):  # fmt: skip
        shutil.copy(DEMONSTRATION / name, tmp_path / name)
    shutil.copytree(DEMONSTRATION / "brand", tmp_path / "brand")
    packs.apply(tmp_path)
    communes = territories.areas()
    assert len(communes) == 92
    assert sum(area.population for area in communes) == 1_922_626
    assert territories.metropole().siren == "200054807"
    for area in communes:
        at = territories.area_at(area.lon, area.lat)
        assert at is not None
        assert at.code == area.code, f"the town hall of {area.name} is in {at.name}"
        organisation = territories.organisation_for_area(area.code)
        assert organisation.kind == "commune"
        assert organisation.siren
        assert organisation.postal_address
        assert organisation.opening_hours
    assert "IGN" in territories.contours_attribution()
    # The sea between the islands and the coast, far out, is nobody's.
    assert territories.area_at(5.0, 43.0) is None


def test_the_second_test_pack_covers_the_real_reports() -> None:
    import csv
    import gzip

    file = REPORTS / "zurich_wgs84_fr.csv.gz"
    if not file.is_file():
        pytest.skip("the shared real data is not here")
    packs.apply(PACKS / "lake-city")
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = territories.areas_at(
        [float(row["lon"]) for row in rows], [float(row["lat"]) for row in rows]
    )
    assert len(found) == 62_245
    assert all(found)
    assert {area.code for area in found if area} == {"L1", "L2"}
