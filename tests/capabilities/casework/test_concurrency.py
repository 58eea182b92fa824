"""Several people at the same moment, on real connections. Each guard has a control without it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import Q
from tests.capabilities.casework.cast import World

from socle.capabilities.casework import actions
from socle.capabilities.casework.actions import opening, recording
from socle.capabilities.casework.models import Case, CaseEvent, Message
from socle.capabilities.notifications.models import Email
from socle.foundations.journal import queries as journal
from socle.kernel.clock import SYSTEM
from socle.kernel.errors import Conflict


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run each in its own thread and connection, released at once; results or errors, in order."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=30)
            results[index] = work()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index, work)) for index, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
    return results


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both agents have read the case before either writes it.

    On SQLite writers are one at a time from their first statement, so that the second reads what
    the first wrote; there, acts read outside the transaction as a page shown a minute ago does.
    """
    barrier = threading.Barrier(2)
    read = recording.at_version

    def met(case: Case, version: int) -> None:
        read(case, version)
        if connection.vendor == "postgresql":
            barrier.wait(timeout=30)

    monkeypatch.setattr(recording, "at_version", met)


def _two_agents(world: World, case: Case) -> list[Any]:
    def move(actor: Any, transition: str) -> Callable[[], Any]:
        return lambda: actions.perform(
            actor=actor, case_id=case.pk, transition_id=transition, version=1, reason="Doublon"
        )

    return together(move(world.camille, "start"), move(world.maud, "refuse"))


@pytest.mark.usefixtures("meeting")
def test_of_two_agents_acting_at_once_one_is_told(shared_world: World) -> None:
    case = shared_world.case()
    results = _two_agents(shared_world, case)
    losers = [each for each in results if isinstance(each, Conflict)]
    winners = [each for each in results if isinstance(each, Case)]
    assert (len(losers), len(winners)) == (1, 1)
    assert "Camille Roux" in str(losers[0]) or "Maud Leroy" in str(losers[0])
    case.refresh_from_db()
    assert (case.state, case.version) == (winners[0].state, 2)
    versions = CaseEvent.objects.filter(case=case).order_by("version")
    assert list(versions.values_list("version", flat=True)) == [1, 2]
    assert journal.verify().ok


@pytest.mark.postgres
@pytest.mark.usefixtures("meeting")
def test_without_the_guard_the_database_refuses_the_second_event(
    shared_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "unchanged", lambda case: Q(pk=case.pk))
    case = shared_world.case()
    results = _two_agents(shared_world, case)
    assert [type(each) for each in results if not isinstance(each, Case)] == [IntegrityError]


@pytest.mark.postgres
@pytest.mark.usefixtures("meeting")
def test_without_either_guard_an_act_is_lost(
    shared_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "unchanged", lambda case: Q(pk=case.pk))
    event_of = recording.event_of
    numbers = iter(range(100, 200))

    def unnumbered(*given: Any) -> CaseEvent:
        event = event_of(*given)
        event.version = next(numbers)
        return event

    case = shared_world.case()
    monkeypatch.setattr(recording, "event_of", unnumbered)
    results = _two_agents(shared_world, case)
    assert all(isinstance(each, Case) for each in results)
    case.refresh_from_db()
    # Two agents believe they decided; one decision is gone.
    assert case.version == 2


def test_a_page_shown_before_somebody_acted_writes_nothing(
    shared_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compare-and-set alone, whatever was checked before it."""
    case = shared_world.case()
    actions.perform(actor=shared_world.driss, case_id=case.pk, transition_id="start", version=1)
    act = recording.Act(case, "state", changes={"state": "done"})
    with pytest.raises(Conflict), transaction.atomic():
        recording.write(act, shared_world.camille, SYSTEM)
    case.refresh_from_db()
    assert case.state == "checking"
    # The control: the same act without the guard goes through.
    stale = Case.objects.get(pk=case.pk)
    stale.version = 1
    monkeypatch.setattr(recording, "unchanged", lambda case: Q(pk=case.pk))
    with pytest.raises(IntegrityError), transaction.atomic():
        recording.write(
            recording.Act(stale, "state", changes={"state": "done"}),
            shared_world.camille,
            SYSTEM,
        )


def test_fifty_sends_of_one_form_open_one_case(shared_world: World) -> None:
    world = shared_world
    results = together(*[lambda: world.open(idempotency_key="draft:50") for _ in range(50)])
    errors = [each for each in results if isinstance(each, Exception)]
    assert errors == []
    assert Case.objects.count() == 1
    assert len({each.case.reference for each in results}) == 1
    assert len({each.follow_token for each in results}) == 1
    assert sum(each.created for each in results) == 1
    assert CaseEvent.objects.count() == 1
    assert Email.objects.count() == 1
    assert journal.verify().ok


def test_without_the_key_every_send_opens_a_case(
    shared_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "existing", lambda key: None)
    world = shared_world
    results = together(*[world.open for _ in range(8)])
    assert [each for each in results if isinstance(each, Exception)] == []
    assert Case.objects.count() == 8


def test_words_sent_together_are_all_kept(shared_world: World) -> None:
    case = shared_world.case()
    writers = [shared_world.alice, shared_world.camille, shared_world.driss, shared_world.maud] * 5
    results = together(
        *[
            lambda actor=actor, number=number: actions.reply(
                actor=actor, case_id=case.pk, body=f"Mot {number}"
            )
            for number, actor in enumerate(writers)
        ]
    )
    assert [each for each in results if isinstance(each, Exception)] == []
    assert Message.objects.filter(case=case).count() == 20
    case.refresh_from_db()
    assert case.version == 21
    versions = CaseEvent.objects.filter(case=case).order_by("version")
    assert list(versions.values_list("version", flat=True)) == list(range(1, 22))
    assert journal.verify().ok


def test_two_bulk_acts_over_the_same_cases_neither_wait_for_ever_nor_overwrite(
    shared_world: World,
) -> None:
    world = shared_world
    cases = [world.case() for _ in range(12)]
    ids = [case.pk for case in cases]
    versions = dict.fromkeys(ids, 1)
    first, second = together(
        lambda: actions.bulk(
            actor=world.camille,
            kind="transition",
            case_ids=ids,
            versions=versions,
            transition_id="start",
        ),
        lambda: actions.bulk(
            actor=world.driss,
            kind="assign",
            case_ids=ids[::-1],
            versions=versions,
            assignee_id=world.driss.user_id,
        ),
    )
    done = sorted(len(each.done) for each in (first, second))
    assert done == [0, 12]
    assert {each.reason for each in (first.skipped or second.skipped)} == {"stale"}
    assert set(Case.objects.values_list("version", flat=True)) == {2}
    assert journal.verify().ok


def test_transfers_in_opposite_directions_do_not_wait_for_each_other(shared_world: World) -> None:
    world = shared_world
    north = [world.case().pk for _ in range(6)]
    south = [world.case(organisation_id=world.south.pk).pk for _ in range(6)]

    def hand(actor: Any, case_id: int, to: int) -> Callable[[], Any]:
        return lambda: actions.transfer(
            actor=actor, case_id=case_id, organisation_id=to, version=1, reason="Limite"
        )

    results = together(
        *[hand(world.camille, pk, world.south.pk) for pk in north],
        *[hand(world.sacha, pk, world.north.pk) for pk in south],
    )
    assert [each for each in results if isinstance(each, Exception)] == []
    assert journal.verify().ok
