"""What packs declare about reporting: mistakes are placed, what is right is applied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cast import INSIDE, PACKS, Cast

from socle.capabilities.casework.models import Case
from socle.domains.reports import actions, queries
from socle.domains.reports.models import ExternalBody, RoutingRule
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM
from socle.foundations.packs import actions as packs
from socle.foundations.packs.checking import check
from socle.foundations.territories import queries as territories
from socle.kernel.errors import Invalid

COMMUNE = """
title = "Ma ville"
colour = "#123456"
closed = ["eclairage"]

[[answer]]
category = "nid-de-poule"
team = "accueil"
working_hours = 6

[[category]]
id = "plage"
label = "Plage sale"
group = "proprete"
team = "proprete"
asset_layer = "lampes"

[[category.question]]
id = "volume"
type = "choice"
label = "Combien ?"
required = true
options = [{ value = "peu", label = "Peu" }, { value = "plein", label = "Plein" }]

[[category.question]]
id = "camion"
type = "boolean"
label = "Un camion passe-t-il ?"
visible_when = 'volume == "plein"'

[[rule]]
name = "Verre"
when = 'text contains "verre"'
team = "accueil"
"""
ROUTING = """
[[rule]]
organisation = "metropole-du-lac"
name = "Nuit"
when = "hour < 6"
team = "voirie"
"""
BODIES = """
[[body]]
organisation = "metropole-du-lac"
key = "departement"
name = "Département"
means = "email"
email = "routes@departement.example"
[body.services]
nid-de-poule = "R1"
"""
ASSETS = """{"type": "FeatureCollection", "name": "Lampadaire", "demonstration": true, "features": [
{"type": "Feature", "properties": {"id": "L1", "label": "Lampe 1"},
 "geometry": {"type": "Point", "coordinates": [2.05, 46.05]}},
{"type": "Feature", "properties": {"id": "L2", "label": "Lampe 2"},
 "geometry": {"type": "Point", "coordinates": [2.0505, 46.05]}}]}
"""
FILES = {
    "communes/villeneuve-du-lac.toml": COMMUNE,
    "routing.toml": ROUTING,
    "bodies.toml": BODIES,
    "assets/lampes.geojson": ASSETS,
}

Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Write:
    """The small pack with the files above; keyword texts replace, `None` leaves out."""
    root = tmp_path / "lakeside"
    shutil.copytree(PACKS / "lakeside", root)

    def write(**changed: str | None) -> Path:
        names = {"commune": 0, "routing": 1, "bodies": 2, "assets": 3}
        for name, text in FILES.items():
            key = next(key for key, index in names.items() if list(FILES)[index] == name)
            file = root / "reports" / name
            file.parent.mkdir(exist_ok=True)
            if changed.get(key, text) is None:
                file.unlink(missing_ok=True)
            else:
                file.write_text(str(changed.get(key, text)), "utf-8")
        return root

    return write


def report(**given: Any) -> Case:
    lon, lat = INSIDE
    asked: dict[str, Any] = {
        "actor": ANONYMOUS, "category_id": "plage", "lon": lon, "lat": lat, "description": "Sale",
        "answers": {"volume": "peu"},
    }  # fmt: skip
    return actions.submit_report(**(asked | given)).case


def test_the_whole_is_right(folder: Write) -> None:
    assert check(folder()) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "words"),
    [
        ("commune", 'category = "nid-de-poule"', 'category = "trou"', 7, "l’arbre commun"),
        ("commune", 'team = "accueil"\nworking', 'team = "voirie"\nworking', 8, "pas d’équipe"),
        ("commune", 'closed = ["eclairage"]', 'closed = ["nid-de-poule"]', 4, "à la fois"),
        ("commune", 'group = "proprete"', 'group = "mer"', 14, "groupe"),
        ("commune", '"lampes"', '"lampadaires"', 16, "nulle part"),
        ("commune", 'volume == "plein"', 'volum == "plein"', 29, "inconnu"),
        ("commune", 'type = "boolean"', 'type = "file"', 27, "ne peut pas être de type"),
        ("commune", 'text contains "verre"', "text > 3", 33, "compare"),
        ("routing", '"hour < 6"', "'category == \"trou\"'", 5, "réponses possibles"),
        ("routing", 'team = "voirie"', 'team = "jardins"', 6, "pas d’équipe"),
        ("routing", 'team = "voirie"', "", 2, "ne fait rien"),
        ("routing", 'team = "voirie"', 'transfer = "metropole-du-lac"', 6, "elle-même"),
        ("routing", '"metropole-du-lac"', '"villeneuve-du-lac"', 3, "communes/"),
        ("bodies", 'email = "routes@departement.example"', "", 2, "adresse électronique"),
        ("bodies", "nid-de-poule =", "trou =", 9, "catégorie"),
        ("assets", '"L2"', '"L1"', 4, "déjà pris"),
        ("assets", "46.05]}},", "146.05]}},", 3, ""),
    ],
)  # fmt: skip
def test_a_mistake_is_placed_and_said(
    folder: Write, name: str, old: str, new: str, line: int, words: str
) -> None:
    texts = {"commune": COMMUNE, "routing": ROUTING, "bodies": BODIES, "assets": ASSETS}
    assert old in texts[name]
    found = check(folder(**{name: texts[name].replace(old, new, 1)}))
    assert found
    assert any(each.line == line and words in each.message for each in found), found


def test_rules_that_go_round_are_refused_in_their_file(folder: Write) -> None:
    commune = COMMUNE + '\n[[rule]]\nname = "Tout"\ntransfer = "metropole-du-lac"\n'
    routing = ROUTING + (
        '\n[[rule]]\norganisation = "metropole-du-lac"\nname = "Retour"\n'
        'when = \'area == "99001" and category == "tag"\'\ntransfer = "villeneuve-du-lac"\n'
    )
    found = check(folder(commune=commune, routing=routing))
    assert ["tournerait en rond" in each.message for each in found] == [True]
    assert "Retour" in found[0].message
    # The commune keeps what the métropole gives back: no circle.
    kept = COMMUNE + '\n[[rule]]\nname = "Tags"\nwhen = \'category == "tag"\'\nteam = "accueil"\n'
    assert check(folder(commune=kept + commune[len(COMMUNE) :], routing=routing)) == []


@pytest.mark.django_db
def test_a_commune_answers_for_what_it_says(cast: Cast, folder: Write) -> None:
    before = report(category_id="nid-de-poule", answers={})
    assert before.organisation.slug == "metropole-du-lac"
    packs.apply(folder())
    mine = report(category_id="nid-de-poule", answers={})
    assert (mine.organisation.slug, mine.team and mine.team.slug) == (
        "villeneuve-du-lac",
        "accueil",
    )
    # It no longer answers for what it does not list, whatever team it has.
    assert report(category_id="tag", answers={}).organisation.slug == "metropole-du-lac"
    with pytest.raises(Invalid) as refused:
        report(category_id="eclairage", answers={})
    assert "commune ne reçoit pas" in refused.value.fields["category"][0]
    own = report()
    assert (own.organisation.slug, own.category) == ("villeneuve-du-lac", "plage")
    # Offered at home only.
    with pytest.raises(Invalid):
        report(lon=2.15)
    ids = {c.id for _g, cs in queries.categories_at("99001") for c in cs}
    other = {c.id for _g, cs in queries.categories_at("99002") for c in cs}
    assert ("plage" in ids, "eclairage" in ids) == (True, False)
    assert ("plage" in other, "eclairage" in other) == (False, True)
    assert queries.branding_at("99001").colour == "#123456"
    assert queries.category_label("plage") == "Plage sale"
    rule = RoutingRule.objects.get(name="Verre")
    assert (rule.from_pack, rule.organisation.slug) == (True, "villeneuve-du-lac")
    assert report(description="Du verre cassé").team == rule.team


@pytest.mark.django_db
def test_extra_questions_are_asked_by_branch(cast: Cast, folder: Write) -> None:
    packs.apply(folder())
    with pytest.raises(Invalid) as refused:
        report(answers={})
    assert list(refused.value.fields) == ["answers.volume"]
    with pytest.raises(Invalid) as refused:
        report(answers={"volume": "plein"})
    assert list(refused.value.fields) == ["answers.camion"]
    with pytest.raises(Invalid):
        report(answers={"volume": "énorme"})
    # What belongs to a closed branch, or to no question, is not kept.
    case = report(answers={"volume": "peu", "camion": True, "autre": "x"}, asset_id="L2")
    assert case.answers == {
        "volume": "peu",
        "asset": {"layer": "lampes", "id": "L2", "label": "Lampe 2"},
    }
    readable = queries.answers_readable("plage", case.answers, case.created_at.date())
    assert readable == [("Lampadaire", "Lampe 2"), ("Combien ?", "Peu")]
    # A letter cannot be asked: it opens a report all the same.
    assert report(actor=SYSTEM, answers={}, channel="email").pk


@pytest.mark.django_db
def test_equipment_near_a_point_comes_nearest_first(cast: Cast, folder: Write) -> None:
    packs.apply(folder())
    found = queries.assets_near("plage", 2.0504, 46.05, radius_m=60)
    assert [each.id for each in found] == ["L2", "L1"]
    assert [each.id for each in queries.assets_near("plage", 2.0504, 46.05, radius_m=20)] == ["L2"]
    assert queries.assets_near("tag", 2.05, 46.05) == []
    with pytest.raises(Invalid) as refused:
        report(asset_id="L9")
    assert "asset" in refused.value.fields


@pytest.mark.django_db
def test_applying_again_updates_and_what_left_is_withdrawn(cast: Cast, folder: Write) -> None:
    packs.apply(folder())
    actor = cast.actor(cast.colleague)
    home = territories.organisation("metropole-du-lac").pk
    own = actions.save_rule(
        actor=actor, organisation_id=home, name="À nous", condition="", priority=1
    )
    first = RoutingRule.objects.get(name="Nuit")
    packs.apply(folder(routing=ROUTING.replace("hour < 6", "hour < 5"), bodies=None))
    again = RoutingRule.objects.get(name="Nuit")
    assert (again.pk, again.condition) == (first.pk, "hour < 5")
    assert ExternalBody.objects.get().active is False
    packs.apply(folder(routing=None, commune=None, bodies=BODIES))
    assert list(RoutingRule.objects.all()) == [own]
    assert ExternalBody.objects.get().active is True


@pytest.mark.django_db
def test_a_promise_in_working_hours_counts_the_hours_of_who_answers(
    cast: Cast, folder: Write, clock: Any
) -> None:
    packs.apply(folder())
    # Wednesday 10:30; six hours of 9–12 and 14–17: one and a half today, then Thursday at 10:30.
    due = report(category_id="nid-de-poule", answers={}, clock=clock).due_at
    assert due is not None
    assert due.isoformat() == "2026-03-05T09:30:00+00:00"
