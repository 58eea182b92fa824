"""Opening a case: what is written, who may, once."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.capabilities.casework.cast import World

from socle.capabilities.casework import actions, tokens
from socle.capabilities.casework.events import CaseOpened
from socle.capabilities.casework.models import Case, CaseEvent
from socle.capabilities.notifications.models import Email
from socle.foundations.accounts.actors import ANONYMOUS, SYSTEM
from socle.foundations.journal import queries as journal
from socle.foundations.journal.models import Entry
from socle.kernel import events, references
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound


def test_a_filed_case_begins_in_the_initial_state_of_its_workflow(
    world: World, clock: FixedClock
) -> None:
    case = world.case(clock)
    assert references.normalise(case.reference) == case.reference
    assert case.reference.startswith("DM-26-")
    assert (case.state, case.public_status, case.is_open) == ("received", "received", True)
    assert (case.version, case.closed_at) == (1, None)
    assert case.team_id == world.north_team.pk
    # Ten working days after Wednesday 4 March 2026, to the last second in Paris.
    assert case.due_at == datetime(2026, 3, 18, 22, 59, 59, tzinfo=UTC)


def test_opening_writes_one_event_and_one_journal_entry_without_personal_data(
    world: World, clock: FixedClock
) -> None:
    case = world.case(clock)
    event = CaseEvent.objects.get(case=case)
    assert (event.kind, event.version, event.public) == ("opened", 1, True)
    entry = Entry.objects.get(subject_type="case", subject_id=str(case.pk))
    assert entry.action == "case.opened"
    written = str(entry.data)
    assert "Alice" not in written and "@" not in written and case.title not in written
    assert journal.verify().ok


def test_the_person_receives_an_acknowledgement_with_a_link_that_opens_the_case(
    world: World, clock: FixedClock
) -> None:
    opened = world.open(clock)
    letter = Email.objects.get(to="alice@example.org")
    assert opened.case.reference in letter.subject
    assert f"/suivi/{opened.case.reference}/{opened.follow_token}" in letter.text
    assert tokens.matches(opened.case, opened.follow_token)


def test_the_link_s_token_is_not_in_the_database(world: World) -> None:
    opened = world.open()
    row = Case.objects.filter(pk=opened.case.pk).values().get()
    assert len(opened.follow_token) >= 27
    assert opened.follow_token not in str(row)
    assert tokens.hashed(opened.follow_token) == row["follow_hash"]


def test_a_link_sent_before_the_secret_key_changed_still_opens_and_new_letters_too(
    world: World, settings: Any
) -> None:
    opened = world.open()
    settings.SECRET_KEY = "another-key-entirely-0123456789abcdef"
    fresh = tokens.token_of(opened.case)
    assert fresh != opened.follow_token
    assert tokens.matches(opened.case, opened.follow_token)
    assert tokens.matches(opened.case, fresh)
    assert not tokens.matches(opened.case, "A" * 27)


def test_a_case_without_a_link_is_opened_by_no_token(world: World) -> None:
    case = world.case()
    case.follow_nonce = case.follow_hash = ""
    assert not tokens.matches(case, "")
    assert not tokens.matches(case, tokens.derive(""))


def test_the_event_is_heard_in_the_same_transaction(world: World) -> None:
    heard: list[CaseOpened] = []
    with events.isolated_subscriptions():
        events.within(CaseOpened, heard.append)
        case = world.case()
    assert [each.case_id for each in heard] == [case.pk]


def test_a_listener_that_fails_undoes_everything(world: World) -> None:
    def refuse(event: CaseOpened) -> None:
        raise RuntimeError("no")

    with events.isolated_subscriptions():
        events.within(CaseOpened, refuse)
        with pytest.raises(RuntimeError):
            world.open()
    assert not Case.objects.exists()
    assert not CaseEvent.objects.exists()
    assert not Entry.objects.filter(subject_type="case").exists()
    assert not Email.objects.exists()


def test_the_same_key_gives_the_same_case_and_the_same_link(world: World) -> None:
    first = world.open(idempotency_key="draft:1")
    second = world.open(idempotency_key="draft:1")
    assert (second.case.pk, second.created) == (first.case.pk, False)
    assert second.follow_token == first.follow_token
    assert Case.objects.count() == 1
    assert CaseEvent.objects.count() == 1
    assert Email.objects.count() == 1


def test_a_key_used_for_somebody_else_s_case_reveals_nothing(world: World) -> None:
    world.open(idempotency_key="draft:1")
    with pytest.raises(Conflict):
        world.open(actor=world.bruno, idempotency_key="draft:1")


def test_a_reference_already_taken_is_drawn_again(world: World) -> None:
    first = world.open(rng=random.Random(7))
    second = world.open(rng=random.Random(7))
    assert first.case.reference != second.case.reference


def test_a_place_is_whole_or_absent(world: World) -> None:
    with pytest.raises(Invalid):
        world.open(lon=5.0)
    case = world.case(lon=5.0, lat=43.0)
    assert case.cell is not None


def test_documents_are_attached_once_and_only_by_who_sent_them(world: World) -> None:
    mine, theirs = world.file(world.alice), world.file(world.bruno)
    case = world.case(documents=[{"file_id": str(mine.pk), "kind": "photo", "label": "Photo"}])
    assert [each.label for each in case.documents.all()] == ["Photo"]
    with pytest.raises(NotFound):
        world.open(documents=[{"file_id": str(theirs.pk)}])
    with pytest.raises(Conflict):
        world.open(documents=[{"file_id": str(mine.pk)}])
    assert Case.objects.count() == 1


def test_somebody_without_an_account_sends_files_by_their_claim(world: World) -> None:
    sent = world.file(claim="c" * 40)
    case = world.case(actor=ANONYMOUS, documents=[{"file_id": str(sent.pk)}], claim="c" * 40)
    assert case.applicant_id is None
    assert case.documents.count() == 1


def test_a_counter_agent_files_for_a_person_and_says_so(world: World) -> None:
    case = world.case(
        actor=world.counter,
        applicant_id=world.alice.user_id,
        filed_by_id=world.counter.user_id,
        channel="counter",
    )
    assert case.filed_by_id == world.counter.user_id
    assert CaseEvent.objects.get(case=case).data == {"channel": "counter", "helped": True}


@pytest.mark.parametrize(
    "given",
    [
        {"applicant": "alice"},
        {"channel": "phone"},
        {"filed_by": "counter"},
        {"entity": True},
    ],
    ids=["for another", "by an agents' channel", "in an agent's name", "for a company"],
)
def test_a_resident_does_not_file_for_others(world: World, given: dict[str, Any]) -> None:
    values: dict[str, Any] = {"actor": world.bruno, "applicant_id": world.bruno.user_id}
    if "applicant" in given:
        values["applicant_id"] = world.alice.user_id
    if "channel" in given:
        values["channel"] = given["channel"]
    if "filed_by" in given:
        values["filed_by_id"] = world.counter.user_id
    if "entity" in given:
        values |= {"actor": world.alice, "applicant_id": world.alice.user_id}
        values["entity_id"] = world.company.pk
    with pytest.raises(Denied):
        world.open(**values)


def test_a_representative_files_for_their_company(world: World) -> None:
    case = world.case(
        actor=world.bruno, applicant_id=world.bruno.user_id, entity_id=world.company.pk
    )
    assert case.entity_id == world.company.pk


def test_a_historic_case_is_not_acknowledged(world: World, clock: FixedClock) -> None:
    old = Case(
        kind="report",
        service_key="signaler",
        definition=world.revision,
        title="Nid-de-poule",
        state="done",
        public_status="resolved",
        is_open=False,
        closed_at=clock.now(),
        created_at=datetime(2019, 5, 1, tzinfo=UTC),
        organisation=world.north,
        source_id="42",
    )
    done = actions.add_historic(
        actor=SYSTEM, cases=[old], source="old-system", prefix="SG", clock=clock
    )
    assert (done.created, done.known) == (1, 0)
    assert not Email.objects.exists()
