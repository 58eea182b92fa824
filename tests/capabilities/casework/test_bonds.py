"""Parts of a case, those who follow it, cases given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.capabilities.casework.cast import World, definition
from tests.capabilities.casework.test_merging import (
    _public,  # noqa: F401
    heard,
    merge,
    report,
    versions,
)

from socle.capabilities.casework import actions, links, queries, registry, tokens
from socle.capabilities.casework import tasks as room
from socle.capabilities.casework.actions import Part
from socle.capabilities.casework.events import CaseSplit, FollowersChanged
from socle.capabilities.casework.models import Case, Follower
from socle.capabilities.casework.pack import Workflow
from socle.capabilities.notifications.models import Email
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.journal import queries as journal
from socle.kernel.clock import FixedClock, parse_local
from socle.kernel.errors import Conflict, Denied, Gone, Invalid, NotFound, Throttled

# --- Parts ---


def split(world: World, case: Case, *titles: str, **given: Any) -> list[Case]:
    return actions.split(
        actor=world.camille, case_id=case.pk, parts=[Part(title) for title in titles],
        version=versions(case)[case.pk], **given,
    )  # fmt: skip


def move(world: World, case: Case, transition: str, actor: Any = None) -> Case:
    return actions.perform(
        actor=actor or world.camille, case_id=case.pk, transition_id=transition,
        version=versions(case)[case.pk], reason="r",
    )  # fmt: skip


def test_a_case_is_closed_after_its_parts(world: World) -> None:
    whole = report(world)
    Email.objects.all().delete()
    with heard(CaseSplit) as found:
        first, second = split(world, whole, "Le mât", "Le trottoir")
    assert found[0].child_ids == (first.pk, second.pk)  # type: ignore[attr-defined]
    assert [each.parent_id for each in (first, second)] == [whole.pk] * 2
    # Parts say nothing to the person.
    move(world, first, "finish")
    assert not Email.objects.exists()
    with pytest.raises(Conflict) as refused:
        move(world, whole, "finish")
    assert refused.value.code == "open-parts"
    result = actions.bulk(
        actor=world.camille, kind="transition", case_ids=[whole.pk], transition_id="finish"
    )
    assert result.skipped[0].reason == "open_parts"
    move(world, second, "finish")
    move(world, whole, "finish")
    assert Email.objects.count() == 1


def test_the_last_part_may_close_the_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    table = definition().workflow.model_dump(by_alias=True)
    for transition in table["transition"]:
        if transition["id"] == "finish":
            transition["who"] = ("agent", "system")
    table["parts"] = {"closing": "waits", "transition": "finish"}
    read = registry.Definition.read(Workflow.model_validate(table))
    kind = registry.kind("report")
    registry.register(
        registry.CaseKind("report", kind.label, kind.label_plural, kind.icon, lambda _id: read)
    )
    whole = report(world)
    first, second = split(world, whole, "Le mât", "Le trottoir")
    move(world, first, "finish")
    whole.refresh_from_db()
    assert whole.is_open
    move(world, second, "finish")
    whole.refresh_from_db()
    assert (whole.is_open, whole.state) == (False, "done")
    assert journal.verify().ok


def test_a_part_is_neither_split_nor_merged(world: World) -> None:
    whole, other = report(world), report(world)
    (part,) = split(world, whole, "Le mât")
    with pytest.raises(Invalid):
        split(world, part, "Le mât du mât")
    for gone in (part, whole):
        with pytest.raises(Invalid):
            merge(world, other, gone)
    with pytest.raises(Invalid):
        split(world, whole, "  ")


# --- Following ---


def test_an_address_is_told_nothing_before_it_answers(world: World) -> None:
    case = report(world)
    links.register(following_url=lambda case, token, what: f"https://socle.test/f/{what}/{token}")
    Email.objects.all().delete()
    follower = actions.follow(case_id=case.pk, actor=ANONYMOUS, email="Zoe@Example.org")
    letter = Email.objects.get()
    assert (letter.to, follower.confirmed_at) == ("zoe@example.org", None)
    token = letter.text.split("/f/confirm/")[1][:27]
    move(world, case, "start")
    assert _told(case) == []
    assert queries.followers_count(case) == 0
    with heard(FollowersChanged) as found:
        actions.confirm_following(token=token)
        actions.confirm_following(token=token)
    assert [each.count for each in found] == [1]  # type: ignore[attr-defined]
    move(world, case, "finish")
    (told,) = _told(case)
    assert told.to == "zoe@example.org"
    assert "Résolue" in told.text
    assert "C’est fait." in told.text
    assert f"/f/stop/{token}" in told.headers["List-Unsubscribe"]
    # Nothing of who asked.
    assert not {"alice", "martin", "composteur"} & set(told.text.lower().split())
    actions.unfollow(token=token)
    with pytest.raises(NotFound):
        actions.unfollow(token=token)


def _told(case: Case) -> list[Email]:
    """Run the waiting tellings; the letters to followers of a case."""
    for version in range(1, versions(case)[case.pk] + 1):
        room.tell_followers(case_id=case.pk, version=version)
        room.tell_followers(case_id=case.pk, version=version)
    return list(Email.objects.filter(key__contains=":follower:").order_by("pk"))


def test_words_and_documents_between_the_person_and_agents_are_told_to_no_follower(
    world: World,
) -> None:
    case = report(world)
    actions.follow(case_id=case.pk, actor=world.bruno)
    actions.reply(actor=world.camille, case_id=case.pk, body="Confidentiel")
    actions.reply(actor=world.camille, case_id=case.pk, body="Note", internal=True)
    assert _told(case) == []
    move(world, case, "start")
    assert [each.to for each in _told(case)] == ["bruno@example.org"]


def test_what_is_not_public_is_not_followed(world: World) -> None:
    """The control: the same case, public."""
    private, public = world.case(), report(world)
    for actor, email in ((world.bruno, ""), (ANONYMOUS, "zoe@example.org"), (world.sacha, "")):
        with pytest.raises(NotFound):
            actions.follow(case_id=private.pk, actor=actor, email=email)
        actions.follow(case_id=public.pk, actor=actor, email=email)
    actions.follow(case_id=private.pk, actor=world.camille)
    with pytest.raises(Denied):
        actions.follow(case_id=public.pk, actor=world.alice)


def test_nobody_can_have_somebody_flooded(world: World) -> None:
    clock = FixedClock(parse_local("2026-07-06T09:00"))
    cases = [report(world) for _ in range(6)]
    Email.objects.all().delete()

    def ask(case: Case) -> None:
        actions.follow(case_id=case.pk, actor=ANONYMOUS, email="zoe@example.org", clock=clock)

    for case in cases[:5]:
        ask(case)
        ask(case)
    assert Email.objects.count() == 5
    with pytest.raises(Throttled):
        ask(cases[5])
    clock.advance(timedelta(days=2))
    ask(cases[0])
    assert Email.objects.count() == 6
    first = Follower.objects.order_by("pk")[1]
    clock.advance(timedelta(days=14))
    with pytest.raises(Gone):
        actions.confirm_following(token=tokens.following(first.nonce), clock=clock)


def test_closing_an_account_forgets_what_it_followed(world: World) -> None:
    case = report(world)
    actions.follow(case_id=case.pk, actor=world.bruno)
    actions.forget_person(user_id=world.bruno.user_id or 0, email="bruno@example.org")
    assert not Follower.objects.exists()


# --- Cases that come back ---


def test_a_case_given_back_returns_to_the_team_that_had_it_with_its_history(world: World) -> None:
    case = world.case(team_id=world.north_team.pk)
    move_to = actions.transfer(
        actor=world.camille, case_id=case.pk, version=1, reason="Voirie métropolitaine",
        organisation_id=world.metropole.pk, team_id=world.roads.pk,
    )  # fmt: skip
    with pytest.raises(NotFound):
        actions.return_transfer(actor=world.camille, case_id=case.pk, version=2, reason="x")
    with pytest.raises(Invalid):
        actions.return_transfer(actor=world.mei, case_id=case.pk, version=2, reason=" ")
    back = actions.return_transfer(
        actor=world.mei, case_id=case.pk, version=move_to.version, reason="Chemin communal"
    )
    assert (back.organisation_id, back.team_id) == (world.north.pk, world.north_team.pk)
    told = [each.title for each in queries.timeline(back, public=False, language="fr")]
    assert "Métropole-Test a renvoyé le dossier à Villeneuve-Nord" in told
    # It may go round again; who had nothing handed over gives nothing back.
    origin = queries.came_from(back)
    assert origin is not None
    assert origin.organisation == world.metropole
    with pytest.raises(Invalid):
        actions.return_transfer(actor=world.camille, case_id=world.case().pk, version=1, reason="x")
    assert journal.verify().ok
