"""What becomes of a message that belongs to no case: domains say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from socle.foundations.files.models import StoredFile
from socle.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Unthreaded:
    """A message from somebody, about nothing we know. Addresses are in lower case.

    `files()` takes its attachments in (once; held by `claim`); `refused()` names those that could
    not be, with why. `key` is the same when the message is read again: a key against doing twice.
    """

    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    key: str
    claim: str
    files: Callable[[], list[StoredFile]] = field(repr=False)
    refused: Callable[[], list[str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opening:
    """What an opener did: the case it opened, or why it opened none."""

    case_id: int | None = None
    reason: str = ""
    file_ids: tuple[UUID, ...] = ()


Opener = Callable[[Unthreaded, Clock], Opening | None]
"""`None`: this message is not for me."""

_openers: list[Opener] = []


def opener(each: Opener) -> None:
    """Register an opener; they are asked in turn. Idempotent. Bears being asked twice."""
    if each not in _openers:
        _openers.append(each)


def openers() -> tuple[Opener, ...]:
    """Every opener, in order of registration."""
    return tuple(_openers)


@contextmanager
def isolated(*others: Opener) -> Iterator[None]:
    """Inside, only these openers. For tests."""
    saved = _openers[:]
    _openers[:] = others
    try:
        yield
    finally:
        _openers[:] = saved
