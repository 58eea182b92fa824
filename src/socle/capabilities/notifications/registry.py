"""What is made when a message leaves, not when it is queued: rooms above say how."""

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


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push message says. `url`: a path of the platform. `tag`: a later message with the same
    one replaces this one on the screen.
    """

    title: str
    body: str
    url: str
    tag: str


PushSource = Callable[[int], Pushed | None]
"""From the id of what it is about, in the active language; None when there is nothing to say."""

_push_sources: dict[str, PushSource] = {}


def push_source(name: str, source: PushSource) -> None:
    """Let push messages be about a kind of thing. Idempotent."""
    _push_sources[name] = source


def push_source_of(name: str) -> PushSource | None:
    """Who words push messages about this kind of thing; None when nobody does any more."""
    return _push_sources.get(name)
