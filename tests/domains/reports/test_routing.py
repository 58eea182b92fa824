"""Reports follow the rules in force; what is wrong with a rule is refused or shown."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cast import INSIDE, Cast

from socle.capabilities.casework.models import Case
from socle.domains.reports import actions
from socle.domains.reports.models import Routed, RoutingRule
from socle.domains.reports.routing import queries, snapshot, trial
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.kernel.errors import Denied, Invalid, NotFound

pytestmark = pytest.mark.django_db


def organisation(slug: str) -> int:
    return territories.organisation(slug).pk


def team(slug: str, name: str) -> Team:
    found = accounts.team_by_slug(organisation(slug), name)
    assert found is not None
    return found


def report(**given: Any) -> Case:
    lon, lat = INSIDE
    asked: dict[str, Any] = {
        "actor": ANONYMOUS, "category_id": "depot-sauvage", "lon": lon, "lat": lat,
        "description": "Un matelas sur le trottoir",
    }  # fmt: skip
    return actions.submit_report(**(asked | given)).case


def save(cast: Cast, slug: str, **given: Any) -> RoutingRule:
    cast.administrator.refresh_from_db()
    actor = cast.actor(cast.administrator)
    asked: dict[str, Any] = {"name": f"règle {RoutingRule.objects.count()}", "condition": ""}
    return actions.save_rule(actor=actor, organisation_id=organisation(slug), **(asked | given))


def test_without_rules_the_commune_that_answers_gets_the_report(cast: Cast) -> None:
    case = report()
    assert (case.organisation.slug, case.team) == (
        "villeneuve-du-lac",
        team("villeneuve-du-lac", "proprete"),
    )
    why = queries.why_routed(case)
    assert why is not None
    assert (why.rule, why.fault, why.explanation["path"]) == (None, "", [])


def test_a_rule_sends_a_report_and_is_remembered(cast: Cast) -> None:
    accueil = team("villeneuve-du-lac", "accueil")
    rule = save(
        cast, "villeneuve-du-lac", condition='text contains "Matelas"', team_id=accueil.pk,
        priority=1, name="Literie",
    )  # fmt: skip
    case = report()
    assert (case.team, case.priority) == (accueil, 1)
    why = queries.why_routed(case)
    assert why is not None
    assert why.rule == rule
    assert why.explanation["path"][0]["rule"] == "Literie"
    # What was written is not copied into the explanation.
    assert "Matelas" not in str(why.explanation["path"][0]["values"])
    assert report(description="Des cartons").team == team("villeneuve-du-lac", "proprete")


def test_a_rule_hands_over_to_the_rules_of_another_organisation(cast: Cast) -> None:
    home = organisation("metropole-du-lac")
    save(cast, "villeneuve-du-lac", condition='category == "depot-sauvage"', target_id=home)
    dechets = team("metropole-du-lac", "dechets")
    save(cast, "metropole-du-lac", condition="area is known", team_id=dechets.pk)
    case = report()
    assert (case.organisation_id, case.team) == (home, dechets)


def test_a_team_that_vanishes_later_leaves_the_report_to_the_default_team(cast: Cast) -> None:
    dechets = team("metropole-du-lac", "dechets")
    save(cast, "metropole-du-lac", team_id=dechets.pk, name="Tout")
    assert report(category_id="nid-de-poule").team == dechets
    Team.objects.filter(pk=dechets.pk).update(is_active=False)
    snapshot.forget()
    case = report(category_id="nid-de-poule")
    assert case.team == team("metropole-du-lac", "relation-usagers")
    routed = Routed.objects.get(case=case)
    assert "n’existe plus" in routed.fault
    actor, home = cast.actor(cast.agent), organisation("metropole-du-lac")
    assert ["n’existe plus" in line.fault for line in queries.rules_of(actor, home)] == [True]
    assert queries.faults(actor, home) == [routed]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"condition": "category == "}, "condition"),
        ({"condition": 'category == "inconnue"'}, "condition"),
        ({"condition": "colour == 3"}, "condition"),
        ({"condition": "hour"}, "condition"),
        ({"name": " "}, "name"),
        ({"team_id": None}, "team"),
        ({"team_id": 999_999}, "team"),
        ({"team_id": None, "target_id": 999_999}, "target"),
        ({"priority": 7}, "priority"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_the_reason(
    cast: Cast, given: dict[str, Any], field: str
) -> None:
    accueil = team("villeneuve-du-lac", "accueil")
    with pytest.raises(Invalid) as refused:
        save(cast, "villeneuve-du-lac", **({"team_id": accueil.pk} | given))
    assert field in refused.value.fields
    assert RoutingRule.objects.count() == 0


def test_a_team_of_another_organisation_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid):
        save(cast, "villeneuve-du-lac", team_id=team("metropole-du-lac", "voirie").pk)


def test_a_rule_that_would_go_round_is_refused_with_its_way(cast: Cast) -> None:
    commune, home = organisation("villeneuve-du-lac"), organisation("metropole-du-lac")
    save(cast, "villeneuve-du-lac", name="Vers la métropole", condition='category == "tag"',
         target_id=home)  # fmt: skip
    # Two that hand each other different things are no circle.
    save(cast, "metropole-du-lac", condition='category == "eclairage"', target_id=commune)
    with pytest.raises(Invalid) as refused:
        save(cast, "metropole-du-lac", condition='group == "proprete"', target_id=commune)
    assert "tournerait en rond" in str(refused.value.message)
    assert "Vers la métropole" in str(refused.value.message)
    assert RoutingRule.objects.count() == 2


def test_only_managers_of_the_organisation_write_its_rules(cast: Cast) -> None:
    home = organisation("metropole-du-lac")
    voirie = team("metropole-du-lac", "voirie").pk
    asked = {"organisation_id": home, "name": "Nuit", "condition": "hour < 6", "team_id": voirie}
    with pytest.raises(Denied):
        actions.save_rule(actor=cast.actor(cast.agent), **asked)
    with pytest.raises(NotFound):
        actions.save_rule(actor=cast.actor(cast.commune_agent), **asked)
    rule = actions.save_rule(actor=cast.actor(cast.colleague), **asked)
    with pytest.raises(NotFound):
        actions.delete_rule(actor=cast.actor(cast.commune_agent), rule_id=rule.pk)
    actions.delete_rule(actor=cast.actor(cast.colleague), rule_id=rule.pk)
    assert RoutingRule.objects.count() == 0


def test_rules_are_moved_within_their_table(cast: Cast) -> None:
    accueil = team("villeneuve-du-lac", "accueil").pk
    rules = [save(cast, "villeneuve-du-lac", team_id=accueil) for _each in range(3)]
    moved = actions.move_rule(actor=cast.actor(cast.commune_agent), rule_id=rules[2].pk, index=0)
    assert [each.pk for each in moved] == [rules[2].pk, rules[0].pk, rules[1].pk]
    table = queries.rules_of(cast.actor(cast.commune_agent), organisation("villeneuve-du-lac"))
    assert [line.rule.pk for line in table] == [each.pk for each in moved]


def test_a_dry_run_counts_before_and_after_and_changes_nothing(cast: Cast) -> None:
    for _each in range(3):
        report()
    tag = report(category_id="tag")
    accueil = team("villeneuve-du-lac", "accueil")
    actor = cast.actor(cast.commune_agent)
    commune = organisation("villeneuve-du-lac")
    draft = trial.Draft("Essai", 'category == "depot-sauvage"', team_id=accueil.pk)
    found = trial.dry_run(actor=actor, organisation_id=commune, rule=draft)
    proprete = team("villeneuve-du-lac", "proprete")
    assert (found.read, found.changed) == (4, 3)
    assert found.before == {(commune, proprete.pk): 4}
    assert found.after == {(commune, accueil.pk): 3, (commune, proprete.pk): 1}
    assert found.covered == {"Essai": 3}
    assert found.uncovered == 1
    assert Case.objects.filter(team=accueil).count() == 0
    with pytest.raises(NotFound):
        trial.dry_run(actor=actor, organisation_id=organisation("metropole-du-lac"), rule=draft)
    assert tag.pk not in found.samples


def test_past_reports_are_sent_again_in_bulk(cast: Cast) -> None:
    first, second = report(), report(category_id="tag")
    accueil = team("villeneuve-du-lac", "accueil")
    save(cast, "villeneuve-du-lac", condition='category == "tag"', team_id=accueil.pk)
    away = report(category_id="nid-de-poule")
    result = actions.reroute(
        actor=cast.actor(cast.commune_agent), case_ids=[first.pk, second.pk, away.pk]
    )
    assert (result.moved, result.unchanged) == ([second.pk], [first.pk])
    assert list(result.skipped) == [away.pk]
    second.refresh_from_db()
    assert second.team == accueil


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.0002, -0.0001)])
def test_the_middle_of_nowhere_is_refused_with_a_clear_sentence(
    cast: Cast, place: tuple[float, float]
) -> None:
    with pytest.raises(Invalid) as refused:
        report(lon=place[0], lat=place[1])
    assert "0, 0" in refused.value.fields["place"][0]


def test_the_same_key_opens_one_report_and_one_explanation(cast: Cast) -> None:
    first, again = report(idempotency_key="k" * 20), report(idempotency_key="k" * 20)
    assert first.pk == again.pk
    assert Routed.objects.count() == 1


def test_routing_asks_the_database_nothing_once_it_is_warm(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    from socle.domains.reports import routing

    accueil = team("villeneuve-du-lac", "accueil")
    save(cast, "villeneuve-du-lac", condition='category == "tag"', team_id=accueil.pk)
    commune = organisation("villeneuve-du-lac")
    routing.route(routing.Facts("tag"), organisation_id=commune)
    with django_assert_num_queries(0):
        decision = routing.route(routing.Facts("tag"), organisation_id=commune)
    assert decision.team_id == accueil.pk
