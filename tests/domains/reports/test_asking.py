"""What a few words probably mean, and what is already known around a place."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cast import INSIDE, Cast

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.domains.reports import actions, queries
from socle.kernel.geo import distance_m

pytestmark = pytest.mark.django_db

DEGREE_M = 111_195.0
"""Metres of a degree of latitude."""


def north(metres: float) -> tuple[float, float]:
    """So far north of the first commune's point."""
    return INSIDE[0], INSIDE[1] + metres / DEGREE_M


def report(cast: Cast, metres: float = 0, category: str = "depot-sauvage", **given: Any) -> Case:
    lon, lat = north(metres)
    values = {"description": "Un matelas", "contact": {"name": "Ada Test"}} | given
    return actions.submit_report(
        actor=cast.actor(cast.resident), category_id=category, lon=lon, lat=lat, **values
    ).case


# --- suggest ---


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("un lampadaire ne marche plus", "eclairage"),
        ("lampadaires", "eclairage"),
        ("LUMIERE eteinte", "eclairage"),
        ("graffitis sur le mur", "tag"),
        ("des encombrants sur le trottoir", "depot-sauvage"),
        ("encombrents", "depot-sauvage"),
        ("nid de poule", "nid-de-poule"),
        ("ça fuit, fuite d'eau dans la rue", "fuite-d-eau"),
    ],
)
def test_words_mean_a_category_whatever_their_accents_plurals_and_typos(
    cast: Cast, said: str, meant: str
) -> None:
    assert next(each.id for each in queries.suggest(said)) == meant


@pytest.mark.parametrize("said", ["", "   ", "xyzzy", "\x00", "%' OR 1=1", "😀"])
def test_nothing_is_suggested_for_nothing(cast: Cast, said: str) -> None:
    assert queries.suggest(said) == []


def test_no_more_is_suggested_than_asked_and_a_long_text_is_no_trouble(cast: Cast) -> None:
    everything = "tag ordures lampadaire goudron eau " * 200
    assert len(queries.suggest(everything, limit=2)) == 2
    assert len(queries.suggest(everything)) <= 3


# --- nearby ---


def test_what_is_near_comes_nearest_first_with_its_distance(cast: Cast) -> None:
    far, near, here = report(cast, 40), report(cast, 15), report(cast)
    found = queries.nearby(*north(0), radius_m=100)
    assert [each.id for each in found] == [here.pk, near.pk, far.pk]
    for each, metres in zip(found, (0, 15, 40), strict=True):
        assert each.metres == pytest.approx(metres, abs=1)
    lon, lat = north(40)
    assert distance_m(*north(0), lon, lat) == pytest.approx(40, abs=0.5)


def test_the_radius_is_kept_to_the_metre(cast: Cast) -> None:
    inside, _outside = report(cast, 29), report(cast, 31)
    assert [each.id for each in queries.nearby(*north(0), radius_m=30)] == [inside.pk]
    assert queries.nearby(*north(0), radius_m=0) == []
    assert queries.nearby(*north(0), radius_m=-5) == []


def test_only_open_reports_of_the_category_asked_are_near(cast: Cast) -> None:
    mattress = report(cast)
    report(cast, category="tag", description="Un tag")
    closed = report(cast, 5)
    casework.perform(
        actor=cast.actor(cast.commune_agent), case_id=closed.pk, transition_id="resolve", version=1
    )
    assert [each.id for each in queries.nearby(*north(0), category_id="depot-sauvage")] == [
        mattress.pk
    ]
    assert queries.nearby(*north(0), category_id="eclairage") == []


def test_no_more_is_near_than_asked(cast: Cast) -> None:
    for metres in range(6):
        report(cast, metres)
    assert len(queries.nearby(*north(0), radius_m=50, limit=4)) == 4


def test_nothing_near_says_who_sent_it(cast: Cast) -> None:
    case = report(cast, contact={"name": "Ada Test", "email": "ada@lac.example"})
    casework.reply(actor=cast.actor(cast.resident), case_id=case.pk, body="Mon numéro : 06")
    [found] = queries.nearby(*north(0), radius_m=50)
    said = repr(found)
    for secret in ("Ada", "ada@", "06"):
        assert secret not in said
