"""Reading actors, teams and members: scoped, in a constant number of queries."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from tests.foundations.accounts.conftest import Cast

from socle.foundations.accounts import actions, queries
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM
from socle.foundations.accounts.models import User
from socle.foundations.territories.models import Organisation


def _teams(cast: Cast, number: int) -> list[int]:
    return [
        actions.create_team(
            organisation_id=cast.villeneuve.pk, name=f"Équipe {index}", actor=SYSTEM
        ).pk
        for index in range(number)
    ]


def test_an_actor_holds_roles_teams_and_verified_entities(cast: Cast) -> None:
    (team,) = _teams(cast, 1)
    membership = queries.members_of(cast.villeneuve.pk).get(user_id=cast.id("agent"))
    actions.change_member(membership_id=membership.pk, team_ids=[team], actor=SYSTEM)
    claim = actions.request_representation(
        user_id=cast.id("agent"), kind="company", name="B", siret="73282932000074",
        actor=cast["agent"],
    )  # fmt: skip
    assert cast["agent"].entity_ids == frozenset()
    actions.verify_representation(representation_id=claim.pk, actor=cast["counter"])
    actor = cast["agent"]
    assert actor.kind == "agent"
    assert actor.roles == {cast.villeneuve.pk: "agent"}
    assert actor.team_ids == {team}
    assert actor.entity_ids == {claim.entity_id}


def test_an_actor_costs_two_queries_whatever_it_holds(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    teams = _teams(cast, 5)
    membership = queries.members_of(cast.villeneuve.pk).get(user_id=cast.id("agent"))
    actions.change_member(membership_id=membership.pk, team_ids=teams, actor=SYSTEM)
    user = User.objects.get(pk=cast.id("agent"))
    with django_assert_num_queries(2):
        assert len(queries.actor_for(user).team_ids) == 5


def test_nobody_costs_no_query(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert queries.actor_for(AnonymousUser()) == ANONYMOUS
        assert queries.actor_for(None) == ANONYMOUS


def test_an_inactive_account_is_nobody(cast: Cast) -> None:
    User.objects.filter(pk=cast.id("agent")).update(is_active=False)
    cast.users["agent"].refresh_from_db()
    assert cast["agent"] == ANONYMOUS


def test_a_closed_organisation_gives_no_role(cast: Cast) -> None:
    Organisation.objects.filter(pk=cast.villeneuve.pk).update(is_active=False)
    assert cast["administrator"].kind == "resident"


def test_a_closed_team_is_nobody_s(cast: Cast) -> None:
    (team,) = _teams(cast, 1)
    membership = queries.members_of(cast.villeneuve.pk).get(user_id=cast.id("agent"))
    actions.change_member(membership_id=membership.pk, team_ids=[team], actor=SYSTEM)
    actions.close_team(team_id=team, actor=SYSTEM)
    assert cast["agent"].team_ids == frozenset()


def test_each_sees_the_teams_they_may_handle(cast: Cast) -> None:
    first, second = _teams(cast, 2)
    membership = queries.members_of(cast.villeneuve.pk).get(user_id=cast.id("agent"))
    actions.change_member(membership_id=membership.pk, team_ids=[first], actor=SYSTEM)

    def seen(name: str) -> set[int]:
        return {team.pk for team in queries.teams_of(cast[name])}

    assert seen("agent") == {first}
    assert seen("manager") == seen("administrator") == seen("platform") == {first, second}
    assert seen("neighbour") == seen("resident") == set()
    assert list(queries.agents_of(cast.villeneuve.pk, team_id=first)) == [cast.users["agent"]]


def test_members_are_listed_in_three_queries(cast: Cast, django_assert_num_queries: Any) -> None:
    teams = _teams(cast, 3)
    for membership in queries.members_of(cast.villeneuve.pk):
        actions.change_member(membership_id=membership.pk, team_ids=teams, actor=SYSTEM)
    with django_assert_num_queries(2):
        shown = [
            (row.user.display_name, [team.name for team in row.teams.all()])
            for row in queries.members_of(cast.villeneuve.pk)
        ]
    assert len(shown) == 4


def test_people_are_found_by_address_whatever_its_case(cast: Cast) -> None:
    assert queries.user_by_email(" Agent@Exemple.FR ") == cast.users["agent"]
    assert queries.user_by_email("personne@exemple.fr") is None


def test_names_are_read_in_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        found = queries.labels([cast.id("agent"), cast.id("manager"), 999_999])
    assert found == {cast.id("agent"): "Agent", cast.id("manager"): "Manager"}
