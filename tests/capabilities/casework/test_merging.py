"""Merging and its undoing, parts, followers, cases given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from tests.capabilities.casework.cast import World, definition
from tests.capabilities.casework.test_concurrency import together

from socle.capabilities.casework import actions, queries, registry
from socle.capabilities.casework.actions import NewDocument, recording
from socle.capabilities.casework.events import (
    CaseJoined,
    CaseMerged,
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
from socle.capabilities.notifications.models import Email
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.journal import queries as journal
from socle.kernel import events
from socle.kernel.errors import Conflict, Invalid, NotFound

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
