"""`service.toml`, `catalogue.toml`, `content/*/*.md`. Names follow CPSV-AP 3.2 where it has one."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from socle.foundations.packs.document import Document, Key, Line, Text

Audience = Literal["resident", "company", "association", "commune", "agent"]
ChannelKind = Literal["online", "counter", "phone", "mail", "email", "mobile"]
Summary = Annotated[str, Field(min_length=1, max_length=400)]
Url = Annotated[str, StringConstraints(pattern=r"^(?:https://[^\s]+|/[^\s]*)?$", max_length=400)]
"""An https address, or a path of this site."""


class Channel(Document):
    """Where the service can be had (cv:Channel)."""

    kind: ChannelKind
    label: str = ""
    url: Url = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    hours: str = ""


class Cost(Document):
    """What it costs (cv:Cost). `amount_cents` 0 means free; none means it depends."""

    amount_cents: Annotated[int, Field(ge=0)] | None = None
    description: str = ""


class Evidence(Document):
    """A document to have ready (cv:Evidence)."""

    label: Line
    description: str = ""
    required: bool = True


class LegalSource(Document):
    """The text that founds the service (eli:LegalResource)."""

    label: Line
    url: Url = ""


class Link(Document):
    """A page to go further: an official site, a map, a form."""

    label: Line
    url: Annotated[Url, Field(min_length=1)]


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


class Translation(Document):
    """The service in another language. An empty text falls back on the French one."""

    title: Line
    summary: Summary
    description: str = ""
    keywords: tuple[str, ...] = ()
    action_label: str = ""
    steps: tuple[Line, ...] = ()
    conditions: tuple[Line, ...] = ()
    processing_time: str = ""


class ServiceDeclaration(Document):
    title: Line
    summary: Summary
    description: Text
    """Markdown. Its titles start at level 2 (`##`)."""
    organisation: Key
    """Slug of the organisation in charge (cv:hasCompetentAuthority)."""
    provider: Literal["organisation", "commune"] = "organisation"
    """`commune`: each commune provides it to its own residents; the page shows their town hall."""
    icon: Key = "file-text"
    theme: Key
    life_events: tuple[Key, ...] = ()
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1)] = ("resident",)
    areas: tuple[str, ...] = ()
    """INSEE codes or area codes covered; empty means the whole territory."""
    keywords: tuple[str, ...] = ()
    """Words people type that the text does not contain."""
    action: Literal["procedure", "report", "link", "information"] = "information"
    action_url: Url = ""
    action_label: str = ""
    featured: Annotated[int, Field(ge=0, le=100)] = 0
    steps: tuple[Line, ...] = ()
    conditions: tuple[Line, ...] = ()
    processing_time: str = ""
    processing_days: Annotated[int, Field(ge=0, le=730)] | None = None
    """The usual time in calendar days, for machines (cv:processingTime)."""
    validity: str = ""
    reference_prefix: Annotated[str, Field(pattern=r"^[A-HJKMNP-Z]{2}$")] = "DM"
    channels: Annotated[tuple[Channel, ...], Field(alias="channel")] = ()
    costs: Annotated[tuple[Cost, ...], Field(alias="cost")] = ()
    evidences: Annotated[tuple[Evidence, ...], Field(alias="evidence")] = ()
    legal_sources: Annotated[tuple[LegalSource, ...], Field(alias="legal_source")] = ()
    links: Annotated[tuple[Link, ...], Field(alias="link")] = ()
    related: tuple[Key, ...] = ()
    """Keys of services people need along with this one."""
    contact: Contact | None = None
    silence: Silence | None = None
    team: str = ""
    """Slug of the team whose inbox receives the cases."""
    easy_read: str = ""
    """The page in easy-to-read French (FALC), Markdown."""
    en: Translation | None = None


class LifeEvent(Document):
    """A moment of life or business that needs several services (cv:LifeEvent, cv:BusinessEvent)."""

    id: Key
    label: Line
    description: str = ""
    icon: Key = "sparkles"
    kind: Literal["life", "business"] = "life"
    position: int = 0
    label_en: str = ""
    description_en: str = ""


class Theme(Document):
    id: Key
    label: Line
    description: str = ""
    icon: Key = "folder-open"
    position: int = 0
    label_en: str = ""
    description_en: str = ""


class Vocabulary(Document):
    """`catalogue.toml`."""

    life_events: Annotated[tuple[LifeEvent, ...], Field(alias="life_event")]
    themes: Annotated[tuple[Theme, ...], Field(alias="theme")]
    synonyms: tuple[tuple[str, ...], ...] = ()
    """Groups of expressions that mean the same to those who search, in French."""
    synonyms_en: tuple[tuple[str, ...], ...] = ()


class PageText(Document):
    """A heading in TOML, then Markdown; see `foundations.packs.parts.Page`.

    The body may hold the placeholders of `markdown.PLACEHOLDERS`, such as `{organisation}`.
    """

    title: Line
    summary: str = ""
    updated: date
    body: Annotated[str, StringConstraints(min_length=1, max_length=40_000)]


class ContentPage(Document):
    """`content/<slug>/fr.md` and, translated, `content/<slug>/en.md`."""

    fr: PageText
    en: PageText | None = None
