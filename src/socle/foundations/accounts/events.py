"""Facts about people. They carry ids only: whoever hears them reads what it may read."""

from __future__ import annotations

from dataclasses import dataclass

from socle.kernel.events import Event


@dataclass(frozen=True)
class PersonRegistered(Event):
    """`email_verified`: the address is already known to be theirs."""

    user_id: int
    email_verified: bool


@dataclass(frozen=True)
class ProfileUpdated(Event):
    user_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class MemberAdded(Event):
    """A person became a member, or came back as one."""

    user_id: int
    organisation_id: int
    role: str


@dataclass(frozen=True)
class MemberChanged(Event):
    user_id: int
    organisation_id: int
    role: str


@dataclass(frozen=True)
class MemberRemoved(Event):
    """Listen to hand over what the person had under way in this organisation."""

    user_id: int
    organisation_id: int


@dataclass(frozen=True)
class ConsentGranted(Event):
    user_id: int
    purpose: str


@dataclass(frozen=True)
class ConsentWithdrawn(Event):
    user_id: int
    purpose: str


@dataclass(frozen=True)
class RepresentationRequested(Event):
    representation_id: int


@dataclass(frozen=True)
class RepresentationVerified(Event):
    representation_id: int
    user_id: int
    entity_id: int


@dataclass(frozen=True)
class RepresentationDeclined(Event):
    representation_id: int
    user_id: int
    entity_id: int


@dataclass(frozen=True)
class IdentityLinked(Event):
    """Tell the person: somebody who holds this identity can enter the account from now on."""

    user_id: int
    provider: str


@dataclass(frozen=True)
class IdentityUnlinked(Event):
    user_id: int
    provider: str


@dataclass(frozen=True)
class AccountClosed(Event):
    """The account is anonymous from now on. Rooms that keep a copy of who the person was erase it
    in the same transaction (``within``); what they keep for statistics must not name anyone.
    """

    user_id: int
    email: str
