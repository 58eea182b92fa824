"""Documents made when a letter leaves, not when it is written: rooms above say how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from socle.capabilities.notifications.rules import Attachment

Maker = Callable[[int], Attachment | None]
"""From the id of what it is about; None when there is nothing to send any more."""

_makers: dict[str, Maker] = {}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A document to make and attach when the e-mail leaves. `maker`: its registered name;
    `about`: the id the maker is given.
    """

    maker: str
    about: int


def register(name: str, maker: Maker) -> None:
    """Make a kind of document available under a stable dotted name. Idempotent."""
    _makers[name] = maker


def make(enclosure: Enclosure) -> Attachment | None:
    """The document, made now. ``LookupError`` when nobody makes these."""
    try:
        maker = _makers[enclosure.maker]
    except KeyError:
        raise LookupError(f"nothing makes {enclosure.maker!r}") from None
    return maker(enclosure.about)
