"""The means of handing over, by `ExternalBody.means`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from socle.domains.reports.handovers.ports import Sender

_senders: dict[str, Sender] = {}


def register(means: str, sender: Sender) -> None:
    """Add or replace a means; called once from an ``AppConfig.ready()``."""
    _senders[means] = sender


def sender(means: str) -> Sender | None:
    """The sender of a means; `None` when this installation has none for it."""
    return _senders.get(means)


@contextmanager
def replaced(**senders: Sender) -> Iterator[None]:
    """Inside, these senders instead; what was before comes back afterwards. For tests."""
    saved = dict(_senders)
    _senders.update(senders)
    try:
        yield
    finally:
        _senders.clear()
        _senders.update(saved)
