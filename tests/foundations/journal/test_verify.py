"""`audit verify`: each way of tampering is found and located; an honest journal passes."""
# ruff: noqa: S608 - tampering is written in SQL, with constants of this file

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from tests.foundations.journal.conftest import CHAIN

from socle.foundations.journal import actions, triggers, verification
from socle.foundations.journal.checkpoints import Book, BrokenBook
from socle.foundations.journal.models import Chain, Entry
from socle.foundations.journal.queries import Report
from socle.foundations.journal.rules import PLATFORM
from socle.kernel.clock import FixedClock

pytestmark = pytest.mark.django_db

Check = Callable[..., Report]
Tamper = Callable[..., None]
Write = Callable[..., None]


def found(report: Report) -> list[tuple[str, str, int | None]]:
    return [(finding.reason, finding.chain, finding.sequence) for finding in report.findings]


def test_an_honest_journal_passes(
    write: Write, check: Check, book: Path, clock: FixedClock
) -> None:
    write(4)
    write(3, "organisation:2")
    actions.checkpoint(folder=book, clock=clock)
    write(2)
    report = check()
    assert report.ok, found(report)
    assert (report.chains, report.entries, report.checkpoints) == (3, 10, 2)
    assert report.public_key is not None


def test_an_empty_journal_passes(check: Check) -> None:
    assert check().ok


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "'case.forged'"),
        ("actor_id", "6"),
        ("actor_kind", "'system'"),
        ("subject_id", "'99'"),
        ("subject_type", "'draft'"),
        ("at", "'2020-01-01 00:00:00+00:00'"),
        ("data", '\'{"state": "accepted"}\''),
        ("data", "'{\"lon\": 5.37}'"),
        ("previous", "hash"),
    ],
)
def test_an_edit_is_found(
    chain_id: int, check: Check, tamper: Tamper, column: str, value: str
) -> None:
    tamper(f"UPDATE journal_entry SET {column} = {value} WHERE sequence = 3")
    assert found(check()) == [("altered", CHAIN, 3)]


def test_an_edit_with_its_hash_made_again_is_found_at_the_next_entry(
    chain_id: int, check: Check, tamper: Tamper
) -> None:
    digest = _forged(3, action="case.forged")
    tamper(f"UPDATE journal_entry SET action = 'case.forged', hash = '{digest}' WHERE sequence = 3")
    assert found(check()) == [("unlinked", CHAIN, 4)]


def test_an_edit_of_the_last_entry_with_its_hash_is_found_by_the_head(
    chain_id: int, check: Check, tamper: Tamper
) -> None:
    digest = _forged(5, action="case.forged")
    tamper(f"UPDATE journal_entry SET action = 'case.forged', hash = '{digest}' WHERE sequence = 5")
    assert found(check()) == [("head-altered", CHAIN, 5)]


def test_a_removed_entry_is_found(chain_id: int, check: Check, tamper: Tamper) -> None:
    tamper("DELETE FROM journal_entry WHERE sequence = 2")
    assert found(check()) == [("missing", CHAIN, 2)]


def test_a_removed_first_entry_is_found(chain_id: int, check: Check, tamper: Tamper) -> None:
    tamper("DELETE FROM journal_entry WHERE sequence = 1")
    assert found(check()) == [("missing", CHAIN, 1)]


def test_a_removal_closed_up_by_renumbering_is_found(
    chain_id: int, check: Check, tamper: Tamper
) -> None:
    tamper(
        "DELETE FROM journal_entry WHERE sequence = 2",
        "UPDATE journal_entry SET sequence = 2 WHERE sequence = 3",
        "UPDATE journal_entry SET sequence = 3 WHERE sequence = 4",
        "UPDATE journal_entry SET sequence = 4 WHERE sequence = 5",
        "UPDATE journal_chain SET sequence = 4",
    )
    assert found(check()) == [("altered", CHAIN, 2)]


def test_two_entries_put_in_another_order_are_found(
    chain_id: int, check: Check, tamper: Tamper
) -> None:
    tamper(
        "UPDATE journal_entry SET sequence = 100 WHERE sequence = 2",
        "UPDATE journal_entry SET sequence = 2 WHERE sequence = 3",
        "UPDATE journal_entry SET sequence = 3 WHERE sequence = 100",
    )
    assert found(check()) == [("altered", CHAIN, 2)]


def test_an_inserted_entry_is_found(chain_id: int, check: Check, tamper: Tamper) -> None:
    copied = (
        "chain_id, at, action, actor_kind, actor_id, subject_type, subject_id, data, previous, hash"
    )
    tamper(
        "UPDATE journal_entry SET sequence = 6 WHERE sequence = 5",
        "UPDATE journal_entry SET sequence = 5 WHERE sequence = 4",
        f"INSERT INTO journal_entry (sequence, {copied}) "
        f"SELECT 4, {copied} FROM journal_entry WHERE sequence = 1",
        "UPDATE journal_chain SET sequence = 6",
    )
    assert found(check()) == [("altered", CHAIN, 4)]


def test_an_entry_added_after_the_head_is_found(
    chain_id: int, check: Check, tamper: Tamper
) -> None:
    last = Entry.objects.get(sequence=5)
    digest = _forged(5, sequence=6, previous=last.hash)
    tamper(
        "INSERT INTO journal_entry (sequence, chain_id, at, action, actor_kind, actor_id, "
        "subject_type, subject_id, data, previous, hash) "
        "SELECT 6, chain_id, at, action, actor_kind, actor_id, subject_type, subject_id, data, "
        f"hash, '{digest}' FROM journal_entry WHERE sequence = 5"
    )
    assert found(check()) == [("beyond-head", CHAIN, 6)]


def test_a_cut_tail_is_found_by_the_head(chain_id: int, check: Check, tamper: Tamper) -> None:
    tamper("DELETE FROM journal_entry WHERE sequence > 3")
    assert found(check()) == [("truncated", CHAIN, 4)]


def test_a_cut_tail_with_its_head_is_found_by_the_checkpoint(
    chain_id: int, check: Check, tamper: Tamper, book: Path
) -> None:
    actions.checkpoint(folder=book)
    _cut(tamper, after=3)
    assert found(check()) == [("checkpoint-truncated", CHAIN, 5)]


def test_without_a_checkpoint_a_cut_tail_with_its_head_goes_unseen(
    chain_id: int, check: Check, tamper: Tamper
) -> None:
    """Negative control: what the checkpoints are for."""
    _cut(tamper, after=3)
    assert check().ok


def test_a_chain_rewritten_from_the_start_is_found_by_the_checkpoint(
    chain_id: int, check: Check, tamper: Tamper, book: Path, write: Write
) -> None:
    actions.checkpoint(folder=book)
    tamper("DELETE FROM journal_entry WHERE chain_id = " + str(chain_id))
    Chain.objects.filter(pk=chain_id).delete()
    write(6)
    assert found(check()) == [("checkpoint-mismatch", CHAIN, 5)]


def test_a_chain_removed_whole_is_found_by_the_checkpoint(
    chain_id: int, check: Check, tamper: Tamper, book: Path
) -> None:
    actions.checkpoint(folder=book)
    tamper(f"DELETE FROM journal_entry WHERE chain_id = {chain_id}")
    Chain.objects.filter(pk=chain_id).delete()
    assert found(check()) == [("chain-missing", CHAIN, 1)]


def test_lifted_guards_are_reported(check: Check) -> None:
    with transaction.atomic():
        triggers.remove(connection)
        assert found(check()) == [("guards-missing", "", None)]
        triggers.install(connection)
    assert check().ok


def test_the_report_says_it_in_a_sentence(chain_id: int, check: Check, tamper: Tamper) -> None:
    tamper("DELETE FROM journal_entry WHERE sequence = 2")
    [finding] = check().findings
    assert str(finding) == "organisation:1 #2: an entry is missing: it was removed or renumbered"


def test_memory_is_bounded_by_pages(
    write: Write, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "PAGE", 3)
    write(10)
    report = check()
    assert report.ok
    assert report.entries == 10


def test_entries_appended_meanwhile_do_not_alarm(
    write: Write, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(3)
    pages = verification._page
    appended: list[int] = []

    def page_then_append(chain_id: int, after: int) -> object:
        yield from pages(chain_id, after)
        if not appended:
            appended.append(1)
            write(2)

    monkeypatch.setattr(verification, "_page", page_then_append)
    report = check()
    assert report.ok, found(report)
    assert report.entries == 5


# --- The book of checkpoints ---


def test_checkpoints_are_signed_by_a_key_only_its_owner_reads(
    chain_id: int, book: Path, clock: FixedClock
) -> None:
    assert actions.checkpoint(folder=book, clock=clock) == 1
    assert stat.S_IMODE((book / "signing.key").stat().st_mode) == 0o600
    [line] = (book / "checkpoints" / "2026-03-04.jsonl").read_text().splitlines()
    signed = json.loads(line)
    assert (signed["chain"], signed["sequence"], len(signed["signature"])) == (CHAIN, 5, 128)


def test_lines_are_chained_across_days_and_only_what_moved_is_signed(
    chain_id: int, book: Path, clock: FixedClock, write: Write
) -> None:
    actions.checkpoint(folder=book, clock=clock)
    clock.advance(timedelta(days=1))
    write(1, "organisation:2")
    actions.checkpoint(folder=book, clock=clock)
    lines = list(Book(book).lines())
    assert [line.number for line in lines] == [1, 2, 3]
    assert [line.chain for line in lines] == [CHAIN, "organisation:2", PLATFORM]
    assert lines[1].previous == lines[0].digest
    assert sorted(path.name for path in (book / "checkpoints").iterdir()) == [
        "2026-03-04.jsonl",
        "2026-03-05.jsonl",
    ]


def test_a_clock_that_goes_back_does_not_break_the_book(
    chain_id: int, book: Path, clock: FixedClock, write: Write, check: Check
) -> None:
    actions.checkpoint(folder=book, clock=clock)
    clock.advance(timedelta(days=-3))
    write(1)
    actions.checkpoint(folder=book, clock=clock)
    assert check().ok


@pytest.fixture
def two_days(chain_id: int, book: Path, clock: FixedClock, write: Write) -> list[Path]:
    """A book of two files."""
    actions.checkpoint(folder=book, clock=clock)
    clock.advance(timedelta(days=1))
    write(1)
    actions.checkpoint(folder=book, clock=clock)
    return sorted((book / "checkpoints").iterdir())


def reasons(report: Report) -> list[str]:
    return [finding.reason for finding in report.findings]


def test_an_altered_line_is_found(two_days: list[Path], check: Check) -> None:
    text = two_days[0].read_text()
    two_days[0].write_text(text.replace('"sequence":5', '"sequence":4'))
    report = check()
    assert reasons(report) == ["book-forged"]
    assert report.findings[0].where == "2026-03-04.jsonl:1"


def test_a_line_written_otherwise_is_found(two_days: list[Path], check: Check) -> None:
    two_days[0].write_text(two_days[0].read_text().replace(":", ": "))
    assert reasons(check()) == ["book-unreadable"]


def test_a_removed_first_file_is_found(two_days: list[Path], check: Check) -> None:
    two_days[0].unlink()
    assert reasons(check()) == ["book-truncated"]


def test_a_removed_last_file_is_found_by_the_platform_chain(
    two_days: list[Path], check: Check
) -> None:
    two_days[1].unlink()
    assert reasons(check()) == ["book-truncated"]


def test_a_removed_book_is_found(two_days: list[Path], check: Check) -> None:
    for path in two_days:
        path.unlink()
    assert reasons(check()) == ["book-missing"]


def test_lines_signed_by_another_key_are_found(
    two_days: list[Path], check: Check, book: Path
) -> None:
    public = Book(book).public_key()
    (book / "signing.key").unlink()
    (book / "signing.pub").unlink()
    Book(book)._make_key()
    assert reasons(check()) == ["book-unknown-key"]
    # The auditor who noted the key at the beginning is not fooled by a new one.
    assert check(public_key=public).ok


def test_a_swapped_line_is_found(two_days: list[Path], check: Check) -> None:
    first, second = two_days[1].read_text().splitlines(keepends=True)
    two_days[1].write_text(second + first)
    assert reasons(check()) == ["book-truncated"]


def test_nothing_is_signed_on_top_of_a_broken_book(
    two_days: list[Path], book: Path, write: Write
) -> None:
    two_days[0].write_text("{}\n")
    write(1)
    with pytest.raises(BrokenBook):
        actions.checkpoint(folder=book)


def test_a_line_cut_by_a_crash_is_left_out_then_written_over(
    two_days: list[Path], book: Path, write: Write, check: Check, clock: FixedClock
) -> None:
    with two_days[1].open("a") as stream:
        stream.write('{"number":4,"at":"20')
    assert check().ok
    write(1)
    actions.checkpoint(folder=book, clock=clock)
    report = check()
    assert report.ok, reasons(report)
    assert report.checkpoints == 5


def test_a_book_of_another_machine_is_counted_not_judged(
    two_days: list[Path], check: Check, tmp_path: Path, write: Write
) -> None:
    write(1)
    actions.checkpoint(folder=tmp_path / "other")
    report = check()
    assert report.ok
    assert report.elsewhere == 1


def _forged(source: int, **changes: object) -> str:
    """The hash an attacker who knows the algorithm would give a changed copy of an entry."""
    entry = Entry.objects.get(sequence=source)
    for name, value in changes.items():
        setattr(entry, name, value)
    return verification.sealed(CHAIN, entry).digest()


def _cut(tamper: Tamper, after: int) -> None:
    """Remove the tail and make the head agree."""
    digest = Entry.objects.get(chain__name=CHAIN, sequence=after).hash
    tamper(
        f"DELETE FROM journal_entry WHERE sequence > {after} AND chain_id IN "
        f"(SELECT id FROM journal_chain WHERE name = '{CHAIN}')",
        f"UPDATE journal_chain SET sequence = {after}, head = '{digest}' WHERE name = '{CHAIN}'",
    )
