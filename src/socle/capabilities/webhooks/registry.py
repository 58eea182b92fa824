"""The names of the events that can be told, declared where facts are turned into calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from socle.capabilities.webhooks import rules

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_events: dict[str, StrOrPromise] = {}


def declare(events: Mapping[str, StrOrPromise]) -> None:
    """Make events known, each with what people call it. ``ValueError`` for a name that is not
    lower-case words joined by dots.
    """
    for name, label in events.items():
        if not rules.is_event(name):
            raise ValueError(f"not the name of an event: {name!r}")
        _events[name] = label


def events() -> Mapping[str, StrOrPromise]:
    """Every event that can be told, in the order declared."""
    return dict(_events)
