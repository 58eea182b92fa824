"""What an antivirus must do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Verdict:
    """``clean``, or else the name of what was found."""

    clean: bool
    signature: str = ""


class Antivirus(Protocol):
    """Looks at bytes. ``immediate``: fast enough to be asked while the person waits; else a task
    asks it.
    """

    @property
    def immediate(self) -> bool: ...

    def scan(self, stream: BinaryIO) -> Verdict:
        """Read ``stream`` to its end. Raises ``Unavailable`` when it cannot say: the file then
        stays in quarantine.
        """
        ...
