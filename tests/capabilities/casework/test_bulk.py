"""The same act on many cases, and its undo."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from tests.capabilities.casework.cast import World

from socle.capabilities.casework import actions, queries, rules
from socle.capabilities.casework.models import BulkItem, Case, CaseEvent
from socle.capabilities.notifications.models import Email
from socle.foundations.journal import queries as journal
from socle.foundations.tasks.models import Task
from socle.foundations.tasks.testing import drain
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound


def outcomes(result: actions.BulkResult) -> dict[int, str]:
    return {each.case_id: "done" if each.done else each.reason for each in result.outcomes}


def test_each_case_is_judged_on_its_own(world: World) -> None:
    ready = world.case()
    changed = world.case()
    actions.reply(actor=world.alice, case_id=changed.pk, body="Attendez")
    closed = world.case()
    actions.perform(actor=world.driss, case_id=closed.pk, transition_id="finish", version=1)
    elsewhere = world.case(organisation_id=world.south.pk)
    own = world.case(actor=world.root, applicant_id=world.camille.user_id)
    ids = [ready.pk, changed.pk, closed.pk, elsewhere.pk, own.pk, 999_999]
    result = actions.bulk(
        actor=world.camille,
        kind="transition",
        case_ids=ids,
        versions={changed.pk: 1, closed.pk: 2},
        transition_id="start",
    )
    assert outcomes(result) == {
        ready.pk: "done",
        changed.pk: "stale",
        closed.pk: "not_allowed",
        elsewhere.pk: "not_found",
        own.pk: "own_case",
        999_999: "not_found",
    }
    # What is out of sight is not even named.
    assert {each.reference for each in result.outcomes if each.reason == "not_found"} == {""}
    assert all(each.sentence for each in result.skipped)
    assert Case.objects.get(pk=ready.pk).state == "checking"
    assert Case.objects.get(pk=elsewhere.pk).version == 1
    assert journal.verify().ok


def test_assigning_and_teams_stay_within_an_organisation(world: World) -> None:
    north, south = world.case(), world.case(organisation_id=world.south.pk)
    result = actions.bulk(
        actor=world.root,
        kind="assign",
        case_ids=[north.pk, south.pk],
        assignee_id=world.driss.user_id,
    )
    assert outcomes(result) == {north.pk: "done", south.pk: "elsewhere"}
    again = actions.bulk(
        actor=world.root, kind="assign", case_ids=[north.pk], assignee_id=world.driss.user_id
    )
    assert outcomes(again) == {north.pk: "unchanged"}
    to_team = actions.bulk(
        actor=world.root, kind="team", case_ids=[south.pk], team_id=world.south_team.pk
    )
    assert outcomes(to_team) == {south.pk: "unchanged"}


def test_undo_restores_what_nobody_touched_since(world: World, clock: FixedClock) -> None:
    left, touched = world.case(clock), world.case(clock)
    before = Case.objects.filter(pk=left.pk).values().get()
    result = actions.bulk(
        actor=world.camille,
        kind="transition",
        case_ids=[left.pk, touched.pk],
        transition_id="finish",
        clock=clock,
    )
    assert len(result.done) == 2
    actions.reply(actor=world.camille, case_id=touched.pk, body="C’est fait")
    undone = actions.undo_bulk(actor=world.camille, operation_id=result.operation.pk, clock=clock)
    assert outcomes(undone) == {left.pk: "done", touched.pk: "stale"}
    after = Case.objects.filter(pk=left.pk).values().get()
    assert after.pop("version") == before.pop("version") + 2
    assert after == before
    assert Case.objects.get(pk=touched.pk).state == "done"
    outcomes_kept = BulkItem.objects.filter(operation=result.operation)
    assert {each.outcome for each in outcomes_kept} == {"restored", "kept"}
    left.refresh_from_db()
    told = [line.title for line in queries.timeline(left, public=False)]
    assert told[-1] == "A annulé une action groupée"
    assert queries.timeline(left, public=True)[-1].title == "Reçue"
    assert journal.verify().ok


def test_undo_is_for_its_author_once(world: World) -> None:
    result = actions.bulk(
        actor=world.camille, kind="transition", case_ids=[world.case().pk], transition_id="start"
    )
    with pytest.raises(NotFound):
        actions.undo_bulk(actor=world.driss, operation_id=result.operation.pk)
    actions.undo_bulk(actor=world.camille, operation_id=result.operation.pk)
    with pytest.raises(Conflict):
        actions.undo_bulk(actor=world.camille, operation_id=result.operation.pk)


def test_a_transition_that_needs_words_says_so_before_anything_is_done(world: World) -> None:
    case = world.case()
    with pytest.raises(Invalid) as refused:
        actions.bulk(
            actor=world.camille, kind="transition", case_ids=[case.pk], transition_id="ask"
        )
    assert list(refused.value.fields) == ["message"]
    assert not BulkItem.objects.exists()
    Email.objects.all().delete()
    actions.bulk(
        actor=world.camille,
        kind="transition",
        case_ids=[case.pk],
        transition_id="ask",
        message="Une pièce manque",
    )
    assert Email.objects.count() == 1
    assert [each.body for each in queries.thread(case, internal=False)] == ["Une pièce manque"]


def test_letters_of_a_bulk_act_go_by_the_outbox(world: World) -> None:
    """Written with the act, sent by a task: none leaves for an act that is undone by a failure."""
    cases = [world.case() for _n in range(3)]
    drain()
    Email.objects.all().delete()

    def ask() -> None:
        actions.bulk(
            actor=world.camille, kind="transition", case_ids=[case.pk for case in cases],
            transition_id="ask", message="Une pièce manque",
        )  # fmt: skip

    with pytest.raises(RuntimeError), transaction.atomic():
        ask()
        raise RuntimeError("the database went away")
    drain()
    assert not Email.objects.exists()
    ask()
    assert {email.state for email in Email.objects.all()} == {Email.State.QUEUED}
    sending = Task.objects.filter(name="notifications.send", state=Task.State.READY)
    assert sending.count() == Email.objects.count() == 3
    drain()
    assert {email.state for email in Email.objects.all()} == {Email.State.SENT}


@pytest.mark.parametrize("ids", [[], list(range(1, rules.BULK_LIMIT + 2))])
def test_a_selection_has_one_to_five_hundred_cases(world: World, ids: list[int]) -> None:
    with pytest.raises(Invalid):
        actions.bulk(actor=world.camille, kind="assign", case_ids=ids)


def test_residents_do_nothing_in_bulk(world: World) -> None:
    case = world.case()
    result = actions.bulk(
        actor=world.alice, kind="transition", case_ids=[case.pk], transition_id="cancel"
    )
    assert outcomes(result) == {case.pk: "not_found"}
    with pytest.raises(Denied):
        from socle.foundations.accounts.actors import ANONYMOUS

        actions.bulk(actor=ANONYMOUS, kind="assign", case_ids=[case.pk])


def test_five_hundred_cases_take_a_constant_number_of_queries(
    world: World, django_assert_max_num_queries: Any
) -> None:
    def run(count: int) -> int:
        from django.core.cache import caches
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        ids = [world.case(contact_email="", applicant_id=None).pk for _ in range(count)]
        # What is kept for seconds is asked anew, however long the making took.
        caches["local"].clear()
        with CaptureQueriesContext(connection) as captured:
            result = actions.bulk(
                actor=world.camille, kind="assign", case_ids=ids, assignee_id=world.camille.user_id
            )
        assert len(result.done) == count
        return len(captured)

    assert run(40) == run(4)
    assert CaseEvent.objects.filter(kind="assigned").count() == 44
