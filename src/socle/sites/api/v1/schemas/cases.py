"""An organisation's cases, for its own programs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from socle.sites.api.v1.operations import N_
from socle.sites.api.v1.schemas.shared import (
    Code,
    Flag,
    Given,
    KeyText,
    Page,
    Paged,
    Sent,
    StatusName,
)

Identifier = Annotated[int, Field(ge=1, le=2**53)]
Kind = Literal["request", "report"]


class CasesAsked(Paged):
    kinds: Annotated[list[Kind], Field(max_length=2)] = []
    statuses: Annotated[list[StatusName], Field(max_length=100)] = []
    states: Annotated[list[KeyText], Field(max_length=100)] = []
    services: Annotated[list[KeyText], Field(max_length=100)] = []
    categories: Annotated[list[KeyText], Field(max_length=100)] = []
    areas: Annotated[list[Code], Field(max_length=100)] = []
    teams: Annotated[list[Identifier], Field(max_length=100)] = []
    assignee: Annotated[
        Annotated[str, StringConstraints(pattern=r"^(none|[0-9]{1,15})$")] | None,
        Field(description=N_("Identifiant d’un agent, ou none : personne.")),
    ] = None
    open: Annotated[
        Literal["true", "false", "all"], Field(description=N_("Ouverts, clos, ou tous."))
    ] = "all"
    overdue: Flag | None = None
    news: Annotated[Flag | None, Field(description=N_("La personne a écrit en dernier."))] = None
    text: Annotated[str, Field(max_length=200)] = ""
    created_from: date | None = None
    created_to: date | None = None


class CaseLine(Given):
    reference: str
    kind: Kind
    title: str
    service: str
    category: str
    state: str
    state_label: str
    status: StatusName
    is_open: bool
    has_news: bool
    version: int
    team_id: int | None
    team: str
    assignee_id: int | None
    assignee: str
    channel: str
    address: str
    area: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    due_at: AwareDatetime | None
    overdue: bool
    href: str


class CasePage(Page):
    items: list[CaseLine]


class Applicant(Given):
    name: str
    email: str
    phone: str


class Act(Given):
    id: str
    label: str
    needs: Annotated[list[str], Field(description=N_("Textes à fournir : message, reason."))]


class CaseDetail(Given):
    reference: str
    kind: Kind
    title: str
    description: str
    service: str
    category: str
    state: str
    state_label: str
    status: StatusName
    is_open: bool
    version: int
    organisation: str
    team_id: int | None
    team: str
    assignee_id: int | None
    assignee: str
    contact: Applicant
    channel: str
    language: str
    lon: float | None
    lat: float | None
    address: str
    area: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    due_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    transitions: list[Act]
    href: str


class Document(Given):
    id: int
    label: str
    name: str
    media_type: str
    size: int
    internal: bool
    href: str


class Documents(Given):
    items: list[Document]


class MessageLine(Given):
    id: int
    author: str
    from_agent: bool
    internal: bool
    body: str
    created_at: AwareDatetime
    documents: list[Document]


class Messages(Given):
    items: list[MessageLine]


class HistoryLine(Given):
    version: int
    kind: str
    at: AwareDatetime
    title: str
    text: str
    by: str
    public: bool


class History(Given):
    items: list[HistoryLine]


class Team(Given):
    id: int
    slug: str
    name: str


class Teams(Given):
    items: list[Team]


class NewTransition(Sent):
    transition: KeyText
    message: Annotated[str, Field(max_length=20_000, description=N_("Écrit à la personne."))] = ""
    reason: Annotated[str, Field(max_length=2_000, description=N_("Reste entre agents."))] = ""


class NewMessage(Sent):
    body: Annotated[str, Field(min_length=1, max_length=20_000)]
    internal: Annotated[bool, Field(description=N_("Note entre agents."))] = False
    photos: Annotated[list[UUID], Field(max_length=5)] = []


class NewAssignment(Sent):
    """What is absent stays; null is nobody."""

    team_id: Identifier | None = None
    assignee_id: Identifier | None = None


class MessageSent(Given):
    id: int
    created_at: AwareDatetime
