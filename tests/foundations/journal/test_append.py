"""Appending: chained, atomic, refused when it cannot be kept; never changed nor removed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from tests.foundations.journal.conftest import CHAIN, Somebody

from socle.foundations.journal import actions, rules, triggers
from socle.foundations.journal.models import AppendOnly, Chain, Entry
from socle.foundations.journal.queries import Report, entries_for, page
from socle.foundations.journal.rules import Unrecordable, genesis
from socle.kernel.clock import FixedClock

pytestmark = pytest.mark.django_db


def test_each_entry_points_to_the_one_before_and_the_head_follows() -> None:
    first = actions.record(
        chain=CHAIN, action="case.opened", actor=Somebody(), subject=("case", "1")
    )
    second = actions.record(
        chain=CHAIN, action="case.closed", actor=Somebody(), subject=("case", "1")
    )
    assert (first.sequence, second.sequence) == (1, 2)
    assert first.previous == genesis(CHAIN)
    assert second.previous == first.hash
    head = Chain.objects.get(name=CHAIN)
    assert (head.sequence, head.head) == (2, second.hash)


def test_chains_do_not_mix() -> None:
    for chain in (CHAIN, "organisation:2", actions.chain_for(None)):
        entry = actions.record(chain=chain, action="x", actor=Somebody(), subject=("case", "1"))
        assert entry.sequence == 1
    assert actions.chain_for(7) == "organisation:7"


def test_the_same_act_on_two_chains_has_two_hashes(clock: FixedClock) -> None:
    hashes = {
        actions.record(
            chain=chain, action="x", actor=Somebody(), subject=("case", "1"), clock=clock
        ).hash
        for chain in (CHAIN, "organisation:2")
    }
    assert len(hashes) == 2


@pytest.mark.django_db(transaction=True)
def test_recording_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError):
        actions.record(chain=CHAIN, action="x", actor=Somebody(), subject=("case", "1"))
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_act_that_is_undone_leaves_no_entry(check: Callable[..., Report]) -> None:
    def fail_after_recording() -> None:
        with transaction.atomic():
            actions.record(chain=CHAIN, action="x", actor=Somebody(), subject=("case", "1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_recording()
    assert not Entry.objects.exists()
    with transaction.atomic():
        entry = actions.record(chain=CHAIN, action="x", actor=Somebody(), subject=("case", "1"))
    assert entry.sequence == 1
    assert check().ok


def test_a_batch_is_chained_like_single_entries(
    write: Callable[..., None], check: Callable[..., Report], django_assert_max_num_queries: Any
) -> None:
    write(1)
    acts = [
        actions.Act("report.imported", ("report", str(number)), {"line": number})
        for number in range(400)
    ]
    with django_assert_max_num_queries(10):
        entries = actions.record_many(chain=CHAIN, actor=Somebody(), acts=acts)
    assert [entry.sequence for entry in entries] == list(range(2, 402))
    assert check().ok
    assert Entry.objects.filter(subject_type="report").count() == 400


def test_a_batch_may_hold_acts_with_their_own_dates() -> None:
    at = datetime(2019, 5, 1, 8, tzinfo=UTC)
    [entry] = actions.record_many(
        chain=CHAIN, actor=Somebody(), acts=[actions.Act("x", ("case", "1"), at=at)]
    )
    assert entry.at == at


def test_an_empty_batch_writes_nothing() -> None:
    assert actions.record_many(chain=CHAIN, actor=Somebody(), acts=[]) == []
    assert not Chain.objects.exists()


def test_usual_values_become_plain_json() -> None:
    entry = actions.record(
        chain=CHAIN,
        action="x",
        actor=Somebody(),
        subject=("case", "1"),
        data={
            "day": date(2026, 3, 4),
            "at": datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
            "amount": Decimal("12.50"),
            "file": UUID(int=1),
            "fields": {"b", "a"},
            "pair": (1, None),
            "done": True,
        },
    )
    entry.refresh_from_db()
    assert entry.data == {
        "day": "2026-03-04",
        "at": "2026-03-04T09:30:00.000000Z",
        "amount": "12.50",
        "file": "00000000-0000-0000-0000-000000000001",
        "fields": ["a", "b"],
        "pair": [1, None],
        "done": True,
    }


@pytest.mark.parametrize(
    "data",
    [
        {"lon": 5.37},
        {"contact": "lea@example.org"},
        {"lea@example.org": 1},
        {"thing": object()},
        {"text": "nul\x00"},
        {"text": "\ud800"},
        {1: "number key"},
        {"long": "x" * 20_000},
        {"deep": [[[[[[[1]]]]]]]},
    ],
    ids=lambda data: str(next(iter(data)))[:12],
)
def test_what_cannot_be_kept_for_ever_is_refused(data: dict[Any, Any]) -> None:
    with pytest.raises(Unrecordable):
        actions.record(chain=CHAIN, action="x", actor=Somebody(), subject=("case", "1"), data=data)


def test_a_field_too_long_for_postgresql_is_refused_everywhere() -> None:
    with pytest.raises(ValueError, match="longer than 64"):
        actions.record(chain=CHAIN, action="x", actor=Somebody(), subject=("case", "1" * 65))


def test_the_written_form_of_an_entry_never_changes() -> None:
    """Frozen: a different digest here would void every journal in the field."""
    sealed = rules.Sealed(
        chain="organisation:12",
        sequence=3,
        at=datetime(2026, 3, 4, 9, 30, 0, 5, tzinfo=UTC),
        action="case.assigned",
        actor_kind="agent",
        actor_id=4,
        subject_type="case",
        subject_id="77",
        data={"team": 3, "état": "reçu", "a": [True, None]},
        previous=genesis("organisation:12"),
    )
    assert sealed.digest() == ("765a95285490fa937689b2cae8d9a1b38805e420225edfe56d19f752b34e6ca6")


def test_the_models_refuse_to_change_or_remove_an_entry(write: Callable[..., None]) -> None:
    write(2)
    entry = Entry.objects.get(sequence=1)
    entry.action = "case.forged"
    for attempt in (
        entry.save,
        entry.delete,
        lambda: Entry.objects.filter(sequence=1).update(action="x"),
        lambda: Entry.objects.all().delete(),
        lambda: Entry.objects.bulk_update([entry], ["action"]),
        lambda: Entry.objects.bulk_create([entry], ignore_conflicts=True),
    ):
        with pytest.raises(AppendOnly):
            attempt()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal_entry SET action = 'forged'", "DELETE FROM journal_entry WHERE sequence = 1"],
)
def test_the_database_itself_refuses(write: Callable[..., None], statement: str) -> None:
    write(2)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    # Negative control: without the guards the same statement goes through.
    with transaction.atomic(), triggers.lifted(connection), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0


@pytest.mark.postgres
def test_postgresql_refuses_to_truncate(transactional_db: None, write: Callable[..., None]) -> None:
    write(1)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE journal_entry")


def test_eight_threads_leave_one_unbroken_chain(
    transactional_db: None, check: Callable[..., Report]
) -> None:
    _append_from_threads(threads=8, each=15)
    assert Entry.objects.count() == 120
    report = check()
    assert report.ok, [str(finding) for finding in report.findings]
    assert report.entries == 120


@pytest.mark.postgres
def test_without_the_lock_the_threads_would_collide(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the test above."""
    barrier = threading.Barrier(4, timeout=20)

    def unlocked(name: str) -> Chain:
        head = Chain.objects.get(name=name)
        barrier.wait()
        return head

    with transaction.atomic():
        actions.record(chain=CHAIN, action="x", actor=Somebody(), subject=("case", "0"))
    monkeypatch.setattr(actions, "_locked", unlocked)
    errors = _append_from_threads(threads=4, each=1)
    assert len(errors) == 3


def _append_from_threads(threads: int, each: int) -> list[BaseException]:
    errors: list[BaseException] = []

    def append(thread: int) -> None:
        try:
            for number in range(each):
                with transaction.atomic():
                    actions.record(
                        chain=CHAIN,
                        action="case.opened",
                        actor=Somebody(),
                        subject=("case", f"{thread}-{number}"),
                    )
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=append, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return errors


def test_reading_is_paged_and_newest_first(write: Callable[..., None]) -> None:
    write(5)
    first = page(CHAIN, limit=2)
    assert [entry.sequence for entry in first] == [5, 4]
    assert [entry.sequence for entry in page(CHAIN, before=4)] == [3, 2, 1]
    assert [entry.subject_id for entry in entries_for("case", "3")] == ["3"]
