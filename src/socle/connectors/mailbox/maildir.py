"""A folder that a mail server delivers to, one file per message (maildir(5)).

Messages wait in ``new`` (and in ``cur`` without the flag "seen", where a mail program may have put
them). Once treated they are moved to ``cur`` as seen; those that cannot be, to ``failed``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from socle.kernel.errors import TooLarge, Unavailable

_SEEN = ":2,S"


@dataclass
class File:
    """One message of a Maildir."""

    path: Path
    root: Path
    limit: int

    @property
    def name(self) -> str:
        return self.path.name

    def raw(self) -> bytes:
        try:
            if self.path.stat().st_size > self.limit:
                raise TooLarge()
            return self.path.read_bytes()
        except OSError as error:
            raise Unavailable(code="mailbox-unavailable") from error

    def done(self) -> None:
        self._move("cur", self.path.name.partition(":")[0] + _SEEN)

    def failed(self) -> None:
        self._move("failed", self.path.name.partition(":")[0])

    def _move(self, folder: str, name: str) -> None:
        try:
            (self.root / folder).mkdir(mode=0o700, exist_ok=True)
            self.path.replace(self.root / folder / name)
        except FileNotFoundError:
            # Another reader was faster; the message is known to be treated all the same.
            return
        except OSError as error:
            raise Unavailable(code="mailbox-unavailable") from error


class Maildir:
    """`root`: the folder that holds ``new`` and ``cur``. `limit`: bytes of one message."""

    def __init__(self, root: Path, limit: int) -> None:
        self.root, self.limit = root, limit

    def waiting(self, limit: int) -> Iterator[File]:
        """Messages not treated yet, the oldest first. Raises `Unavailable`."""
        try:
            found = [
                entry
                for folder in ("new", "cur")
                if (self.root / folder).is_dir()
                for entry in (self.root / folder).iterdir()
                if self._waits(entry)
            ]
            if not (self.root / "new").is_dir():
                raise FileNotFoundError(self.root)
            # Delivery names begin with the second of arrival.
            found.sort(key=lambda entry: (entry.stat().st_mtime, entry.name))
        except OSError as error:
            raise Unavailable(code="mailbox-unavailable") from error
        return (File(entry, self.root, self.limit) for entry in found[:limit])

    @staticmethod
    def _waits(entry: Path) -> bool:
        if entry.name.startswith(".") or not entry.is_file() or entry.is_symlink():
            return False
        flags = entry.name.partition(":2,")[2]
        return entry.parent.name == "new" or not set(flags) & set("ST")


def from_settings() -> Maildir:
    """The one that ``SOCLE_MAILBOX_FOLDER`` names."""
    options = settings.SOCLE.mailbox
    return Maildir(options.folder or Path(), options.max_megabytes * 1_000_000)
