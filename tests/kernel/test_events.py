"""Facts: heard within the transaction, or after the commit, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass

import pytest
from django.db import connection, transaction

from socle.kernel import events
from socle.kernel.events import Event, emit, isolated_subscriptions, on, within

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Happened(Event):
    number: int = 1


@dataclass(frozen=True)
class HappenedTwice(Happened):
    pass


@dataclass(frozen=True)
class Other(Event):
    pass


class Boom(Exception):
    pass


def fail(event: Event) -> None:
    raise Boom("secret of 06 12 34 56 78")


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    with isolated_subscriptions():
        yield


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def table() -> Iterator[str]:
    """A table of plain numbers, so that what a transaction undoes can be seen."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kernel_events_test (n integer)")
    yield "kernel_events_test"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kernel_events_test")


def write(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO kernel_events_test VALUES (%s)", [number])


def stored() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM kernel_events_test ORDER BY n")
        return [row[0] for row in cursor.fetchall()]


def test_within_runs_at_once_and_on_after_the_commit(heard: list[object]) -> None:
    within(Happened, lambda event: heard.append(("within", connection.in_atomic_block)))
    on(Happened, lambda event: heard.append(("on", connection.in_atomic_block)))
    with transaction.atomic():
        emit(Happened())
        assert heard == [("within", True)]
    assert heard == [("within", True), ("on", False)]


def test_handlers_receive_the_event_in_the_order_of_subscription(heard: list[object]) -> None:
    on(Happened, lambda event: heard.append(("first", event)))
    on(Happened, lambda event: heard.append(("second", event)))
    with transaction.atomic():
        emit(Happened(7))
        emit(Happened(8))
    assert [(who, event.number) for who, event in heard] == [  # type: ignore[misc, has-type, attr-defined]
        ("first", 7),
        ("second", 7),
        ("first", 8),
        ("second", 8),
    ]


def test_a_failure_within_undoes_the_whole_transaction(table: str, heard: list[Event]) -> None:
    within(Happened, lambda event: write(2))
    within(Happened, fail)
    on(Happened, heard.append)
    with pytest.raises(Boom), transaction.atomic():
        write(1)
        emit(Happened())
    assert stored() == []
    assert heard == []


def test_without_a_failure_what_within_writes_is_kept(table: str) -> None:
    within(Happened, lambda event: write(2))
    with transaction.atomic():
        write(1)
        emit(Happened())
    assert stored() == [1, 2]


def test_nothing_is_heard_after_a_rollback(heard: list[Event]) -> None:
    on(Happened, heard.append)
    with pytest.raises(Boom), transaction.atomic():
        emit(Happened())
        raise Boom
    assert heard == []


def test_a_fact_of_a_savepoint_that_was_undone_is_not_heard(heard: list[Event]) -> None:
    on(Happened, heard.append)
    with transaction.atomic():
        emit(Happened(1))
        with pytest.raises(Boom), transaction.atomic():
            emit(Happened(2))
            raise Boom
        emit(Happened(3))
    assert heard == [Happened(1), Happened(3)]


def test_a_failure_after_the_commit_is_logged_and_stops_nothing(
    table: str, heard: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    on(Happened, fail)
    on(Happened, heard.append)
    with caplog.at_level(logging.ERROR), transaction.atomic():
        write(1)
        emit(Happened())
    assert stored() == [1]
    assert heard == [Happened()]
    (record,) = [each for each in caplog.records if each.name == "socle.kernel.events"]
    assert record.levelno == logging.ERROR
    assert "test_events.fail" in record.getMessage()
    assert "Happened" in record.getMessage()
    assert record.exc_info is not None
    assert "06 12" not in record.getMessage()


def test_emitting_outside_a_transaction_is_a_programming_error(heard: list[Event]) -> None:
    within(Happened, heard.append)
    on(Happened, heard.append)
    with pytest.raises(events.EmittedOutsideTransaction, match="Happened"):
        emit(Happened())
    assert heard == []


def test_a_handler_of_a_parent_hears_its_subclasses_and_nobody_else(heard: list[Event]) -> None:
    everything: list[Event] = []
    within(Happened, heard.append)
    within(Event, everything.append)
    with transaction.atomic():
        emit(Happened(1))
        emit(HappenedTwice(2))
        emit(Other())
    assert heard == [Happened(1), HappenedTwice(2)]
    assert everything == [Happened(1), HappenedTwice(2), Other()]


def test_subscribing_twice_changes_nothing(heard: list[Event]) -> None:
    for _ in range(2):
        within(Happened, heard.append)
        within(Event, heard.append)
    with transaction.atomic():
        emit(Happened())
    assert len(heard) == 1


def test_a_handler_may_emit_in_turn(heard: list[Event]) -> None:
    within(Happened, lambda event: emit(Other()))
    within(Other, heard.append)
    on(Other, heard.append)
    with transaction.atomic():
        emit(Happened())
    assert heard == [Other(), Other()]


def test_a_fact_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Happened(1).number = 2  # type: ignore[misc]


def test_isolated_subscriptions_give_back_the_former_ones(heard: list[Event]) -> None:
    inside: list[Event] = []
    within(Happened, heard.append)
    with transaction.atomic():
        with isolated_subscriptions():
            within(Happened, inside.append)
            emit(Happened(1))
        emit(Happened(2))
    assert (inside, heard) == ([Happened(1)], [Happened(2)])


def test_isolated_subscriptions_are_given_back_after_a_failure(heard: list[Event]) -> None:
    within(Happened, heard.append)
    with pytest.raises(Boom), isolated_subscriptions():
        raise Boom
    with transaction.atomic():
        emit(Happened())
    assert heard == [Happened()]
