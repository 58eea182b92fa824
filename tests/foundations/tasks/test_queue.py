"""The queue: what is written, in which order it runs, how it fails and is seen to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from tests.foundations.tasks import examples

from socle.foundations.tasks import actions, queries
from socle.foundations.tasks.models import Schedule, Task
from socle.foundations.tasks.registry import periodic, task
from socle.foundations.tasks.testing import drain
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, NotFound

pytestmark = pytest.mark.django_db


def enqueue(declared: Any, clock: FixedClock, /, **arguments: Any) -> Task:
    options = {
        name: arguments.pop(name) for name in ("key", "run_at", "priority") if name in arguments
    }
    return actions.enqueue(task=declared, arguments=arguments, clock=clock, **options)


def test_an_enqueued_task_runs_once_and_is_done() -> None:
    row = examples.note.enqueue(number=7)
    assert drain() == 1
    assert drain() == 0
    assert examples.calls == [7]
    row.refresh_from_db()
    assert row.state == Task.State.DONE
    assert row.finished_at is not None


def test_a_declared_task_can_be_called_like_the_function_it_is() -> None:
    examples.note(number=3)
    assert examples.calls == [3]


def test_a_task_of_an_act_that_is_undone_never_runs() -> None:
    def act() -> None:
        with transaction.atomic():
            examples.note.enqueue(number=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert drain() == 0


def test_a_second_enqueue_with_the_same_key_is_the_first() -> None:
    first = examples.note.enqueue(number=1, _key="once")
    second = examples.note.enqueue(number=2, _key="once")
    assert first.pk == second.pk
    drain()
    assert examples.note.enqueue(number=3, _key="once").state == Task.State.DONE
    assert drain() == 0
    assert examples.calls == [1]


def test_without_a_key_each_enqueue_is_a_task() -> None:
    """Negative control of the key."""
    examples.note.enqueue(number=1)
    examples.note.enqueue(number=1)
    assert drain() == 2


def test_a_repeated_key_does_not_break_the_callers_transaction() -> None:
    examples.note.enqueue(number=1, _key="once")
    with transaction.atomic():
        examples.note.enqueue(number=2, _key="once")
        Schedule.objects.create(name="after", last_slot="2026-01-01T00:00:00Z")
    assert Schedule.objects.filter(name="after").exists()


@pytest.mark.parametrize(
    "arguments", [{}, {"wrong": 1}, {"number": object()}, {"number": float("nan")}]
)
def test_arguments_that_cannot_work_are_refused_when_enqueued(arguments: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        examples.note.enqueue(**arguments)
    assert not Task.objects.exists()


def test_a_task_may_be_named_by_a_room_that_cannot_import_it() -> None:
    actions.enqueue(task="tests.note", arguments={"number": 4})
    drain()
    assert examples.calls == [4]
    with pytest.raises(ValueError, match="no task is called"):
        actions.enqueue(task="tests.nobody", arguments={})


def test_a_task_waits_for_its_time(clock: FixedClock) -> None:
    row = enqueue(examples.note, clock, number=1, run_at=clock.now() + timedelta(hours=1))
    assert row.state == Task.State.WAITING
    assert drain(clock=clock) == 0
    clock.advance(timedelta(minutes=59))
    assert drain(clock=clock) == 0
    clock.advance(timedelta(minutes=1))
    assert drain(clock=clock) == 1


def test_the_highest_priority_then_the_oldest_runs_first(clock: FixedClock) -> None:
    enqueue(examples.note, clock, number=1)
    clock.advance(timedelta(seconds=1))
    enqueue(examples.note, clock, number=2)
    enqueue(examples.note, clock, number=3, priority=5)
    drain(clock=clock)
    assert examples.calls == [3, 1, 2]


def test_tasks_that_enqueue_tasks_are_drained_too() -> None:
    examples.chain.enqueue(left=3)
    assert drain() == 4
    assert examples.calls == [3, 2, 1, 0]


def test_tasks_that_feed_each_other_for_ever_are_told() -> None:
    examples.endless.enqueue()
    with pytest.raises(AssertionError, match="for ever"):
        drain(limit=20)


# --- Failing ---


def test_a_failure_waits_longer_each_time_then_is_final(clock: FixedClock) -> None:
    row = enqueue(examples.fails, clock, reason="broken")
    waits = []
    for _attempt in range(3):
        assert drain(clock=clock, reraise=False) == 1
        row.refresh_from_db()
        waits.append((row.state, row.run_at - clock.now()))
        clock.advance(timedelta(minutes=5))
    assert waits[:2] == [
        (Task.State.WAITING, timedelta(seconds=10)),
        (Task.State.WAITING, timedelta(seconds=20)),
    ]
    assert row.state == Task.State.FAILED
    assert row.attempts == 3
    assert row.last_error.startswith("ValueError: broken")
    assert [arguments for arguments, _error in examples.failures] == [{"reason": "broken"}]
    assert drain(clock=clock) == 0


def test_what_a_failed_attempt_wrote_is_undone() -> None:
    examples.mark.enqueue(name="bad one")
    examples.mark.enqueue(name="good one")
    drain(reraise=False)
    assert list(Schedule.objects.values_list("name", flat=True)) == ["good one"]


def test_an_error_is_kept_without_addresses() -> None:
    row = examples.mark.enqueue(name="bad one")
    drain(reraise=False)
    row.refresh_from_db()
    assert "lea@example.org" not in row.last_error
    assert "ValueError: cannot write to …@… about bad one" in row.last_error
    assert "examples.py" in row.last_error


def test_drain_shows_a_tasks_own_exception() -> None:
    examples.fails.enqueue(reason="broken")
    with pytest.raises(ValueError, match="broken"):
        drain()


def test_a_hopeless_task_fails_at_once() -> None:
    row = examples.fails.enqueue(reason="hopeless")
    drain(reraise=False)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (Task.State.FAILED, 1)
    assert len(examples.failures) == 1


def test_waiting_for_something_is_no_attempt(clock: FixedClock) -> None:
    row = enqueue(examples.fails, clock, reason="later")
    for _time in range(5):
        assert drain(clock=clock) == 1
        row.refresh_from_db()
        assert (row.state, row.attempts) == (Task.State.WAITING, 0)
        assert row.run_at == clock.now() + timedelta(minutes=5)
        clock.advance(timedelta(minutes=5))


def test_a_task_that_exits_is_a_failure_not_the_end_of_the_worker() -> None:
    row = examples.fails.enqueue(reason="exit")
    drain(reraise=False)
    row.refresh_from_db()
    assert row.last_error.startswith("SystemExit")


def test_a_task_of_a_version_that_is_gone_fails_visibly() -> None:
    row = Task.objects.create(name="tests.removed")
    drain()
    row.refresh_from_db()
    assert row.state == Task.State.FAILED
    assert "tests.removed" in row.last_error


# --- Seeing to failures ---


@pytest.fixture
def failed(clock: FixedClock) -> Task:
    row = enqueue(examples.fails, clock, reason="hopeless")
    drain(clock=clock, reraise=False)
    row.refresh_from_db()
    return row


def test_failures_are_listed_newest_first_and_paged(clock: FixedClock) -> None:
    rows = [enqueue(examples.fails, clock, reason="hopeless") for _count in range(3)]
    drain(clock=clock, reraise=False)
    newest = queries.failed(limit=2)
    assert [row.pk for row in newest] == [rows[2].pk, rows[1].pk]
    assert [row.pk for row in queries.failed(before_id=rows[1].pk)] == [rows[0].pk]
    assert queries.failed_count() == 3


def test_a_failure_can_be_tried_again(failed: Task, clock: FixedClock) -> None:
    actions.retry(task_id=failed.pk, clock=clock)
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == (Task.State.READY, 0)
    assert drain(clock=clock, reraise=False) == 1


def test_only_a_failure_can_be_tried_again_or_discarded(failed: Task, clock: FixedClock) -> None:
    actions.retry(task_id=failed.pk, clock=clock)
    for act in (actions.retry, actions.discard):
        with pytest.raises(Conflict):
            act(task_id=failed.pk)
        with pytest.raises(NotFound):
            act(task_id=0)


def test_a_failure_can_be_discarded(failed: Task) -> None:
    actions.discard(task_id=failed.pk)
    assert queries.failed() == []


def test_what_was_done_long_ago_is_forgotten_failures_are_not(
    failed: Task, clock: FixedClock
) -> None:
    enqueue(examples.note, clock, number=1)
    drain(clock=clock)
    clock.advance(timedelta(days=29))
    assert actions.purge(clock=clock) == 0
    clock.advance(timedelta(days=2))
    assert actions.purge(clock=clock) == 1
    assert [row.pk for row in Task.objects.all()] == [failed.pk]


def test_the_backlog_and_its_age_are_known(clock: FixedClock) -> None:
    assert queries.oldest_ready_age(clock) is None
    enqueue(examples.note, clock, number=1)
    enqueue(examples.note, clock, number=2, run_at=clock.now() + timedelta(days=1))
    clock.advance(timedelta(minutes=3))
    assert queries.backlog() == 1
    assert queries.counts() == {"ready": 1, "running": 0, "failed": 0}
    assert queries.oldest_ready_age(clock) == timedelta(minutes=3)


def test_two_tasks_cannot_have_one_name() -> None:
    def stranger() -> None: ...

    stranger.__module__ = "somewhere.else"
    with pytest.raises(ValueError, match=r"two tasks are called 'tests\.note'"):
        task(name="tests.note")(stranger)


def test_a_rhythm_is_one_thing() -> None:
    for wrong in ({}, {"every": timedelta(hours=1), "at": "03:00"}):
        with pytest.raises(ValueError, match="either"):
            periodic(**wrong)
