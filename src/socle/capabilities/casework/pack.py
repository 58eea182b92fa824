"""`workflow.toml`: a table of states and transitions; public meaning apart from internal state."""

from typing import Annotated, Literal

from pydantic import Field

from socle.capabilities.casework.models import PublicStatus
from socle.foundations.packs.document import Condition, Document, Key, Line, Text

Who = Literal["agent", "manager", "applicant", "system"]


class State(Document):
    id: Key
    label: Line
    public: PublicStatus
    public_text: str = ""
    """The sentence shown to the person who asked, in plain words."""
    open: bool = True


class Effect(Document):
    """What an act does besides changing the state."""

    notify: Literal["", "applicant", "team", "assignee"] = ""
    letter: str = ""
    """Name of `letters/<name>.md`, sent with `notify`."""
    assign: Literal["", "actor", "nobody"] = ""


class Transition(Document):
    id: Key
    label: Line
    sources: Annotated[tuple[Key, ...], Field(alias="from", min_length=1)]
    target: Annotated[Key, Field(alias="to")]
    who: Annotated[tuple[Who, ...], Field(min_length=1)] = ("agent",)
    condition: Condition = ""
    """Over the answers; the transition is not offered when it is false."""
    needs: tuple[Literal["message", "reason"], ...] = ()
    """`message` goes to the applicant; `reason` stays inside."""
    style: Literal["primary", "normal", "danger"] = "normal"
    effects: Annotated[tuple[Effect, ...], Field(alias="effect")] = ()


class Deadline(Document):
    """How long the owner has while in a state: calendar or working days (*jours ouvrés*), or
    working hours (`calendar.toml`). One of `days` and `hours`.
    """

    state: Key
    days: Annotated[int, Field(ge=1, le=730)] | None = None
    hours: Annotated[int, Field(ge=1, le=4000)] | None = None
    working: bool = False
    text: str = ""


class Timer(Document):
    """A transition that happens by itself when nothing moved for so many days."""

    state: Key
    days: Annotated[int, Field(ge=1, le=730)]
    working: bool = False
    transition: Key
    """One that the `system` may perform."""


class Escalation(Document):
    """When the managers are told that a deadline is near; `hours_before` (working hours) wins."""

    percent: Annotated[int, Field(ge=1, le=99)] | None = 80
    """Of the time given."""
    hours_before: Annotated[int, Field(ge=1, le=400)] | None = None


class Parts(Document):
    """What a case split into parts waits for."""

    closing: Literal["waits", "free"] = "waits"
    """Whether it may be closed before they are."""
    transition: str = ""
    """Performed by itself when the last part is closed; one that the `system` may perform."""


class CannedReply(Document):
    id: Key
    label: Line
    body: Text


class Workflow(Document):
    initial: Key
    states: Annotated[tuple[State, ...], Field(alias="state", min_length=1)]
    transitions: Annotated[tuple[Transition, ...], Field(alias="transition")] = ()
    opening: tuple[Effect, ...] = ()
    """What filing does: an acknowledgement letter of the pack's own, a word to the team."""
    deadlines: Annotated[tuple[Deadline, ...], Field(alias="deadline")] = ()
    timers: Annotated[tuple[Timer, ...], Field(alias="timer")] = ()
    replies: Annotated[tuple[CannedReply, ...], Field(alias="reply")] = ()
    escalation: Escalation = Escalation()
    parts: Parts = Parts()
    retention_months: Annotated[int, Field(ge=1, le=1200)] | None = None
    """How long after it is closed a case keeps names, words and files (RGPD, article 5.1.e); then
    it is anonymised. None: for as long as nobody has decided.
    """
    suspension: Literal["calendar", "working"] = "calendar"
    """How what is left is counted while the clock is stopped; in working hours as soon as one
    deadline is.
    """

    @property
    def in_working_hours(self) -> bool:
        return self.suspension == "working" or any(each.hours for each in self.deadlines)
