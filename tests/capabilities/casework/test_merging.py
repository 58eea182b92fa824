"""Merging and its undoing, parts, followers, cases given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from tests.capabilities.casework.cast import World, definition
from tests.capabilities.casework.test_concurrency import together

from socle.capabilities.casework import actions, links, queries, registry
from socle.capabilities.casework import tasks as room
from socle.capabilities.casework.actions import NewDocument, Part, recording
from socle.capabilities.casework.events import (
    CaseJoined,
    CaseMerged,
    CaseSplit,
    CaseUnmerged,
    FollowersChanged,
)
from socle.capabilities.casework.models import (
    Case,
    CaseDocument,
    CaseEvent,
    Follower,
    Merge,
    Message,
)
from socle.capabilities.casework.pack import Workflow
from socle.capabilities.notifications.models import Email
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.journal import queries as journal
from socle.kernel import events
from socle.kernel.clock import FixedClock, parse_local
from socle.kernel.errors import Conflict, Denied, Gone, Invalid, NotFound, Throttled

HISTORY = {"id", "version", "updated_at"}


@pytest.fixture(autouse=True)
def _public(request: pytest.FixtureRequest) -> None:
    """Reports are public here, requests are not. The cast's registry goes with the cast."""
    request.getfixturevalue("shared_world" if "shared_world" in request.fixturenames else "world")
    kind = registry.kind("report")
    registry.register(
        registry.CaseKind(
            "report", kind.label, kind.label_plural, kind.icon, lambda _id: definition(),
            followable=lambda case: True,
        )
    )  # fmt: skip


def versions(*cases: Case) -> dict[int, int]:
    rows = Case.objects.filter(pk__in=[each.pk for each in cases])
    return dict(rows.values_list("pk", "version"))


def merge(world: World, survivor: Case, *merged: Case, **given: Any) -> list[Merge]:
    return actions.merge(
        actor=given.pop("actor", world.camille),
        survivor_id=survivor.pk,
        merged_ids=[each.pk for each in merged],
        versions=versions(survivor, *merged),
        **given,
    )


def report(world: World, who: str = "alice", **given: Any) -> Case:
    person = getattr(world, who)
    return world.case(
        actor=person, kind="report", contact_name=who.title(),
        contact_email=f"{who}@example.org", **given,
    )  # fmt: skip


@contextmanager
def heard(*kinds: type[events.Event]) -> Iterator[list[events.Event]]:
    found: list[events.Event] = []
    with events.isolated_subscriptions():
        for kind in kinds:
            events.within(kind, found.append)
        yield found


def state_of(world: World) -> dict[str, Any]:
    """Everything that a merge and its undoing must leave as it was; history only grows."""
    cases = {
        row["id"]: {name: value for name, value in row.items() if name not in HISTORY}
        for row in Case.objects.order_by("pk").values()
    }
    return {
        "cases": cases,
        "messages": list(Message.objects.order_by("pk").values("id", "case_id", "body")),
        "documents": list(
            CaseDocument.objects.order_by("pk").values("id", "case_id", "message_id")
        ),
        "followers": sorted(
            Follower.objects.values_list(
                "case_id", "user_id", "email", "confirmed_at", "applicant_of_id"
            ),
            key=str,
        ),
    }  # fmt: skip


# --- Merging ---


def test_people_photos_messages_and_counts_move(world: World) -> None:
    kept, gone = report(world), report(world, "bruno")
    actions.reply(actor=world.bruno, case_id=gone.pk, body="Toujours là")
    file = world.file(world.bruno)
    actions.add_document(actor=world.bruno, case_id=gone.pk, files=[NewDocument(file.pk)])
    actions.follow(case_id=gone.pk, actor=world.mei)
    Email.objects.all().delete()
    with heard(CaseMerged, CaseJoined, FollowersChanged) as found:
        (row,) = merge(world, kept, gone)
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert [each.body for each in queries.thread(kept, internal=True)] == ["Toujours là"]
    assert CaseDocument.objects.get().case_id == kept.pk
    assert queries.followers_count(kept) == 2
    assert (kept.has_news, kept.is_open) == (True, True)
    assert (gone.is_open, gone.public_status, gone.merged_into_id) == (False, "closed", kept.pk)
    assert [type(each) for each in found] == [CaseMerged, CaseJoined, FollowersChanged]
    assert found[0].survivor_id == kept.pk  # type: ignore[attr-defined]
    assert queries.merges_of(world.camille, kept) == [row]
    # Bruno is told where his own goes on; nothing of Alice, nor she of him.
    letter = Email.objects.get()
    assert (letter.to, gone.reference in letter.text) == ("bruno@example.org", True)
    assert kept.reference not in letter.text
    assert "personal" not in str(row.moved)
    assert "example.org" not in str(row.moved)
    assert journal.verify().ok


def test_a_merged_reference_still_answers_and_shows_nobody_else_s(world: World) -> None:
    kept, gone = report(world), report(world, "bruno")
    actions.reply(actor=world.alice, case_id=kept.pk, body="Mot d’Alice")
    actions.reply(actor=world.bruno, case_id=gone.pk, body="Mot de Bruno")
    actions.reply(actor=world.camille, case_id=kept.pk, body="Réponse à Alice")
    merge(world, kept, gone)
    actions.perform(
        actor=world.camille, case_id=kept.pk, transition_id="start",
        version=versions(kept)[kept.pk],
    )  # fmt: skip
    seen = queries.case_for_person(world.bruno, gone.reference)
    assert (seen.pk, seen.reference, seen.redirected_from) == (
        kept.pk, kept.reference, gone.reference,
    )  # fmt: skip
    assert seen.seen_as_follower
    assert (seen.contact_name, seen.contact_email) == ("Bruno", "bruno@example.org")
    assert seen.public_status == "in_progress"
    assert [each.body for each in queries.thread(seen, internal=False)] == ["Mot de Bruno"]
    told = [each.kind for each in queries.timeline(seen, public=True)]
    assert told == ["opened", "message", "merged", "state"]
    assert queries.transitions_for(world.bruno, seen) == ()
    # By the survivor's reference too, which the page's own links carry.
    assert queries.case_for_person(world.bruno, kept.reference).seen_as_follower
    # Its own applicant sees theirs; somebody else nothing.
    own = queries.case_for_person(world.alice, kept.reference)
    assert (own.redirected_from, own.contact_name) == ("", "Alice")
    for reference in (gone.reference, kept.reference):
        with pytest.raises(NotFound):
            queries.case_for_person(ANONYMOUS, reference)
    mine = queries.my_cases(world.bruno).rows
    assert [(each.reference, each.public_status) for each in mine] == [
        (gone.reference, "in_progress")
    ]


def test_what_the_merged_applicant_writes_goes_to_the_survivor_in_their_name(world: World) -> None:
    kept = report(world)
    opened = world.open(
        actor=ANONYMOUS, kind="report", contact_name="Zoé", contact_email="zoe@example.org"
    )
    merge(world, kept, opened.case)
    token = opened.follow_token
    seen = queries.case_for_person(ANONYMOUS, opened.case.reference, token)
    actions.reply(actor=ANONYMOUS, case_id=seen.pk, body="C’est pire", follow_token=token)
    assert Message.objects.get().author_label == "Zoé"
    assert [each.body for each in queries.thread(seen, internal=False)] == ["C’est pire"]
    with pytest.raises(NotFound):
        actions.reply(actor=ANONYMOUS, case_id=seen.pk, body="?", follow_token="x" * 27)


@pytest.mark.parametrize("act", ["reply", "assign", "perform", "transfer", "merge"])
def test_a_merged_case_is_acted_on_no_more(world: World, act: str) -> None:
    kept, gone, other = report(world), report(world, "bruno"), report(world)
    merge(world, kept, gone)
    version = versions(gone)[gone.pk]
    acts: dict[str, Callable[[], Any]] = {
        "reply": lambda: actions.reply(actor=world.camille, case_id=gone.pk, body="?"),
        "assign": lambda: actions.assign(
            actor=world.camille, case_id=gone.pk, version=version, assignee_id=None
        ),
        "perform": lambda: actions.perform(
            actor=world.camille, case_id=gone.pk, transition_id="start", version=version
        ),
        "transfer": lambda: actions.transfer(
            actor=world.camille, case_id=gone.pk, version=version, reason="x",
            organisation_id=world.south.pk,
        ),
        "merge": lambda: merge(world, other, gone),
    }  # fmt: skip
    with pytest.raises((Conflict, Invalid)):
        acts[act]()


def test_only_who_handles_every_case_may_merge(world: World) -> None:
    kept, gone = report(world), report(world, "bruno", organisation_id=world.south.pk)
    for actor in (world.camille, world.sacha, world.alice, ANONYMOUS):
        with pytest.raises(NotFound):
            merge(world, kept, gone, actor=actor)
    merge(world, kept, gone, actor=world.root)


def test_different_matters_are_not_merged(world: World) -> None:
    kept = report(world)
    for other in (world.case(), world.case(kind="report", service_key="autre")):
        with pytest.raises(Invalid):
            merge(world, kept, other)
    with pytest.raises(Invalid):
        merge(world, kept, kept)
    closed = report(world)
    actions.perform(actor=world.camille, case_id=closed.pk, transition_id="finish", version=1)
    with pytest.raises(Invalid):
        merge(world, closed, kept)
    # The other way round is fine: a closed one was the duplicate.
    merge(world, kept, closed)


@effort(
    max_examples=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # An example costs a second: a failing one is told as it is.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(data=st.data())
def test_unmerging_gives_back_exactly_what_merging_took(world: World, data: st.DataObject) -> None:
    """Whatever was said, sent and followed before; merges undone in any order."""
    with transaction.atomic():
        people = [world.alice, world.bruno, world.mei]
        cases = [
            report(world, data.draw(st.sampled_from(["alice", "bruno"])))
            for _ in range(data.draw(st.integers(2, 4)))
        ]
        for _ in range(data.draw(st.integers(0, 8))):
            case = data.draw(st.sampled_from(cases))
            act = data.draw(st.sampled_from(["word", "note", "file", "follow", "mail", "start"]))
            if act == "word":
                actions.reply(actor=_applicant(world, case), case_id=case.pk, body="Mot")
            elif act == "note":
                actions.reply(actor=world.camille, case_id=case.pk, body="Vu", internal=True)
            elif act == "file":
                file = world.file(world.camille)
                actions.add_document(
                    actor=world.camille, case_id=case.pk, files=[NewDocument(file.pk)]
                )
            elif act == "follow":
                person = data.draw(st.sampled_from(people))
                if person.user_id != case.applicant_id:
                    actions.follow(case_id=case.pk, actor=person)
            elif act == "mail":
                follower = actions.follow(case_id=case.pk, actor=ANONYMOUS, email="zoe@example.org")
                if data.draw(st.booleans()):
                    Follower.objects.filter(pk=follower.pk).update(confirmed_at=case.created_at)
            elif queries.transitions_for(world.camille, Case.objects.get(pk=case.pk)):
                case.refresh_from_db()
                if case.state == "received":
                    actions.perform(
                        actor=world.camille, case_id=case.pk, transition_id="start",
                        version=case.version,
                    )  # fmt: skip
        before = state_of(world)
        survivor, *others = cases
        if data.draw(st.booleans()):
            rows = merge(world, survivor, *others)
        else:
            rows = [row for each in others for row in merge(world, survivor, each)]
        assert not Message.objects.filter(case__in=others).exists()
        for row in data.draw(st.permutations(rows)):
            actions.unmerge(actor=world.camille, merge_id=row.pk)
        after = state_of(world)
        assert after == before
        transaction.set_rollback(True)


def _applicant(world: World, case: Case) -> Any:
    return world.alice if case.applicant_id == world.alice.user_id else world.bruno


def test_chains_are_undone_from_the_end(world: World) -> None:
    first, second, third = report(world), report(world, "bruno"), report(world)
    actions.reply(actor=world.alice, case_id=first.pk, body="Un")
    before = state_of(world)
    (inner,) = merge(world, second, first)
    (outer,) = merge(world, third, second)
    assert Message.objects.get().case_id == third.pk
    assert queries.case_for_person(world.alice, first.reference).pk == third.pk
    with pytest.raises(Conflict):
        actions.unmerge(actor=world.camille, merge_id=inner.pk)
    actions.unmerge(actor=world.camille, merge_id=outer.pk)
    actions.unmerge(actor=world.camille, merge_id=inner.pk)
    assert state_of(world) == before
    with pytest.raises(Conflict):
        actions.unmerge(actor=world.camille, merge_id=inner.pk)


def test_undoing_is_told_and_announced(world: World) -> None:
    kept, gone = report(world), report(world, "bruno")
    (row,) = merge(world, kept, gone)
    Email.objects.all().delete()
    with pytest.raises(NotFound):
        actions.unmerge(actor=world.sacha, merge_id=row.pk)
    with heard(CaseUnmerged) as found:
        actions.unmerge(actor=world.camille, merge_id=row.pk)
    assert [each.survivor_id for each in found] == [kept.pk]  # type: ignore[attr-defined]
    assert [each.to for each in Email.objects.all()] == ["bruno@example.org"]
    # What happened stays told.
    kinds = CaseEvent.objects.filter(case=gone).order_by("version").values_list("kind", flat=True)
    assert list(kinds) == ["opened", "merged", "unmerged"]


def test_an_erased_person_s_words_leave_the_survivor_too(world: World) -> None:
    kept, gone = report(world), report(world, "bruno")
    actions.reply(actor=world.bruno, case_id=gone.pk, body="Mot de Bruno")
    actions.reply(actor=world.alice, case_id=kept.pk, body="Mot d’Alice")
    merge(world, kept, gone)
    actions.anonymise(case_id=gone.pk)
    assert [each.body for each in Message.objects.all()] == ["Mot d’Alice"]
    assert not Follower.objects.filter(case=kept).exists()


# --- At the same moment ---


def test_of_two_merges_of_one_case_one_wins(shared_world: World) -> None:
    world = shared_world
    gone, first, second = report(world, "bruno"), report(world), report(world)
    shown = versions(gone, first, second)

    def into(survivor: Case) -> Callable[[], Any]:
        return lambda: actions.merge(
            actor=world.camille, survivor_id=survivor.pk, merged_ids=[gone.pk], versions=shown
        )

    results = together(into(first), into(second))
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "list"]
    assert Merge.objects.filter(undone_at=None).count() == 1
    assert journal.verify().ok


@pytest.mark.postgres
def test_without_the_lock_the_database_refuses_the_second_merge(
    shared_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: read without a lock, both merges believe they may."""
    import threading

    world = shared_world
    gone, first, second = report(world, "bruno"), report(world), report(world)
    shown = versions(gone, first, second)
    barrier = threading.Barrier(2)

    def unlocked(ids: Any) -> dict[int, Case]:
        rows = {case.pk: case for case in recording.whole().filter(pk__in=list(ids))}
        barrier.wait(timeout=30)
        return rows

    monkeypatch.setattr(recording, "lock", unlocked)

    def into(survivor: Case) -> Callable[[], Any]:
        return lambda: actions.merge(
            actor=world.camille, survivor_id=survivor.pk, merged_ids=[gone.pk], versions=shown
        )

    results = together(into(first), into(second))
    errors = [each for each in results if isinstance(each, Exception)]
    assert [type(each) for each in errors] == [IntegrityError]


def test_a_merge_and_a_closing_at_once_leave_one_story(shared_world: World) -> None:
    world = shared_world
    for _round in range(4):
        kept, gone = report(world), report(world, "bruno")
        shown = versions(kept, gone)
        merged, closed = together(
            lambda shown=shown, kept=kept, gone=gone: actions.merge(
                actor=world.camille, survivor_id=kept.pk, merged_ids=[gone.pk], versions=shown
            ),
            lambda gone=gone: actions.perform(
                actor=world.driss, case_id=gone.pk, transition_id="finish", version=1
            ),
        )
        failed = [each for each in (merged, closed) if isinstance(each, Exception)]
        assert [type(each) for each in failed] == [Conflict]
        gone.refresh_from_db()
        assert (gone.merged_into_id is not None) == isinstance(closed, Conflict)
        assert (gone.state == "done") == isinstance(merged, Conflict)
    assert journal.verify().ok


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
    from socle.capabilities.casework import tokens

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
