"""Leases: a silent worker is replaced, a worker believed dead can no longer change anything."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from tests.foundations.tasks import examples

from socle.foundations.tasks import actions, leases, runner
from socle.foundations.tasks.models import Schedule, Task
from socle.kernel.clock import FixedClock

pytestmark = pytest.mark.django_db

DICE = Random(0)


@pytest.fixture
def row(clock: FixedClock) -> Task:
    """A ready task that leaves a mark."""
    return actions.enqueue(task=examples.mark, arguments={"name": "mark"}, clock=clock)


def claim(owner: str, clock: FixedClock) -> Task:
    claimed = leases.claim(("default",), owner, clock.now())
    assert claimed is not None
    return claimed


def test_a_claimed_task_is_nobody_elses(row: Task, clock: FixedClock) -> None:
    claim("one", clock)
    assert leases.claim(("default",), "two", clock.now()) is None


def test_queues_are_served_in_the_order_given(clock: FixedClock) -> None:
    actions.enqueue(task=examples.note, arguments={"number": 1}, clock=clock)
    actions.enqueue(task=examples.urgent, arguments={"number": 2}, clock=clock)
    claimed = leases.claim(("urgent", "default"), "one", clock.now())
    assert claimed is not None
    assert claimed.queue == "urgent"
    assert leases.claim(("urgent",), "one", clock.now()) is None


def test_an_expired_lease_is_taken_over(row: Task, clock: FixedClock) -> None:
    claim("one", clock)
    clock.advance(leases.LEASE)
    assert leases.take_over(clock.now(), DICE) == 0
    clock.advance(timedelta(seconds=1))
    assert leases.take_over(clock.now(), DICE) == 1
    leases.promote(clock.now())
    again = claim("two", clock)
    assert (again.pk, again.attempts, again.crashes) == (row.pk, 2, 1)
    assert "one stopped answering" in again.last_error


def test_a_heartbeat_keeps_a_lease(row: Task, clock: FixedClock) -> None:
    claim("one", clock)
    clock.advance(timedelta(seconds=40))
    assert leases.extend({row.pk: "one"}, clock.now() + leases.LEASE) == 1
    clock.advance(timedelta(seconds=40))
    assert leases.take_over(clock.now(), DICE) == 0


def test_a_heartbeat_of_somebody_else_keeps_nothing(row: Task, clock: FixedClock) -> None:
    claim("one", clock)
    assert leases.extend({row.pk: "two"}, clock.now() + timedelta(hours=1)) == 0


def test_a_worker_believed_dead_cannot_finish(row: Task, clock: FixedClock) -> None:
    late = claim("one", clock)
    clock.advance(leases.LEASE + timedelta(seconds=1))
    leases.take_over(clock.now(), DICE)
    leases.promote(clock.now())
    current = claim("two", clock)
    # The first worker wakes up and does its work: undone with the mark it could not set.
    assert runner.run(late, "one", clock, DICE) is False
    assert not Schedule.objects.filter(name="mark").exists()
    assert runner.run(current, "two", clock, DICE) is True
    assert Schedule.objects.filter(name="mark").count() == 1


def test_without_the_fence_the_work_would_be_done_twice(
    row: Task, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the test above."""
    late = claim("one", clock)
    clock.advance(leases.LEASE + timedelta(seconds=1))
    leases.take_over(clock.now(), DICE)
    leases.promote(clock.now())
    claim("two", clock)

    def unfenced(row: Task, owner: str, now: Any) -> None:
        Task.objects.filter(pk=row.pk).update(state=Task.State.DONE, finished_at=now)

    monkeypatch.setattr(leases, "finish", unfenced)
    assert runner.run(late, "one", clock, DICE) is True
    assert Schedule.objects.filter(name="mark").exists()


@pytest.mark.parametrize("reason", ["hopeless", "broken", "later"])
def test_a_worker_believed_dead_cannot_fail_or_postpone_either(
    clock: FixedClock, reason: str
) -> None:
    row = actions.enqueue(task=examples.fails, arguments={"reason": reason}, clock=clock)
    late = claim("one", clock)
    clock.advance(leases.LEASE + timedelta(seconds=1))
    leases.take_over(clock.now(), DICE)
    leases.promote(clock.now())
    claim("two", clock)
    runner.run(late, "one", clock, DICE)
    row.refresh_from_db()
    assert (row.state, row.lease_owner) == (Task.State.RUNNING, "two")
    assert examples.failures == []


def test_a_task_that_kills_three_workers_is_failed(clock: FixedClock) -> None:
    row = actions.enqueue(task=examples.poison, arguments={}, clock=clock)
    for crash in range(1, leases.MAX_CRASHES + 1):
        claim(f"worker {crash}", clock)
        clock.advance(leases.LEASE + timedelta(hours=2))
        leases.take_over(clock.now(), DICE)
        clock.advance(timedelta(hours=2))
        leases.promote(clock.now())
    row.refresh_from_db()
    assert (row.state, row.crashes, row.attempts) == (Task.State.FAILED, 3, 3)
    assert "3 of 3" in row.last_error
    assert len(examples.failures) == 1
    assert leases.claim(("default",), "next", clock.now()) is None


def test_the_first_crash_is_retried_at_once_the_next_later(row: Task, clock: FixedClock) -> None:
    delays = []
    for crash in range(2):
        claim(f"worker {crash}", clock)
        clock.advance(leases.LEASE + timedelta(seconds=1))
        leases.take_over(clock.now(), DICE)
        row.refresh_from_db()
        delays.append(row.run_at - clock.now())
        clock.advance(timedelta(hours=1))
        leases.promote(clock.now())
    assert delays[0] == timedelta()
    assert delays[1] > timedelta(seconds=3)


def test_a_released_task_is_ready_and_the_attempt_does_not_count(
    row: Task, clock: FixedClock
) -> None:
    claim("one", clock)
    assert leases.release({row.pk: "two"}, clock.now()) == 0
    assert leases.release({row.pk: "one"}, clock.now()) == 1
    row.refresh_from_db()
    assert (row.state, row.attempts, row.crashes) == (Task.State.READY, 0, 0)


def test_looking_at_an_idle_queue_is_one_query_on_indexes(
    clock: FixedClock, django_assert_num_queries: Any
) -> None:
    Task.objects.bulk_create(
        Task(name="tests.note", state=Task.State.DONE, finished_at=clock.now())
        for _count in range(300)
    )
    actions.enqueue(
        task=examples.note,
        arguments={"number": 1},
        run_at=clock.now() + timedelta(days=1),
        clock=clock,
    )
    with django_assert_num_queries(1):
        assert not leases.due(("default", "mail"), clock.now())


@pytest.mark.sqlite
def test_no_look_at_the_queue_scans_the_table(
    clock: FixedClock, django_assert_num_queries: Any
) -> None:
    from django.db import connection

    with django_assert_num_queries(1) as captured:
        leases.due(("default",), clock.now())
    statement = captured.captured_queries[0]["sql"]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + statement)
        plan = [line[3] for line in cursor.fetchall()]
    used = {
        line.split(" USING ")[1].split("INDEX ")[1].split(" ")[0]
        for line in plan
        if "tasks_task" in line
    }
    assert used == {"task_ready_idx", "task_waiting_idx", "task_lease_idx"}, plan


@pytest.mark.parametrize("state", [Task.State.READY, Task.State.WAITING, Task.State.RUNNING])
def test_something_due_is_seen(clock: FixedClock, state: Task.State) -> None:
    Task.objects.create(name="tests.note", state=state, run_at=clock.now(), lease_until=clock.now())
    clock.advance(timedelta(seconds=1))
    assert leases.due(("default",), clock.now())


def test_a_listener_that_fails_does_not_hold_up_the_failure(
    clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clumsy(arguments: object, error: str) -> None:
        Schedule.objects.create(name="half", last_slot="2026-01-01T00:00:00Z")
        raise ZeroDivisionError

    monkeypatch.setitem(vars(examples.fails), "on_failed", clumsy)
    row = actions.enqueue(task=examples.fails, arguments={"reason": "hopeless"}, clock=clock)
    runner.run(claim("one", clock), "one", clock, DICE)
    row.refresh_from_db()
    assert row.state == Task.State.FAILED
    assert not Schedule.objects.filter(name="half").exists()
