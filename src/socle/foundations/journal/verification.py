"""Checking the journal: every entry, every chain, every signed checkpoint, in constant memory.

What each comparison finds: the hash of an entry over its own fields, an *edit*; its link to the one
before, an *edit made consistent*, a *reorder* or an *insert*; its number, a *removal*; the head of
the chain, a cut or added *tail*; the checkpoints signed outside the database, a chain rewritten
*entirely*, its head included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from django.db import connection

from socle.foundations.journal import triggers
from socle.foundations.journal.checkpoints import Book, BrokenBook, Line
from socle.foundations.journal.models import Chain, Entry
from socle.foundations.journal.rules import PLATFORM, Sealed, genesis

PAGE = 2_000

Reason = Literal[
    "altered", "unlinked", "missing", "truncated", "beyond-head", "head-altered", "chain-missing",
    "checkpoint-mismatch", "checkpoint-truncated",
    "book-missing", "book-unreadable", "book-unlinked", "book-unknown-key", "book-forged",
    "book-truncated", "guards-missing",
]  # fmt: skip

SENTENCES: dict[Reason, str] = {
    "altered": "the entry is not what was recorded: one of its fields was changed",
    "unlinked": "the entry does not follow the one before: one was rewritten, moved or inserted",
    "missing": "an entry is missing: it was removed or renumbered",
    "truncated": "the last entries are missing: the head of the chain is further on",
    "beyond-head": "entries were added after the head of the chain",
    "head-altered": "the head of the chain is not the hash of its last entry",
    "chain-missing": "the chain is gone, a signed checkpoint knows it",
    "checkpoint-mismatch": "the chain was rewritten: a signed checkpoint says otherwise",
    "checkpoint-truncated": "the last entries are missing: a signed checkpoint is further on",
    "book-missing": "checkpoints were signed on this machine and are gone",
    "book-unreadable": "a line of the checkpoints cannot be read",
    "book-unlinked": "a line of the checkpoints does not follow the one before",
    "book-unknown-key": "a line of the checkpoints was signed by another key",
    "book-forged": "the signature of a line of the checkpoints is wrong",
    "book-truncated": "lines are missing from the checkpoints",
    "guards-missing": "the database's guards of the journal are not in place",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. ``sequence``: the first bad entry of the chain; ``where``: file and line in
    the checkpoints.
    """

    reason: Reason
    chain: str = ""
    sequence: int | None = None
    where: str = ""

    def __str__(self) -> str:
        place = self.where or (f"{self.chain} #{self.sequence}" if self.chain else "journal")
        return f"{place}: {SENTENCES[self.reason]}"


@dataclass(slots=True)
class Report:
    """What was checked and what is wrong. ``elsewhere``: checkpoints signed on other machines, not
    checked here.
    """

    findings: list[Finding] = field(default_factory=list)
    chains: int = 0
    entries: int = 0
    checkpoints: int = 0
    elsewhere: int = 0
    public_key: str | None = None

    @property
    def ok(self) -> bool:
        return not self.findings


def verify(
    chain: str | None = None,
    checkpoints_dir: Path | None = None,
    public_key: str | None = None,
) -> Report:
    """Check one chain or all, and the checkpoints that concern them.

    ``checkpoints_dir``: the folder of the book (default: the data folder's). ``public_key``: as
    noted by the auditor when it was made; without it the folder's own is believed. It may run while
    entries are being appended.
    """
    from socle.foundations.journal.actions import default_folder

    report = Report()
    book = Book(checkpoints_dir or default_folder())
    report.public_key = public_key or book.public_key()
    if not triggers.installed(connection):
        report.findings.append(Finding("guards-missing"))
    for name, chain_id in _chains(chain):
        report.chains += 1
        count, finding = _walk(name, chain_id)
        report.entries += count
        if finding is not None:
            report.findings.append(finding)
    last = _check_book(report, book, chain)
    if chain in (None, PLATFORM):
        _check_end_of_book(report, last)
    return report


def _chains(only: str | None) -> Iterator[tuple[str, int]]:
    rows = Chain.objects.order_by("name")
    if only is not None:
        rows = rows.filter(name=only)
    yield from rows.values_list("name", "pk").iterator(chunk_size=500)


def _walk(name: str, chain_id: int) -> tuple[int, Finding | None]:
    """Follow a chain from its first entry to its head; stop at the first thing that is wrong.

    The head is read after the entries: an entry and its head are committed together, so an entry
    already seen that the head does not reach yet can only have been slipped in.
    """
    expected, previous = 1, genesis(name)
    while True:
        for entry in _page(chain_id, expected - 1):
            if entry.sequence != expected:
                return expected - 1, Finding("missing", name, expected)
            if not _holds(name, entry):
                return expected - 1, Finding("altered", name, expected)
            if entry.previous != previous:
                return expected - 1, Finding("unlinked", name, expected)
            expected, previous = expected + 1, entry.hash
        head = Chain.objects.filter(pk=chain_id).values_list("sequence", "head").first()
        if head is None:
            return expected - 1, Finding("chain-missing", name, 1)
        sequence, digest = head
        if sequence < expected - 1:
            return expected - 1, Finding("beyond-head", name, sequence + 1)
        if sequence == expected - 1:
            same = digest == previous
            return sequence, None if same else Finding("head-altered", name, max(sequence, 1))
        if not Entry.objects.filter(chain_id=chain_id, sequence__gte=expected).exists():
            return expected - 1, Finding("truncated", name, expected)


def _page(chain_id: int, after: int) -> Iterator[Entry]:
    """Entries after a sequence, a bounded number of rows in memory at a time."""
    while True:
        rows = Entry.objects.filter(chain_id=chain_id, sequence__gt=after).order_by("sequence")
        page = list(rows[:PAGE])
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].sequence


def sealed(chain: str, entry: Entry) -> Sealed:
    """What the hash of an entry covers."""
    return Sealed(
        chain=chain,
        sequence=entry.sequence,
        at=entry.at,
        action=entry.action,
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        subject_type=entry.subject_type,
        subject_id=entry.subject_id,
        data=entry.data,
        previous=entry.previous,
    )


def _holds(chain: str, entry: Entry) -> bool:
    """Whether the entry is what its hash says; data without a canonical form never was ours."""
    try:
        return sealed(chain, entry).digest() == entry.hash
    except (ValueError, TypeError):
        return False


def _check_book(report: Report, book: Book, only: str | None) -> Line | None:
    """Compare every signed line with the database; give the last line that holds."""
    last: Line | None = None
    seen: set[tuple[str, Reason]] = set()
    lines = book.lines(report.public_key)
    try:
        while batch := list(islice(lines, 500)):
            last = batch[-1]
            report.checkpoints += len(batch)
            wanted = [line for line in batch if only is None or line.chain == only]
            for finding in _compare(wanted):
                # The first checkpoint that disagrees says enough about a chain.
                if (finding.chain, finding.reason) not in seen:
                    seen.add((finding.chain, finding.reason))
                    report.findings.append(finding)
    except BrokenBook as broken:
        reason: Any = "book-truncated" if broken.reason == "missing" else f"book-{broken.reason}"
        report.findings.append(Finding(reason, where=broken.where))
        return None
    return last


def _compare(lines: Iterable[Line]) -> Iterator[Finding]:
    lines = list(lines)
    chains = dict(
        Chain.objects.filter(name__in={line.chain for line in lines}).values_list("name", "pk")
    )
    found = {
        (chain_id, sequence): digest
        for chain_id, sequence, digest in Entry.objects.filter(
            chain_id__in=chains.values(), sequence__in={line.sequence for line in lines}
        ).values_list("chain_id", "sequence", "hash")
    }
    for line in lines:
        chain_id = chains.get(line.chain)
        if chain_id is None:
            yield Finding("chain-missing", line.chain, 1)
        elif (chain_id, line.sequence) not in found:
            yield Finding("checkpoint-truncated", line.chain, line.sequence)
        elif found[chain_id, line.sequence] != line.head:
            yield Finding("checkpoint-mismatch", line.chain, line.sequence)


def _check_end_of_book(report: Report, last: Line | None) -> None:
    """The platform's chain remembers where each book ended: fewer lines than that, and some were
    torn out.
    """
    rows = Entry.objects.filter(chain__name=PLATFORM, action="journal.checkpoint")
    broken = any(finding.reason.startswith("book-") for finding in report.findings)
    ends: dict[str, tuple[int, int]] = {}
    for key, sequence, data in (
        rows.order_by("sequence")
        .values_list("subject_id", "sequence", "data")
        .iterator(chunk_size=PAGE)
    ):
        ends[key] = (int(data.get("line", 0)), sequence)
    for key, (line, sequence) in ends.items():
        if key != report.public_key:
            report.elsewhere += 1
        elif not broken and (last is None or last.number < line):
            reason: Reason = "book-missing" if last is None else "book-truncated"
            report.findings.append(Finding(reason, PLATFORM, sequence))
