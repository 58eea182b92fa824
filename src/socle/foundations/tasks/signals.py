"""Waking the worker of this process as soon as a task is committed; workers elsewhere poll."""

from __future__ import annotations

import threading
from collections.abc import Callable

_listeners: set[Callable[[], object]] = set()
_lock = threading.Lock()


def wake() -> None:
    """Tell every listener of this process that there may be work."""
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener()


def listen(listener: Callable[[], object]) -> None:
    with _lock:
        _listeners.add(listener)


def forget(listener: Callable[[], object]) -> None:
    with _lock:
        _listeners.discard(listener)
