"""What a means of handing a report over provides: e-mail, Open311, a signed call, others.

A sender writes nothing: it is given plain facts, speaks to the other side, and says what they
answered. The queue, the state of the hand-over, retries and the history are kept by `actions`.

    class Open311Sender:
        def send(self, handover: Outgoing) -> Sent: ...
        def updates(self, handover: Outgoing) -> list[Update]: ...

    registry.register("open311", Open311Sender())     # in the connector's AppConfig.ready()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

UpdateStatus = Literal["open", "accepted", "done", "returned"]
"""What the other side says: received, taken in charge, treated, not theirs."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that may leave the house. `read` gives its bytes; `url` is signed, for a while."""

    name: str
    media_type: str
    read: Callable[[], bytes]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """The outside body: where it is reached, and how the call is signed."""

    id: int
    key: str
    name: str
    email: str = ""
    url: str = ""
    jurisdiction: str = ""
    secret: str = ""
    """Its value, read from the installation's settings when it is sent; never stored."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A report for somebody outside. Nothing in it says who reported it.

    `key` is the same at every attempt, and unique among all installations (it carries ours): the
    other side can tell a repetition by it. `attempts` counts earlier ones: when it is not 0, one
    of them may have arrived although its answer was lost, so a sender whose protocol knows no
    idempotency key first looks for what it may already have sent. Degrees WGS84, times in UTC.
    """

    id: int
    key: str
    attempts: int
    body: Addressee
    reference: str
    category: str
    category_label: str
    service_code: str
    """Their code for our category; the category itself when the body has none for it."""
    title: str
    description: str
    reason: str
    address: str
    area_code: str
    lon: float | None
    lat: float | None
    created_at: datetime
    handed_at: datetime
    priority: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    """Extra questions, readable: label → value."""
    attributes: Mapping[str, object] = field(default_factory=dict)
    """The same, raw: question id → value."""
    photos: tuple[Photo, ...] = ()
    external_id: str = ""
    external_token: str = ""
    external_status: str = ""
    sent_at: datetime | None = None
    synced_at: datetime | None = None
    """Until when their updates are known."""


@dataclass(frozen=True, slots=True)
class Sent:
    """They have it. `external_id` when they said which reference it got, else maybe a `token` to
    ask for it later; both empty where nothing comes back (e-mail).
    """

    external_id: str = ""
    token: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """Something they said. `key` is unique within a hand-over: read twice, it is told once.

    `text` is for the agents, and for the person as well with `public`. `external_id` fills in a
    reference that they only had a token for.
    """

    at: datetime
    status: UpdateStatus
    key: str
    text: str = ""
    external_id: str = ""
    external_status: str = ""
    public: bool = True


class NotSent(Exception):
    """It did not get through. `sentence` is shown to agents (French, no personal data).

    `permanent`: trying again cannot help (refused by them, a wrong address, an unknown service):
    the failure is shown at once. Otherwise it is tried again for days. `retry_after`: seconds they
    asked us to wait, if they did.
    """

    def __init__(
        self, sentence: str, *, permanent: bool = False, retry_after: int | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.permanent = permanent
        self.retry_after = retry_after


class Sender(Protocol):
    """One means of handing over."""

    def send(self, handover: Outgoing) -> Sent:
        """Give it to them. Raises `NotSent`; anything else counts as a passing failure."""
        ...

    def updates(self, handover: Outgoing) -> list[Update]:
        """What they said since `synced_at` (a little before, rather than a little after), oldest
        first; empty when the means brings no news. Raises `NotSent`.
        """
        ...
