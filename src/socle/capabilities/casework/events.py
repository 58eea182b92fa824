"""Facts about cases, emitted in the transaction of the act. Ids and states only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from socle.kernel.events import Event


@dataclass(frozen=True)
class CaseChanged(Event):
    """Parent of every fact below: something happened to a case, which is now at `version`."""

    case_id: int
    organisation_id: int
    kind: str
    version: int


@dataclass(frozen=True)
class CaseOpened(CaseChanged):
    channel: str = "web"


@dataclass(frozen=True)
class CaseStateChanged(CaseChanged):
    transition: str
    source: str
    target: str
    public_status: str
    is_open: bool


@dataclass(frozen=True)
class CaseClosed(CaseStateChanged):
    """It went from open to closed."""


@dataclass(frozen=True)
class CaseReopened(CaseStateChanged):
    """It went from closed to open."""


@dataclass(frozen=True)
class MessagePosted(CaseChanged):
    message_id: int
    internal: bool
    from_agent: bool


@dataclass(frozen=True)
class CaseAssigned(CaseChanged):
    team_id: int | None
    assignee_id: int | None


@dataclass(frozen=True)
class CaseTransferred(CaseChanged):
    """`organisation_id` is the new owner."""

    from_organisation_id: int
    returned: bool = False
    """Given back to who had handed it over."""


@dataclass(frozen=True)
class DocumentAdded(CaseChanged):
    document_ids: tuple[int, ...]
    from_agent: bool


@dataclass(frozen=True)
class CaseAnonymised(CaseChanged):
    """Whoever keeps a copy of who the person was erases it in the same transaction."""


@dataclass(frozen=True)
class CaseMerged(CaseChanged):
    """Its people, photos and messages are now another's: `survivor_id`."""

    survivor_id: int


@dataclass(frozen=True)
class CaseUnmerged(CaseChanged):
    """It is a case of its own again, no longer part of `survivor_id`."""

    survivor_id: int


@dataclass(frozen=True)
class CaseJoined(CaseChanged):
    """The other side of a merge or of its undoing: this case took others in, or let them go."""

    merged_ids: tuple[int, ...]
    undone: bool = False


@dataclass(frozen=True)
class CaseSplit(CaseChanged):
    """It was shared out among parts, opened in the same transaction."""

    child_ids: tuple[int, ...]


@dataclass(frozen=True)
class FollowersChanged(Event):
    """Somebody follows a case, or no longer does; `count` is how many do now."""

    case_id: int
    count: int


@dataclass(frozen=True)
class DeadlineNear(CaseChanged):
    """Most of the time given has passed: its managers were told, once."""

    team_id: int | None
    due_at: datetime
