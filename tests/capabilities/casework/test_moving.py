"""Transitions, assignment, transfer, timers: what changes, who may, who is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.capabilities.casework.cast import World

from socle.capabilities.casework import actions, queries
from socle.capabilities.casework.events import (
    CaseAssigned,
    CaseClosed,
    CaseReopened,
    CaseTransferred,
)
from socle.capabilities.casework.models import Case, CaseEvent, Message
from socle.capabilities.casework.tasks import timers
from socle.capabilities.notifications.models import Email, Notification
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM, Actor
from socle.foundations.journal import queries as journal
from socle.foundations.journal.models import Entry
from socle.foundations.tasks.testing import drain
from socle.kernel import events
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound


def perform(world: World, actor: Actor, case: Case, transition: str, **given: Any) -> Case:
    version = given.pop("version", case.version)
    return actions.perform(
        actor=actor, case_id=case.pk, transition_id=transition, version=version, **given
    )


def test_a_transition_moves_the_case_and_tells_what_it_means(
    world: World, clock: FixedClock
) -> None:
    case = world.case(clock)
    moved = perform(world, world.camille, case, "start", clock=clock)
    assert (moved.state, moved.public_status, moved.version) == ("checking", "in_progress", 2)
    assert moved.assignee_id == world.camille.user_id
    event = CaseEvent.objects.get(case=case, version=2)
    assert event.data["transition"] == "start"
    assert event.public
    entry = Entry.objects.get(subject_id=str(case.pk), action="case.state")
    assert entry.data == {"version": 2, "transition": "start", "from": "received", "to": "checking"}
    assert journal.verify().ok


def test_closing_dates_the_case_and_reopening_undates_it(world: World, clock: FixedClock) -> None:
    heard: list[object] = []
    with events.isolated_subscriptions():
        events.within(CaseClosed, heard.append)
        events.within(CaseReopened, heard.append)
        case = world.case(clock)
        case = perform(world, world.camille, case, "finish", clock=clock)
        assert (case.is_open, case.closed_at, case.due_at) == (False, clock.now(), None)
        case = perform(world, world.alice, case, "reopen", clock=clock)
    assert (case.is_open, case.closed_at) == (True, None)
    assert case.due_at is not None
    assert [type(each).__name__ for each in heard] == ["CaseClosed", "CaseReopened"]


def test_the_pack_s_letter_is_sent_once_with_the_values_of_the_case(
    world: World, clock: FixedClock
) -> None:
    case = world.case(clock, title="Composteur *et* [piège](http://x)")
    Email.objects.all().delete()
    perform(world, world.camille, case, "finish", clock=clock)
    letter = Email.objects.get()
    assert letter.subject == f"Votre demande {case.reference} est terminée"
    assert "Bonjour Alice Martin" in letter.text
    assert "Composteur *et* [piège](http://x)" in letter.text
    assert 'href="http://x"' not in letter.html


def test_a_message_that_a_transition_asks_for_reaches_the_thread_and_the_person(
    world: World,
) -> None:
    case = world.case()
    Email.objects.all().delete()
    perform(world, world.camille, case, "ask", message="Il manque le justificatif.")
    assert Message.objects.get(case=case).body == "Il manque le justificatif."
    assert "Il manque le justificatif." in Email.objects.get().text


def test_a_needed_text_that_is_missing_changes_nothing(world: World) -> None:
    case = world.case()
    with pytest.raises(Invalid) as refused:
        perform(world, world.camille, case, "ask", message="  \n")
    assert "message" in refused.value.fields
    with pytest.raises(Invalid) as refused:
        perform(world, world.maud, case, "refuse")
    assert "reason" in refused.value.fields
    case.refresh_from_db()
    assert (case.version, case.state) == (1, "received")
    assert CaseEvent.objects.filter(case=case).count() == 1


def test_a_reason_stays_inside(world: World) -> None:
    case = world.case()
    perform(world, world.maud, case, "refuse", reason="Hors zone, voir M. Durand")
    case.refresh_from_db()
    public = queries.timeline(case, public=True)
    inside = queries.timeline(case, public=False)
    assert not any("Durand" in line.title + line.text + line.by for line in public)
    assert any("Durand" in line.text for line in inside)
    assert not any("Durand" in str(entry.data) for entry in Entry.objects.all())
    assert not any("Durand" in mail.text for mail in Email.objects.all())


@pytest.mark.parametrize(
    ("who", "transition", "error"),
    [
        ("camille", "refuse", Denied),  # managers only
        ("camille", "cancel", Denied),  # the person only
        ("camille", "garden", Denied),  # not from this state
        ("camille", "unknown", Denied),
        ("alice", "start", Denied),  # agents only
        ("alice", "expire", Denied),  # the system only
        ("sacha", "start", NotFound),  # another commune
        ("mei", "start", NotFound),  # the métropole does not see a commune's cases
        ("bruno", "cancel", NotFound),  # another resident
    ],
)
def test_who_may_not(world: World, who: str, transition: str, error: type[Exception]) -> None:
    case = world.case()
    with pytest.raises(error):
        perform(world, getattr(world, who), case, transition, reason="x", message="x")
    case.refresh_from_db()
    assert case.version == 1


@pytest.mark.parametrize("who", ["maud", "root"])
def test_managers_and_administrators_decide(world: World, who: str) -> None:
    case = perform(world, getattr(world, who), world.case(), "refuse", reason="Hors zone")
    assert case.state == "refused"


def test_a_condition_over_the_answers_opens_or_closes_a_transition(world: World) -> None:
    with_garden = world.case(answers={"garden": True})
    without = world.case(answers={"garden": False})
    for case in (with_garden, without):
        perform(world, world.camille, case, "start")
    with_garden.refresh_from_db()
    without.refresh_from_db()
    offered = {each.id for each in queries.transitions_for(world.camille, with_garden)}
    assert offered == {"ask", "finish", "garden"}
    with pytest.raises(Denied):
        perform(world, world.camille, without, "garden")
    assert perform(world, world.camille, with_garden, "garden").state == "done"


def test_nobody_handles_a_case_of_their_own(world: World) -> None:
    camille = world.camille
    case = world.case(actor=world.root, applicant_id=camille.user_id)
    with pytest.raises(Denied):
        perform(world, camille, case, "finish")
    with pytest.raises(Denied):
        actions.assign(actor=camille, case_id=case.pk, version=1, assignee_id=world.driss.user_id)
    assert perform(world, camille, case, "cancel").state == "cancelled"


def test_the_person_cancels_by_account_by_link_and_as_representative(world: World) -> None:
    mine = world.case()
    assert perform(world, world.alice, mine, "cancel").state == "cancelled"
    opened = world.open(actor=ANONYMOUS)
    with pytest.raises(NotFound):
        perform(world, ANONYMOUS, opened.case, "cancel", follow_token="A" * 27)
    token = opened.follow_token
    assert perform(world, ANONYMOUS, opened.case, "cancel", follow_token=token).state == "cancelled"
    company = world.case(
        actor=world.root, applicant_id=None, entity_id=world.company.pk, contact_email=""
    )
    assert perform(world, world.bruno, company, "cancel").state == "cancelled"


def test_a_stale_version_is_refused_and_says_who_did_what(world: World, clock: FixedClock) -> None:
    case = world.case(clock)
    perform(world, world.driss, case, "start", clock=clock)
    with pytest.raises(Conflict) as conflict:
        perform(world, world.camille, case, "finish", version=1, clock=clock)
    said = str(conflict.value)
    assert "Driss Amar" in said and "Prendre en charge" in said and "10:30" in said
    case.refresh_from_db()
    assert (case.state, case.version) == ("checking", 2)


# --- Clocks ---


def test_waiting_for_the_person_stops_the_clock_and_the_rest_runs_again(
    world: World, clock: FixedClock
) -> None:
    case = world.case(clock)
    due = case.due_at
    assert due is not None
    clock.advance(timedelta(days=4))
    case = perform(world, world.camille, case, "ask", message="?", clock=clock)
    assert case.due_at is None
    assert case.due_left == due - clock.now()
    clock.advance(timedelta(days=9))
    case = perform(world, world.alice, case, "resume", clock=clock)
    # Nine days later than it was, to the end of the day.
    assert case.due_at == due + timedelta(days=9)
    assert case.due_left is None


def test_a_timer_moves_the_case_when_nobody_acts(world: World, clock: FixedClock) -> None:
    case = perform(world, world.camille, world.case(clock), "ask", message="?", clock=clock)
    assert case.timer_at == datetime(2026, 4, 3, 21, 59, 59, tzinfo=UTC)
    clock.advance(timedelta(days=30))
    assert not actions.run_timer(case_id=case.pk, clock=clock)
    clock.advance(timedelta(days=1))
    assert actions.due_timers(clock=clock) == [(case.pk, 2)]
    assert actions.run_timer(case_id=case.pk, clock=clock)
    case.refresh_from_db()
    assert (case.state, case.timer_at) == ("cancelled", None)
    event = CaseEvent.objects.get(case=case, version=3)
    assert (event.actor_kind, event.actor_label) == ("system", "")
    assert not actions.run_timer(case_id=case.pk, clock=clock)


def test_an_answer_before_the_timer_stops_it(world: World, clock: FixedClock) -> None:
    case = perform(world, world.camille, world.case(clock), "ask", message="?", clock=clock)
    perform(world, world.alice, case, "resume", clock=clock)
    clock.advance(timedelta(days=60))
    assert actions.due_timers(clock=clock) == []


def test_the_periodic_task_runs_each_due_timer_once(world: World) -> None:
    case = perform(world, world.camille, world.case(), "ask", message="?")
    Case.objects.filter(pk=case.pk).update(timer_at=datetime(2020, 1, 1, tzinfo=UTC))
    timers()
    timers()
    drain()
    assert CaseEvent.objects.filter(case=case, actor_kind="system").count() == 1


# --- Who answers ---


def test_assigning_tells_the_agent_and_counts_as_one_act(world: World) -> None:
    case = world.case()
    heard: list[CaseAssigned] = []
    with events.isolated_subscriptions():
        events.within(CaseAssigned, heard.append)
        case = actions.assign(
            actor=world.camille, case_id=case.pk, version=1, assignee_id=world.driss.user_id
        )
    assert (case.assignee_id, case.version) == (world.driss.user_id, 2)
    assert Notification.objects.filter(user_id=world.driss.user_id).count() == 1
    assert heard[0].assignee_id == world.driss.user_id
    again = actions.assign(
        actor=world.camille, case_id=case.pk, version=2, assignee_id=world.driss.user_id
    )
    assert again.version == 2


def test_taking_a_case_oneself_notifies_nobody(world: World) -> None:
    case = world.case()
    actions.assign(
        actor=world.camille, case_id=case.pk, version=1, assignee_id=world.camille.user_id
    )
    assert not Notification.objects.filter(user_id=world.camille.user_id).exists()


def test_another_team_frees_the_agent(world: World) -> None:
    case = world.case(organisation_id=world.metropole.pk)
    case = actions.assign(
        actor=world.mei, case_id=case.pk, version=1, assignee_id=world.mei.user_id
    )
    case = actions.assign(actor=world.mei, case_id=case.pk, version=2, team_id=world.waste.pk)
    assert (case.team_id, case.assignee_id) == (world.waste.pk, None)
    case = actions.assign(actor=world.mei, case_id=case.pk, version=3, team_id=None)
    assert case.team_id is None


def test_a_team_or_an_agent_of_another_organisation_is_refused(world: World) -> None:
    case = world.case()
    with pytest.raises(Invalid) as refused:
        actions.assign(
            actor=world.camille,
            case_id=case.pk,
            version=1,
            team_id=world.south_team.pk,
            assignee_id=world.sacha.user_id,
        )
    assert set(refused.value.fields) == {"team", "assignee"}


def test_a_transfer_changes_hands_and_keeps_the_history(world: World) -> None:
    case = actions.assign(
        actor=world.camille, case_id=world.case().pk, version=1, assignee_id=world.driss.user_id
    )
    heard: list[CaseTransferred] = []
    with events.isolated_subscriptions():
        events.within(CaseTransferred, heard.append)
        case = actions.transfer(
            actor=world.camille,
            case_id=case.pk,
            organisation_id=world.south.pk,
            reason="La rue est au sud.",
            version=2,
        )
    assert case.organisation_id == world.south.pk
    assert (case.team_id, case.assignee_id) == (world.south_team.pk, None)
    assert heard[0].from_organisation_id == world.north.pk
    assert Email.objects.filter(to="guichet@sud.test").count() == 1
    # The person must be told who answers (CRPA, article L.114-2).
    assert "transmise à Saint-Sud" in Email.objects.get(subject__contains="transmise").subject
    with pytest.raises(NotFound):
        queries.case_for_agent(world.camille, case.reference)
    seen = queries.case_for_agent(world.sacha, case.reference)
    told = [line.title for line in queries.timeline(seen, public=False)]
    assert len(told) == 3 and "Villeneuve-Nord" in told[2]
    public = [line.title for line in queries.timeline(seen, public=True)]
    assert public[-1] == "Votre demande est transmise à Saint-Sud"


def test_a_transfer_is_in_the_journal_of_both_organisations(world: World) -> None:
    case = world.case()
    actions.transfer(
        actor=world.camille,
        case_id=case.pk,
        organisation_id=world.south.pk,
        reason="La rue est au sud.",
        version=1,
    )
    chains = Entry.objects.filter(action="case.transferred").values_list("chain__name", flat=True)
    assert set(chains) == {f"organisation:{world.north.pk}", f"organisation:{world.south.pk}"}
    assert journal.verify().ok


def test_a_transfer_needs_a_reason_and_another_organisation(world: World) -> None:
    case = world.case()
    with pytest.raises(Invalid) as refused:
        actions.transfer(
            actor=world.camille, case_id=case.pk, organisation_id=world.north.pk, version=1
        )
    assert set(refused.value.fields) == {"reason", "organisation"}


def test_an_agent_who_leaves_frees_their_open_cases(world: World) -> None:
    case = actions.assign(
        actor=world.camille, case_id=world.case().pk, version=1, assignee_id=world.driss.user_id
    )
    assert world.driss.user_id is not None
    freed = actions.release(user_id=world.driss.user_id, organisation_id=world.north.pk)
    case.refresh_from_db()
    assert (freed, case.assignee_id, case.version) == (1, None, 3)
    assert journal.verify().ok


def test_the_system_may_run_transitions_that_are_its_own_only(world: World) -> None:
    case = world.case()
    with pytest.raises(Denied):
        perform(world, SYSTEM, case, "finish")
