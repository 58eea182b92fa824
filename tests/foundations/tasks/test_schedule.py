"""Periodic tasks: each slot once, whatever the number of workers and whatever the clocks do."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from tests.foundations.tasks import examples

from socle.foundations.tasks import registry
from socle.foundations.tasks.models import Schedule, Task
from socle.foundations.tasks.scheduling import Scheduler, enqueue_slot

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 3, 4, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _only_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {name: value for name, value in registry.rhythms().items() if name.startswith("tests.")}
    monkeypatch.setattr(registry, "_rhythms", kept)


def enqueued(name: str) -> int:
    return Task.objects.filter(name=name).count()


def test_the_first_slot_ever_seen_only_starts_the_count() -> None:
    scheduler = Scheduler()
    assert scheduler.tick(MIDNIGHT) == 0
    assert Schedule.objects.count() == 2
    assert scheduler.tick(MIDNIGHT + timedelta(minutes=10)) == 1
    assert enqueued("tests.often") == 1


def test_a_slot_is_enqueued_once_by_several_workers() -> None:
    workers = [Scheduler() for _count in range(3)]
    for minute in range(0, 60, 2):
        for worker in workers:
            worker.tick(MIDNIGHT + timedelta(minutes=minute))
    assert enqueued("tests.often") == 5


def test_a_worker_that_starts_again_does_not_repeat_a_slot() -> None:
    for minute in (0, 10, 11, 12):
        Scheduler().tick(MIDNIGHT + timedelta(minutes=minute))
    assert enqueued("tests.often") == 1


def test_slots_missed_are_not_caught_up_but_the_latest() -> None:
    Scheduler().tick(MIDNIGHT)
    assert Scheduler().tick(MIDNIGHT + timedelta(days=3)) == 2
    assert enqueued("tests.often") == 1
    assert enqueued("tests.nightly") == 1


@pytest.mark.parametrize(
    "day", [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)]
)
def test_a_nightly_task_runs_once_a_night_when_clocks_change(day: datetime) -> None:
    workers = [Scheduler(), Scheduler()]
    for quarter in range(3 * 24 * 4):
        for worker in workers:
            worker.tick(day + timedelta(minutes=15 * quarter))
    # The first night is the first slot seen but one: three nights, two begun before the count.
    slots = Task.objects.filter(name="tests.nightly").values_list("key", flat=True)
    assert len(slots) == 3


def test_a_steady_clock_costs_no_query(django_assert_num_queries: object) -> None:
    scheduler = Scheduler()
    scheduler.tick(MIDNIGHT)
    with django_assert_num_queries(0):  # type: ignore[operator]
        scheduler.tick(MIDNIGHT + timedelta(seconds=1))


def test_workers_that_race_for_a_slot_enqueue_it_once(transactional_db: None) -> None:
    first = MIDNIGHT
    enqueue_slot(examples.often, first)
    barrier = threading.Barrier(4, timeout=20)
    won: list[bool] = []

    def race() -> None:
        try:
            barrier.wait()
            won.append(enqueue_slot(examples.often, first + timedelta(minutes=10)))
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _count in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(won) == [False, False, False, True]
    assert enqueued("tests.often") == 1
