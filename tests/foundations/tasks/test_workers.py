"""Workers for real: threads that race, processes that are killed, stopped, poisoned."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from tests.foundations.tasks import examples

from socle.foundations.tasks import leases, queries
from socle.foundations.tasks.models import Schedule, Task
from socle.foundations.tasks.models import Worker as WorkerRow
from socle.foundations.tasks.worker import Worker
from socle.kernel.clock import SYSTEM, FixedClock

pytestmark = pytest.mark.django_db(transaction=True)

Child = subprocess.Popen[str]
Start = Callable[..., Child]


def running(worker: Worker) -> threading.Thread:
    """The worker at work in a thread of this process."""

    def work() -> None:
        try:
            worker.run()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def state(row: Task) -> str:
    row.refresh_from_db()
    return row.state


class Countdown:
    """An event that is set when enough tasks have run."""

    def __init__(self, expected: int) -> None:
        self.done = threading.Event()
        self.expected = expected
        self.lock = threading.Lock()
        self.seen: Counter[Any] = Counter()

    def append(self, value: Any) -> None:
        with self.lock:
            self.seen[value] += 1
            if self.seen.total() >= self.expected:
                self.done.set()

    def clear(self) -> None: ...


def test_two_workers_run_each_task_exactly_once(monkeypatch: pytest.MonkeyPatch) -> None:
    countdown = Countdown(60)
    monkeypatch.setattr(examples, "calls", countdown)
    for number in range(60):
        examples.note.enqueue(number=number)
    workers = [Worker(queues=("default",), threads=2) for _count in range(2)]
    threads = [running(worker) for worker in workers]
    assert countdown.done.wait(60)
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(30)
    assert countdown.seen == Counter(range(60))
    # By name: what the house does every minute may fall due meanwhile.
    assert Task.objects.filter(name="tests.note", state=Task.State.DONE).count() == 60
    assert not WorkerRow.objects.exists()


def test_without_the_lock_two_workers_would_run_a_task_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control of the test above: the same race, claims that read then write
    without lock.
    """
    barrier = threading.Barrier(2, timeout=20)

    def careless(
        queues: Any, owner: str, now: datetime, lease: timedelta = leases.LEASE
    ) -> Task | None:
        row = Task.objects.filter(state=Task.State.READY).order_by("pk").first()
        barrier.wait()
        if row is not None:
            Task.objects.filter(pk=row.pk).update(state=Task.State.RUNNING, lease_owner="same")
        return row

    monkeypatch.setattr(leases, "claim", careless)
    monkeypatch.setattr(leases, "finish", lambda row, owner, now: None)
    examples.note.enqueue(number=1)

    def once() -> None:
        try:
            Worker(queues=("default",)).run_once()
        finally:
            connection.close()

    threads = [threading.Thread(target=once) for _count in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert examples.calls == [1, 1]


def test_a_worker_is_woken_by_a_task_of_its_own_process() -> None:
    worker = Worker(queues=("default",), threads=1)
    thread = running(worker)
    examples.gate.set()
    examples.waits.enqueue(number=1)
    assert examples.entered.wait(10)
    worker.stop()
    thread.join(20)
    assert examples.calls == [1]


def test_a_stopping_worker_finishes_what_it_began_and_takes_nothing_else() -> None:
    worker = Worker(queues=("default",), threads=1)
    begun = examples.waits.enqueue(number=1)
    other = examples.waits.enqueue(number=2)
    thread = running(worker)
    assert examples.entered.wait(20)
    worker.stop()
    examples.gate.set()
    thread.join(20)
    assert not thread.is_alive()
    assert (state(begun), state(other)) == (Task.State.DONE, Task.State.READY)
    assert examples.calls == [1]


def test_what_outlasts_the_grace_period_is_given_back() -> None:
    worker = Worker(queues=("default",), threads=1, grace=timedelta(milliseconds=50))
    row = examples.waits.enqueue(number=1)
    finished: list[bool] = []

    def work() -> None:
        try:
            finished.append(worker.run())
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert examples.entered.wait(20)
    worker.stop()
    thread.join(20)
    assert finished == [False]
    row.refresh_from_db()
    assert (row.state, row.attempts, row.lease_owner) == (Task.State.READY, 0, "")


def test_a_live_worker_is_known_and_signs() -> None:
    worker = Worker(queues=("default",), threads=1, lease=timedelta(milliseconds=200))
    row = examples.waits.enqueue(number=1)
    thread = running(worker)
    assert examples.entered.wait(20)
    assert [found.name for found in queries.live_workers()] == [worker.name]
    first = Task.objects.get(pk=row.pk).lease_until
    beat = threading.Event()
    extend = leases.extend

    def extended(held: Any, until: datetime) -> int:
        kept = extend(held, until)
        if kept and until > first:
            beat.set()
        return kept

    leases.extend = extended  # type: ignore[assignment]
    try:
        assert beat.wait(20)
    finally:
        leases.extend = extend  # type: ignore[assignment]
    examples.gate.set()
    worker.stop()
    thread.join(20)
    assert state(row) == Task.State.DONE


def test_a_worker_survives_a_database_that_fails_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.db import OperationalError

    claim = leases.claim
    troubles = iter([True, True])

    def shaky(*args: Any) -> Task | None:
        if next(troubles, False):
            raise OperationalError("server closed the connection")
        return claim(*args)

    monkeypatch.setattr(leases, "claim", shaky)
    examples.gate.set()
    worker = Worker(queues=("default",), threads=1)
    examples.waits.enqueue(number=1)
    thread = running(worker)
    assert examples.entered.wait(20)
    worker.stop()
    thread.join(20)
    assert examples.calls == [1]


def test_a_worker_whose_threads_are_all_stuck_gives_up() -> None:
    worker = Worker(queues=("default",), threads=1)
    object.__setattr__(examples.waits, "time_limit", timedelta())
    row = examples.waits.enqueue(number=1)
    raised: list[BaseException] = []

    def work() -> None:
        try:
            worker.run()
        except RuntimeError as error:
            raised.append(error)
        finally:
            connection.close()

    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(30)
    finally:
        object.__setattr__(examples.waits, "time_limit", timedelta(minutes=10))
    assert [str(error)[:12] for error in raised] == ["every thread"]
    assert state(row) == Task.State.READY


# --- Processes ---


def test_a_task_of_a_killed_worker_is_taken_over(child_worker: Start) -> None:
    row = examples.slow_in_child.enqueue(name="survivor")
    child = child_worker()
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    child.kill()
    child.wait(20)
    assert state(row) == Task.State.RUNNING
    clock = FixedClock(SYSTEM.now())
    mine = Worker(queues=("default",), clock=clock)
    # Its lease still stands: nobody else may touch it.
    assert mine.run_once() is False
    clock.advance(leases.LEASE + timedelta(seconds=1))
    assert mine.run_once() is True
    row.refresh_from_db()
    assert (row.state, row.attempts, row.crashes) == (Task.State.DONE, 2, 1)
    assert Schedule.objects.filter(name="survivor").count() == 1


def test_sigterm_lets_the_task_end_then_the_worker_leaves(child_worker: Start) -> None:
    first = examples.slow_in_child.enqueue(name="first")
    second = examples.slow_in_child.enqueue(name="second")
    child = child_worker()
    assert child.stdout is not None and child.stdin is not None
    assert child.stdout.readline() == "begun\n"
    child.send_signal(signal.SIGTERM)
    child.stdin.write("go on\n")
    child.stdin.flush()
    assert child.wait(20) == 0
    assert (state(first), state(second)) == (Task.State.DONE, Task.State.READY)


def test_sigterm_past_the_grace_period_gives_the_task_back(child_worker: Start) -> None:
    row = examples.slow_in_child.enqueue(name="too slow")
    child = child_worker(grace=0.2)
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) == 7
    row.refresh_from_db()
    assert (row.state, row.attempts) == (Task.State.READY, 0)
    assert not Schedule.objects.filter(name="too slow").exists()


def test_a_task_that_kills_its_worker_three_times_ends_failed(child_worker: Start) -> None:
    row = examples.poison.enqueue()
    for _crash in range(leases.MAX_CRASHES):
        child = child_worker()
        assert child.wait(30) == -signal.SIGKILL
        with transaction.atomic():
            # As if the lease and the wait before the next attempt were over.
            long_ago = SYSTEM.now() - timedelta(hours=2)
            Task.objects.filter(pk=row.pk).update(lease_until=long_ago)
            leases.take_over(SYSTEM.now(), Random(0))
            Task.objects.filter(pk=row.pk, state=Task.State.WAITING).update(run_at=long_ago)
    row.refresh_from_db()
    assert (row.state, row.crashes) == (Task.State.FAILED, 3)
