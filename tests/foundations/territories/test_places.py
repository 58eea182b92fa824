"""The house's own gazetteer: the commune one means comes first."""

from __future__ import annotations

import pytest

from socle.foundations.territories.places import Gazetteer
from socle.foundations.territories.queries import AreaInfo


def commune(code: str, name: str, population: int, *postal: str) -> AreaInfo:
    return AreaInfo(code, name, None, 1.0, 2.0, postal_codes=postal, population=population)


GAZETTEER = Gazetteer(
    [
        commune("1", "Villeneuve", 900, "00100"),
        commune("2", "Villeneuve-du-Lac", 40_000, "00200", "00210"),
        commune("3", "Ville", 5_000, "00300"),
        commune("4", "Saint-Test-les-Pins", 300, "00400"),
        commune("5", "Saint-Test", 8_000, "00400"),
        commune("6", "Port-Vieux", 20_000, "00600"),
        commune("7", "Villard", 5_000, "00700"),
    ]
)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        # Begun: the most populous first, then the shortest name.
        ("vil", ["2", "3", "7", "1"]),
        ("villeneuve du", ["2", "1"]),
        ("st tes", ["5", "4"]),
        ("v", []),
        # Named whole: that one, then those whose name goes on.
        ("ville", ["3", "2", "1"]),
        ("Villeneuve", ["1", "2"]),
        # Inside a longer name, the shorter one is not meant.
        ("3 quai Neuf, Villeneuve-du-Lac", ["2"]),
        ("Saint-Test-les-Pins", ["4"]),
        # A street may bear a commune's name: the address ends with the commune.
        ("12 rue de Port-Vieux, Saint-Test", ["5", "6"]),
        # A postal code confirms, and else the most populous of those that share it.
        ("12 rue de Saint-Test 00600 Port-Vieux", ["6", "5"]),
        ("00400", ["5", "4"]),
        ("00400 Saint-Test-les-Pins", ["4", "5"]),
        ("nulle part", []),
    ],
)
def test_the_commune_one_means_comes_first(typed: str, codes: list[str]) -> None:
    assert [found.citycode for found in GAZETTEER.search(typed)] == codes
