"""What casework asks of the outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Waiting(Protocol):
    """A message that waits in a mailbox. `name` tells it from others in the log; nothing
    personal.
    """

    @property
    def name(self) -> str: ...

    def raw(self) -> bytes:
        """The whole message. Raises `Unavailable`, `TooLarge`."""
        ...

    def done(self) -> None:
        """It was treated: it waits no more. Raises `Unavailable`."""
        ...

    def failed(self) -> None:
        """It cannot be treated: put it aside, where a person finds it. Raises `Unavailable`."""
        ...


class Mailbox(Protocol):
    """Where messages arrive."""

    def waiting(self, limit: int) -> Iterator[Waiting]:
        """Messages not treated yet, the oldest first. Raises `Unavailable`."""
        ...
