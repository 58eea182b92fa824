"""Facts that an action announces, and who hears them.

An action emits, inside its transaction, a frozen dataclass which says what happened::

    @dataclass(frozen=True)
    class CaseClosed(Event):
        case_id: int

    events.emit(CaseClosed(case_id=case.pk))

Two kinds of listeners, chosen when the application starts (``config/wiring.py``):

- ``within(CaseClosed, handler)`` runs at once, in the same transaction; an exception there undoes
  the whole action. This is where outbox tasks are written, so that a fact and its consequences are
  stored together or not at all.
- ``on(CaseClosed, handler)`` runs after the commit, and only if it happens; an exception there is
  logged and goes no further. What must not be lost belongs in ``within``: a crash between the
  commit and the handler forgets it.

A handler subscribed to a parent class hears its subclasses; ``on(Event, …)`` hears everything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.db import transaction

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """Base of every fact: a frozen dataclass of plain values.

    Ids rather than rows, and nothing personal it can do without.
    """


class EmittedOutsideTransaction(RuntimeError):
    """``emit`` was called outside ``transaction.atomic``.

    A programming error: the fact could be announced without its cause being stored.
    """


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], object]
_Table = dict[type[Event], tuple[Handler, ...]]

_within: _Table = {}
_on: _Table = {}


def within(event_type: type[E], handler: Callable[[E], object]) -> None:
    """Call ``handler(event)`` in the emitting transaction; its exceptions undo that transaction.

    Subscribing the same handler twice changes nothing.
    """
    _subscribe(_within, event_type, handler)


def on(event_type: type[E], handler: Callable[[E], object]) -> None:
    """Call ``handler(event)`` after the commit; its exceptions are logged, never propagated.

    Subscribing the same handler twice changes nothing.
    """
    _subscribe(_on, event_type, handler)


def emit(event: Event, *, using: str | None = None) -> None:
    """Announce a fact from inside ``transaction.atomic``.

    ``using``: database alias of that transaction (default: the default database). Raises
    :class:`EmittedOutsideTransaction` outside one, and whatever a ``within`` handler raises.
    """
    if not transaction.get_connection(using).in_atomic_block:
        raise EmittedOutsideTransaction(
            f"{type(event).__name__} emitted outside transaction.atomic()"
        )
    for handler in _handlers(_within, event):
        handler(event)
    for handler in _handlers(_on, event):
        transaction.on_commit(partial(_run, handler, event), using=using, robust=True)


@contextmanager
def isolated_subscriptions() -> Iterator[None]:
    """For tests: nobody listens but those who subscribe inside; the former come back after."""
    saved = dict(_within), dict(_on)
    _within.clear()
    _on.clear()
    try:
        yield
    finally:
        for table, former in zip((_within, _on), saved, strict=True):
            table.clear()
            table.update(former)


def _subscribe(table: _Table, event_type: type[Event], handler: Handler) -> None:
    present = table.get(event_type, ())
    if handler not in present:
        table[event_type] = (*present, handler)


def _handlers(table: _Table, event: Event) -> list[Handler]:
    """Listeners of the event's class first, then of its parents; each one once."""
    found = [handler for kind in type(event).__mro__ for handler in table.get(kind, ())]
    return list(dict.fromkeys(found))


def _run(handler: Handler, event: Event) -> None:
    try:
        handler(event)
    except Exception:
        # The event's values stay out of the log: they may be personal.
        logger.exception(
            "handler %s of %s failed after commit", _name(handler), type(event).__name__
        )


def _name(handler: Handler) -> str:
    name = getattr(handler, "__qualname__", type(handler).__qualname__)
    return f"{handler.__module__}.{name}"
