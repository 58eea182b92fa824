"""Appending to the journal. Call :func:`record` last in an action: it locks the chain until the
transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction

from socle.foundations.journal import checkpoints
from socle.foundations.journal.models import Chain, Entry
from socle.foundations.journal.rules import PLATFORM, Sealed, chain_name, genesis, recordable
from socle.kernel.clock import SYSTEM, Clock

BATCH = 500


class Author(Protocol):
    """Who acts: what the journal needs to know of an ``accounts.actors.Actor``."""

    @property
    def kind(self) -> str: ...
    @property
    def user_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Act:
    """One act to record with others: see :func:`record_many`. ``at`` is for imports of dated acts
    (default: now).
    """

    action: str
    subject: tuple[str, str]
    data: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def chain_for(organisation_id: int | None) -> str:
    """Name of the chain of an organisation; the platform's own chain for ``None``."""
    return chain_name(organisation_id)


def record(
    *,
    chain: str,
    action: str,
    actor: Author,
    subject: tuple[str, str],
    data: Mapping[str, Any] | None = None,
    clock: Clock = SYSTEM,
) -> Entry:
    """Append one act to a chain, in the transaction of the act itself.

    ``chain``: from :func:`chain_for`. ``action``: stable dotted name, ``case.assigned``.
    ``subject``: type and id of what it was done to. ``data``: ids, states, names of fields, never
    personal data. Raises ``RuntimeError`` outside ``transaction.atomic`` (the act and its record
    must live or die together) and ``rules.Unrecordable`` (a ``ValueError``) on data that cannot be
    kept.
    """
    act = Act(action=action, subject=subject, data=data or {})
    return record_many(chain=chain, actor=actor, acts=[act], clock=clock)[0]


def record_many(
    *, chain: str, actor: Author, acts: Iterable[Act], clock: Clock = SYSTEM
) -> list[Entry]:
    """Append several acts under one lock of the chain: for imports and bulk operations. Raises like
    :func:`record`.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("the journal is written inside transaction.atomic()")
    now = clock.now()
    prepared = [(act, recordable(act.data)) for act in acts]
    if not prepared:
        return []
    head = _locked(chain)
    entries: list[Entry] = []
    for act, data in prepared:
        subject_type, subject_id = act.subject
        sealed = Sealed(
            chain=head.name,
            sequence=head.sequence + 1,
            at=act.at or now,
            action=act.action,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            subject_type=subject_type,
            subject_id=str(subject_id),
            data=data,
            previous=head.head,
        )
        _fits(sealed)
        entry = Entry(
            chain=head,
            sequence=sealed.sequence,
            at=sealed.at,
            action=sealed.action,
            actor_kind=sealed.actor_kind,
            actor_id=sealed.actor_id,
            subject_type=sealed.subject_type,
            subject_id=sealed.subject_id,
            data=data,
            previous=sealed.previous,
            hash=sealed.digest(),
        )
        entries.append(entry)
        head.sequence, head.head = entry.sequence, entry.hash
    if len(entries) == 1:
        entries[0].save()
    else:
        Entry.objects.bulk_create(entries, batch_size=BATCH)
    head.save(update_fields=["sequence", "head"])
    return entries


def _locked(name: str) -> Chain:
    """The head row, locked until the end of the transaction.

    PostgreSQL locks the row; on SQLite the transaction already holds the only write lock (``BEGIN
    IMMEDIATE``).
    """
    rows = Chain.objects.select_for_update()
    head = rows.filter(name=name).first()
    if head is None:
        Chain.objects.bulk_create([Chain(name=name, head=genesis(name))], ignore_conflicts=True)
        head = rows.get(name=name)
    return head


def _fits(sealed: Sealed) -> None:
    """SQLite does not enforce lengths: refuse on both what PostgreSQL would."""
    for value, limit in (
        (sealed.action, 80),
        (sealed.actor_kind, 12),
        (sealed.subject_type, 60),
        (sealed.subject_id, 64),
    ):
        if not value or len(value) > limit:
            raise ValueError(f"a journal field is empty or longer than {limit} characters")


@dataclass(frozen=True, slots=True)
class _Platform:
    kind: str = "system"
    user_id: int | None = None


def checkpoint(*, folder: Path | None = None, clock: Clock = SYSTEM) -> int:
    """Sign the head of every chain that moved since its last checkpoint, outside the database.

    ``folder``: default ``<data folder>/journal``. Gives the number of lines written. The platform's
    chain then records where the book of checkpoints ends, so that removing its last lines shows
    too. Call it daily.
    """
    book = checkpoints.Book(folder or default_folder())
    with book.exclusive():
        known, last = book.read()
        heads = [
            (chain.name, chain.sequence, chain.head)
            for chain in Chain.objects.order_by("name").iterator(chunk_size=500)
            if chain.sequence and known.get(chain.name) != (chain.sequence, chain.head)
        ]
        if not heads:
            return 0
        last = book.append(heads, clock.now(), after=last)
        # After the lines, never before: an entry without its line is how a torn-out page shows.
        with transaction.atomic():
            record(
                chain=PLATFORM,
                action="journal.checkpoint",
                actor=_Platform(),
                subject=("journal", last.key),
                data={"line": last.number, "digest": last.digest},
                clock=clock,
            )
    return len(heads)


def default_folder() -> Path:
    """Where the signing key and the checkpoints live: ``<data folder>/journal``."""
    return Path(settings.SOCLE.home) / "journal"
