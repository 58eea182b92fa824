"""Who gets in where: every address, every kind of person, things of one's own and of others.

The table is ``access_matrix.toml``. A new address fails here until somebody has written there what
each person must get; the failure shows what they get today, to be read with care before copying.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.consistency.scene import COLUMNS, Scene, build, routes

TABLE = tomllib.loads((Path(__file__).parent / "access_matrix.toml").read_text(encoding="utf-8"))
METHODS = ("get", "post")


@pytest.fixture
def scene(db: None) -> Scene:
    return build()


def test_every_address_is_in_the_table() -> None:
    declared = {name for method in METHODS for name in TABLE[method]}
    assert set(routes()) - declared == set(), "not in access_matrix.toml"
    assert declared - set(routes()) == set(), "no such address any more"


def test_every_line_has_one_verdict_per_person() -> None:
    assert tuple(TABLE["columns"]) == COLUMNS
    allowed = {"yes", "login", "401", "403", "404", "-"}
    for method in METHODS:
        for name, line in TABLE[method].items():
            cells = line.split()
            assert len(cells) == len(COLUMNS), name
            assert set(cells) <= allowed, name


@pytest.mark.parametrize("method", METHODS)
def test_everybody_gets_what_the_table_says(scene: Scene, method: str) -> None:
    patterns = routes()
    wrong = []
    for name, line in TABLE[method].items():
        address = scene.address(name, patterns[name])
        expected = line.split()
        got = [
            scene.attempt(column, method, address) if wanted != "-" else "-"
            for column, wanted in zip(COLUMNS, expected, strict=True)
        ]
        if got != expected:
            wrong.append(f'"{name}" = "{" ".join(got)}"  # wanted {line}')
    assert wrong == [], "\n" + "\n".join(wrong)


def test_the_scene_really_tries_everybody(scene: Scene) -> None:
    """The control: a table that says the contrary of what happens is refused."""
    address = scene.address("portal:request", routes()["portal:request"])
    assert scene.attempt("owner", "get", address) == "yes"
    assert scene.attempt("neighbour", "get", address) == "404"
    assert scene.attempt("anonymous", "get", address) == "404"


def test_what_an_attempt_changes_is_undone(scene: Scene) -> None:
    from socle.capabilities.questionnaires.models import Draft

    before = Draft.objects.count()
    assert scene.attempt("owner", "post", "/signaler") == "yes"
    assert Draft.objects.count() == before
