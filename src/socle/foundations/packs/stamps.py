"""Values computed from what packs declare, kept in each process until a pack is applied.

The database carries one stamp, new at each application. A process looks at it at most every
`RECHECK` seconds (one query by primary key) and forgets everything when it changed; the process
that applies forgets at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import transaction

T = TypeVar("T")

RECHECK = 3.0
"""Seconds during which another process's application may go unnoticed."""

_lock = threading.Lock()
_epoch = 0
_stamp: str | None = None
_next_check = 0.0


def stamp() -> str:
    """The stamp of the pack in force; empty when none was ever applied."""
    global _stamp, _epoch, _next_check
    now = time.monotonic()
    known = _stamp
    if known is not None and now < _next_check:
        return known
    epoch = _epoch
    found = _read()
    with _lock:
        if epoch == _epoch:
            if _stamp is not None and _stamp != found:
                _epoch += 1
            _stamp, _next_check = found, now + RECHECK
    return found


def forget() -> None:
    """Forget what this process keeps: the next reader goes to the database."""
    global _epoch, _stamp
    with _lock:
        _epoch += 1
        _stamp = None


def forget_after_commit() -> None:
    """Forget now, for this transaction's own readers, and again once others can see the change."""
    forget()
    transaction.on_commit(forget)


def _read() -> str:
    from .models import Head

    return Head.objects.filter(pk=Head.ONLY).values_list("stamp", flat=True).first() or ""


class Stamped(Generic[T]):
    """A value loaded once per process and per applied pack.

    `load` may run more than once when several threads ask at the same moment; the value must not be
    modified by its readers.
    """

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._kept: tuple[int, T] | None = None
        self._loading = threading.Lock()

    def get(self) -> T:
        stamp()
        kept = self._kept
        if kept is not None and kept[0] == _epoch:
            return kept[1]
        with self._loading:
            kept = self._kept
            # Read before loading: what a concurrent application makes stale is not kept.
            epoch = _epoch
            if kept is not None and kept[0] == epoch:
                return kept[1]
            value = self._load()
            self._kept = (epoch, value)
            return value
