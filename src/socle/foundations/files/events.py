"""What happens to files."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from socle.kernel.events import Event


@dataclass(frozen=True)
class FileCleared(Event):
    """A file came out of quarantine: it may be read."""

    file_id: UUID


@dataclass(frozen=True)
class FileBlocked(Event):
    """The antivirus found something: the bytes are destroyed. ``owner_id`` is its uploader's, if
    known.
    """

    file_id: UUID
    owner_id: int | None
