"""`service.toml` and the catalogue's vocabularies. Names follow CPSV-AP 3.2 where it has one."""

from typing import Annotated, Literal

from pydantic import Field

from socle.foundations.packs.document import Document, Key, Line, Text

Audience = Literal["resident", "company", "association", "commune", "agent"]
ChannelKind = Literal["online", "counter", "phone", "mail", "email", "mobile"]


class Channel(Document):
    """Where the service can be had (cpsv:Channel)."""

    kind: ChannelKind
    label: str = ""
    url: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    hours: str = ""


class Cost(Document):
    """What it costs (cpsv:Cost). `amount_cents` 0 means free."""

    amount_cents: Annotated[int, Field(ge=0)] | None = None
    description: str = ""


class Evidence(Document):
    """A document to have ready (cpsv:Evidence)."""

    label: Line
    description: str = ""
    required: bool = True


class LegalSource(Document):
    label: Line
    url: str = ""


class Contact(Document):
    name: Line
    phone: str = ""
    email: str = ""
    address: str = ""
    hours: str = ""


class Silence(Document):
    """What an absence of answer means, and when (CRPA L.231-1 and L.231-4)."""

    meaning: Literal["acceptance", "rejection", "none"]
    months: Annotated[int, Field(ge=1, le=24)] = 2
    source: str = ""


class ServiceDeclaration(Document):
    title: Line
    summary: Annotated[str, Field(min_length=1, max_length=400)]
    description: Text
    organisation: Key
    """Slug of the organisation in charge (cv:hasCompetentAuthority)."""
    icon: Key = "file-text"
    theme: Key
    life_events: tuple[Key, ...] = ()
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1)] = ("resident",)
    areas: tuple[str, ...] = ()
    """INSEE codes or area codes covered; empty means the whole territory."""
    keywords: tuple[str, ...] = ()
    """Words people type that the text does not contain."""
    action: Literal["procedure", "report", "link", "information"] = "information"
    action_url: str = ""
    action_label: str = ""
    featured: Annotated[int, Field(ge=0, le=100)] = 0
    steps: tuple[Line, ...] = ()
    conditions: tuple[Line, ...] = ()
    processing_time: str = ""
    validity: str = ""
    reference_prefix: Annotated[str, Field(pattern=r"^[A-HJKMNP-Z]{2}$")] = "DM"
    channels: Annotated[tuple[Channel, ...], Field(alias="channel")] = ()
    costs: Annotated[tuple[Cost, ...], Field(alias="cost")] = ()
    evidences: Annotated[tuple[Evidence, ...], Field(alias="evidence")] = ()
    legal_sources: Annotated[tuple[LegalSource, ...], Field(alias="legal_source")] = ()
    contact: Contact | None = None
    silence: Silence | None = None
    team: str = ""
    """Slug of the team whose inbox receives the cases."""
    easy_read: str = ""
    """The page in easy-to-read French (FALC), Markdown."""


class LifeEvent(Document):
    id: Key
    label: Line
    description: str = ""
    icon: Key = "sparkles"
    position: int = 0


class Theme(Document):
    id: Key
    label: Line
    description: str = ""
    icon: Key = "folder"
    position: int = 0


class Vocabulary(Document):
    """`catalogue.toml`."""

    life_events: Annotated[tuple[LifeEvent, ...], Field(alias="life_event")]
    themes: Annotated[tuple[Theme, ...], Field(alias="theme")]
