"""Members, teams and administrators: permission, change, journal and event together."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from tests.foundations.accounts.conftest import Cast

from socle.foundations.accounts import actions, queries
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.accounts.events import MemberAdded, MemberRemoved
from socle.foundations.accounts.models import Membership, Team, User
from socle.foundations.journal.actions import chain_for
from socle.foundations.journal.models import Entry
from socle.kernel import events
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound


def _membership(cast: Cast, name: str) -> int:
    return Membership.objects.get(user_id=cast.id(name)).pk


def test_an_administrator_adds_a_member_by_address(cast: Cast) -> None:
    heard: list[Any] = []
    with events.isolated_subscriptions():
        events.within(MemberAdded, heard.append)
        membership = actions.add_member(
            organisation_id=cast.villeneuve.pk,
            email="Nouvelle@exemple.fr",
            role="counter",
            actor=cast["administrator"],
        )
    assert membership.user.email == "nouvelle@exemple.fr"
    assert not membership.user.has_usable_password()
    assert heard == [MemberAdded(membership.user_id, cast.villeneuve.pk, "counter")]
    entry = Entry.objects.get(
        action="member.added", chain__name=chain_for(cast.villeneuve.pk), subject_id=membership.pk
    )
    assert entry.data == {"user": membership.user_id, "role": "counter"}
    assert entry.actor_id == cast.id("administrator")


@pytest.mark.parametrize("name", ["agent", "counter", "manager", "neighbour", "resident"])
def test_others_do_not_know_the_organisation_s_members(name: str, cast: Cast) -> None:
    with pytest.raises(NotFound):
        actions.add_member(
            organisation_id=cast.villeneuve.pk, email="x@exemple.fr", actor=cast[name]
        )
    with pytest.raises(NotFound):
        actions.remove_member(membership_id=_membership(cast, "agent"), actor=cast[name])
    assert not User.objects.filter(email="x@exemple.fr").exists()


def test_a_member_is_not_added_twice_and_comes_back_with_the_new_role(cast: Cast) -> None:
    with pytest.raises(Conflict):
        actions.add_member(
            organisation_id=cast.villeneuve.pk, email="agent@exemple.fr", actor=SYSTEM
        )
    actions.remove_member(membership_id=_membership(cast, "agent"), actor=cast["administrator"])
    assert cast["agent"].kind == "resident"
    actions.add_member(
        organisation_id=cast.villeneuve.pk, email="agent@exemple.fr", role="manager", actor=SYSTEM
    )
    assert cast["agent"].roles == {cast.villeneuve.pk: "manager"}


@pytest.mark.parametrize(
    ("values", "field"),
    [({"email": "pas une adresse"}, "email"), ({"email": "a@b.fr", "role": "roi"}, "role")],
)
def test_wrong_values_are_told_by_field(values: dict[str, str], field: str, cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        actions.add_member(organisation_id=cast.villeneuve.pk, actor=SYSTEM, **values)
    assert set(caught.value.fields) == {field}


def test_a_manager_arranges_teams_and_not_roles(cast: Cast) -> None:
    team = actions.create_team(
        organisation_id=cast.villeneuve.pk, name="Voirie", actor=cast["manager"]
    )
    member = _membership(cast, "agent")
    actions.change_member(membership_id=member, team_ids=[team.pk], actor=cast["manager"])
    assert cast["agent"].team_ids == {team.pk}
    with pytest.raises(Denied):
        actions.change_member(membership_id=member, role="administrator", actor=cast["manager"])


def test_a_member_joins_teams_of_their_own_organisation_only(cast: Cast) -> None:
    foreign = actions.create_team(organisation_id=cast.hautbourg.pk, name="Voirie", actor=SYSTEM)
    with pytest.raises(Invalid):
        actions.change_member(
            membership_id=_membership(cast, "agent"),
            team_ids=[foreign.pk],
            actor=cast["administrator"],
        )


def test_the_last_administrator_stays(cast: Cast) -> None:
    member = _membership(cast, "administrator")
    with pytest.raises(Conflict):
        actions.remove_member(membership_id=member, actor=cast["administrator"])
    with pytest.raises(Conflict):
        actions.change_member(membership_id=member, role="agent", actor=cast["administrator"])
    actions.change_member(
        membership_id=_membership(cast, "manager"),
        role="administrator",
        actor=cast["administrator"],
    )
    actions.remove_member(membership_id=member, actor=cast["administrator"])
    assert cast["administrator"].kind == "resident"


def test_leaving_takes_the_teams_away_and_says_so(cast: Cast) -> None:
    team = actions.create_team(organisation_id=cast.villeneuve.pk, name="Voirie", actor=SYSTEM)
    member = _membership(cast, "agent")
    actions.change_member(membership_id=member, team_ids=[team.pk], actor=SYSTEM)
    heard: list[Any] = []
    with events.isolated_subscriptions():
        events.within(MemberRemoved, heard.append)
        actions.remove_member(membership_id=member, actor=SYSTEM)
    assert heard == [MemberRemoved(cast.id("agent"), cast.villeneuve.pk)]
    assert not Membership.objects.get(pk=member).teams.exists()


def test_an_action_that_a_listener_refuses_leaves_nothing(cast: Cast) -> None:
    def refuse(event: object) -> None:
        raise Conflict

    before = Entry.objects.count()
    with events.isolated_subscriptions():
        events.within(MemberAdded, refuse)
        with pytest.raises(Conflict):
            actions.add_member(
                organisation_id=cast.villeneuve.pk, email="neuf@exemple.fr", actor=SYSTEM
            )
    assert not User.objects.filter(email="neuf@exemple.fr").exists()
    assert Entry.objects.count() == before


def test_one_team_only_receives_by_default(cast: Cast) -> None:
    first = actions.create_team(
        organisation_id=cast.villeneuve.pk, name="Accueil", is_default=True, actor=SYSTEM
    )
    second = actions.create_team(
        organisation_id=cast.villeneuve.pk, name="Voirie", is_default=True, actor=SYSTEM
    )
    first.refresh_from_db()
    assert (first.is_default, second.is_default) == (False, True)
    assert queries.default_team(cast.villeneuve.pk) == second
    with pytest.raises(Conflict):
        actions.close_team(team_id=second.pk, actor=cast["manager"])
    actions.close_team(team_id=first.pk, actor=cast["manager"])
    assert list(queries.teams_in(cast.villeneuve.pk)) == [second]


def test_two_teams_of_one_organisation_have_two_names(cast: Cast) -> None:
    actions.create_team(organisation_id=cast.villeneuve.pk, name="Voirie", actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.create_team(organisation_id=cast.villeneuve.pk, name="Voirie", actor=SYSTEM)
    with pytest.raises(Invalid):
        actions.create_team(organisation_id=cast.villeneuve.pk, name="  ", actor=SYSTEM)
    actions.create_team(organisation_id=cast.hautbourg.pk, name="Voirie", actor=SYSTEM)
    assert Team.objects.filter(slug="voirie").count() == 2


def test_a_team_is_renamed_by_its_organisation_only(cast: Cast) -> None:
    team = actions.create_team(organisation_id=cast.villeneuve.pk, name="Voirie", actor=SYSTEM)
    with pytest.raises(NotFound):
        actions.update_team(team_id=team.pk, name="Pris", actor=cast["neighbour"])
    renamed = actions.update_team(team_id=team.pk, name="Voirie et propreté", actor=cast["manager"])
    assert (renamed.name, renamed.slug) == ("Voirie et propreté", "voirie")


def test_the_platform_keeps_an_administrator(cast: Cast) -> None:
    with pytest.raises(Denied):
        actions.set_administrator(
            user_id=cast.id("resident"), administrator=True, actor=cast["administrator"]
        )
    with pytest.raises(Conflict):
        actions.set_administrator(
            user_id=cast.id("platform"), administrator=False, actor=cast["platform"]
        )
    actions.set_administrator(
        user_id=cast.id("resident"), administrator=True, actor=cast["platform"]
    )
    actions.set_administrator(
        user_id=cast.id("platform"), administrator=False, actor=cast["platform"]
    )
    assert not cast["platform"].is_agent


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other_at_once(cast: Cast) -> None:
    actions.change_member(
        membership_id=_membership(cast, "manager"), role="administrator", actor=SYSTEM
    )
    pairs = [("administrator", "manager"), ("manager", "administrator")]
    acts = [(cast[who], _membership(cast, whom)) for who, whom in pairs]
    barrier, outcomes = threading.Barrier(2, timeout=20), []

    def run(actor: Any, membership_id: int) -> None:
        try:
            barrier.wait()
            actions.remove_member(membership_id=membership_id, actor=actor)
            outcomes.append("done")
        except (Conflict, NotFound):
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["done", "refused"]
    assert Membership.objects.filter(role="administrator", is_active=True).count() >= 1


class TestAdmission:
    """Agents vouched for by their administration."""

    def test_an_open_house_makes_members(self, cast: Cast) -> None:
        actions.set_admission(
            organisation_id=cast.villeneuve.pk, by_proconnect=True, actor=cast["administrator"]
        )
        membership = actions.admit_agent(user_id=cast.id("resident"), siren="732829320")
        assert (membership.role, membership.organisation) == ("agent", cast.villeneuve)
        assert actions.admit_agent(user_id=cast.id("resident"), siren="732829320") == membership

    def test_a_closed_house_recognises_its_members_only(self, cast: Cast) -> None:
        membership = actions.admit_agent(user_id=cast.id("manager"), siren="732829320")
        assert membership.role == "manager"
        with pytest.raises(Denied) as caught:
            actions.admit_agent(user_id=cast.id("resident"), siren="732829320")
        assert caught.value.code == "not-a-member"

    @pytest.mark.parametrize("siren", ["", "552100554"])
    def test_an_unknown_siren_is_refused(self, siren: str, cast: Cast) -> None:
        with pytest.raises(Denied) as caught:
            actions.admit_agent(user_id=cast.id("manager"), siren=siren)
        assert caught.value.code == "unknown-organisation"

    def test_only_its_administrators_open_the_house(self, cast: Cast) -> None:
        for name in ("manager", "neighbour", "resident"):
            with pytest.raises(NotFound):
                actions.set_admission(
                    organisation_id=cast.villeneuve.pk, by_proconnect=True, actor=cast[name]
                )
