"""The whole catalogue in memory: a few hundred services, read far more often than they change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from socle.capabilities.catalogue import markdown
from socle.capabilities.catalogue.models import PublicService
from socle.capabilities.catalogue.pack import (
    ContentPage,
    LifeEvent,
    ServiceDeclaration,
    Theme,
    Vocabulary,
)
from socle.capabilities.search.index import Document, Index
from socle.capabilities.search.language import ENGLISH, FRENCH
from socle.capabilities.search.text import fold
from socle.foundations.packs import queries as packs
from socle.foundations.packs.stamps import Stamped

_NOTHING = Vocabulary.model_validate({"life_event": [], "theme": []})
# How much a word counts by where it stands.
_WEIGHTS = {"title": 8.0, "keywords": 6.0, "summary": 3.0, "description": 1.0}


@dataclass(frozen=True)
class Service:
    """A service in force, in one language. Immutable and shared between requests.

    `content` is the declaration in the pack's own names (French); `declaration` its typed form.
    """

    key: str
    revision_id: int
    organisation_id: int
    organisation_slug: str
    organisation: str
    declaration: ServiceDeclaration
    content: Mapping[str, Any]
    language: str
    title: str
    summary: str
    description: str
    action_label: str
    steps: tuple[str, ...]
    conditions: tuple[str, ...]
    processing_time: str
    is_translated: bool
    """False when the service asked in another language is shown in French."""
    body_language: str
    """The language of the description: French under a translated title when only that is."""

    @property
    def icon(self) -> str:
        return self.declaration.icon

    @property
    def theme(self) -> str:
        return self.declaration.theme

    @property
    def life_events(self) -> tuple[str, ...]:
        return self.declaration.life_events

    @property
    def audiences(self) -> tuple[str, ...]:
        return self.declaration.audiences

    @property
    def areas(self) -> tuple[str, ...]:
        return self.declaration.areas

    @property
    def action(self) -> str:
        return self.declaration.action

    @property
    def action_url(self) -> str:
        return self.declaration.action_url

    @property
    def featured(self) -> int:
        return self.declaration.featured

    @property
    def team(self) -> str:
        return self.declaration.team

    def covers(self, area: str | None) -> bool:
        """Whether the service is offered in an area; the whole territory is everywhere."""
        return not area or not self.declaration.areas or area in self.declaration.areas

    def is_for(self, audience: str | None) -> bool:
        return not audience or audience in self.declaration.audiences

    @cached_property
    def description_html(self) -> str:
        """The description as sanitised HTML; titles from level 3, under the section's own."""
        return markdown.to_html(self.description, top_level=3)

    @cached_property
    def easy_read_html(self) -> str:
        """The easy-to-read version (FALC) as sanitised HTML; empty when there is none."""
        text = self.declaration.easy_read
        return markdown.to_html(text, top_level=3) if text else ""


@dataclass(frozen=True)
class Snapshot:
    """The catalogue as the pack in force declares it."""

    services: Mapping[str, Mapping[str, Service]]
    """By language, then by key; in the order of titles."""
    life_events: tuple[LifeEvent, ...]
    themes: tuple[Theme, ...]
    pages: Mapping[str, ContentPage]
    indexes: Mapping[str, Index]

    def language(self, code: str) -> str:
        return "en" if code.lower().startswith("en") else "fr"


def _read() -> Snapshot:
    revision = packs.current("catalogue")
    vocabulary: Vocabulary = _NOTHING if revision is None else packs.document(revision)
    rows = PublicService.objects.filter(is_active=True).select_related("organisation")
    french = sorted(map(_service, rows), key=lambda service: (fold(service.title), service.key))
    english = sorted(map(_in_english, french), key=lambda each: (fold(each.title), each.key))
    names = {theme.id: theme for theme in vocabulary.themes}
    return Snapshot(
        services={
            "fr": {service.key: service for service in french},
            "en": {service.key: service for service in english},
        },
        life_events=tuple(sorted(vocabulary.life_events, key=lambda each: each.position)),
        themes=tuple(sorted(vocabulary.themes, key=lambda each: each.position)),
        pages=packs.documents("page"),
        indexes={
            "fr": Index(
                (_searched(service, names) for service in french),
                language=FRENCH,
                synonyms=vocabulary.synonyms,
            ),
            "en": Index(
                (_searched(service, names) for service in english if service.is_translated),
                language=ENGLISH,
                synonyms=vocabulary.synonyms_en,
            ),
        },
    )


def _service(row: PublicService) -> Service:
    declaration = ServiceDeclaration.model_validate(row.content)
    return Service(
        key=row.key,
        revision_id=row.revision_id,
        organisation_id=row.organisation_id,
        organisation_slug=row.organisation.slug,
        organisation=row.organisation.name,
        declaration=declaration,
        content=row.content,
        language="fr",
        title=declaration.title,
        summary=declaration.summary,
        description=declaration.description,
        action_label=declaration.action_label,
        steps=declaration.steps,
        conditions=declaration.conditions,
        processing_time=declaration.processing_time,
        is_translated=True,
        body_language="fr",
    )


def _in_english(service: Service) -> Service:
    english = service.declaration.en
    if english is None:
        return replace(service, is_translated=False)
    return replace(
        service,
        language="en",
        title=english.title,
        summary=english.summary,
        description=english.description or service.description,
        action_label=english.action_label or service.action_label,
        steps=english.steps or service.steps,
        conditions=english.conditions or service.conditions,
        processing_time=english.processing_time or service.processing_time,
        body_language="en" if english.description else "fr",
    )


def _searched(service: Service, themes: Mapping[str, Theme]) -> Document:
    declaration = service.declaration
    theme = themes.get(service.theme)
    if service.language == "en":
        keywords = list(declaration.en.keywords) if declaration.en else []
        theme_label = theme.label_en if theme else ""
    else:
        keywords = [*declaration.keywords, *(each.label for each in declaration.evidences)]
        theme_label = theme.label if theme else ""
    texts = {
        "title": service.title,
        "keywords": "\n".join([*keywords, theme_label]),
        "summary": service.summary,
        "description": "\n".join([service.description, *service.conditions, *service.steps]),
    }
    return Document(
        id=service.key,
        fields={name: (text, _WEIGHTS[name]) for name, text in texts.items()},
        # A featured service comes first among likes, never before a better match.
        boost=1.0 + service.featured / 1000,
    )


_held = Stamped(_read)


def snapshot() -> Snapshot:
    """The catalogue in force. No query once warm; read again after a pack is applied."""
    return _held.get()
