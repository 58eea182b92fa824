"""Facts about cases, emitted in the transaction of the act. Ids and states only."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class DocumentAdded(CaseChanged):
    document_ids: tuple[int, ...]
    from_agent: bool


@dataclass(frozen=True)
class CaseAnonymised(CaseChanged):
    """Whoever keeps a copy of who the person was erases it in the same transaction."""
