"""What sites ask of the catalogue. No query once the process is warm, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from socle.capabilities.catalogue import markdown
from socle.capabilities.catalogue.pack import LifeEvent, ServiceDeclaration, Theme
from socle.capabilities.catalogue.snapshot import Service, Snapshot, snapshot
from socle.capabilities.search.highlight import segments
from socle.capabilities.search.index import Hit
from socle.kernel.errors import NotFound

__all__ = [
    "Found",
    "Heading",
    "Page",
    "Results",
    "Service",
    "by_life_event",
    "by_theme",
    "declaration",
    "featured",
    "find_service",
    "headings_of_life_events",
    "headings_of_themes",
    "life_event",
    "life_events",
    "page",
    "pages",
    "related",
    "search",
    "service",
    "services",
    "theme",
    "themes",
]

Segments = list[tuple[str, bool]]
"""Pieces of a text and whether to mark them."""


@dataclass(frozen=True, slots=True)
class Found:
    """A service found, with the words of the query to mark in its title and summary."""

    service: Service
    title: Segments
    summary: Segments


@dataclass(frozen=True, slots=True)
class Results:
    """`suggestion`: the query spelt as the catalogue would, None when nothing is misspelt."""

    query: str
    found: tuple[Found, ...]
    suggestion: str | None

    @property
    def services(self) -> tuple[Service, ...]:
        return tuple(each.service for each in self.found)


@dataclass(frozen=True, slots=True)
class Heading:
    """A life event or a theme in one language, and how many services it holds."""

    id: str
    label: str
    description: str
    icon: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """A content page as HTML. `language` is that of the text, French when not translated."""

    slug: str
    language: str
    title: str
    summary: str
    updated: date
    html: str
    contents: tuple[tuple[str, str], ...]
    """(id, title) of its parts."""
    languages: tuple[str, ...]


# --- Services ---


def search(
    text: str,
    *,
    area: str | None = None,
    audience: str | None = None,
    limit: int = 20,
    language: str = "fr",
) -> Results:
    """Services that answer what somebody typed, best first.

    `area`: code of a commune or other area; only services that cover it. `audience`: as in
    `pack.Audience`. A query that finds nothing in the page's language is tried in the other one.
    """
    held = snapshot()
    language = held.language(language)
    spoken = language
    hits = _hits(held, spoken, text, area, audience, limit)
    if not hits:
        spoken = "fr" if language == "en" else "en"
        hits = _hits(held, spoken, text, area, audience, limit)
    found = []
    for hit in hits:
        shown = held.services[language][hit.id]
        # Marks belong to the language searched; in the other one nothing is marked.
        marks = hit.highlights if spoken == language else {}
        found.append(
            Found(
                service=shown,
                title=segments(shown.title, marks.get("title", ())),
                summary=segments(shown.summary, marks.get("summary", ())),
            )
        )
    suggestion = held.indexes[language].suggest(text) if spoken == language or not hits else None
    return Results(query=text, found=tuple(found), suggestion=suggestion)


def _hits(
    held: Snapshot, language: str, text: str, area: str | None, audience: str | None, limit: int
) -> list[Hit]:
    offered = held.services[language]

    def keep(key: str) -> bool:
        return offered[key].covers(area) and offered[key].is_for(audience)

    return held.indexes[language].search(text, limit, keep=keep)


def service(key: str, *, language: str = "fr") -> Service:
    """The service in force. Raises NotFound."""
    found = find_service(key, language=language)
    if found is None:
        raise NotFound(_("Ce service n’existe pas ou n’est plus proposé."))
    return found


def find_service(key: str, *, language: str = "fr") -> Service | None:
    """The service in force, None when there is none."""
    held = snapshot()
    return held.services[held.language(language)].get(key)


def declaration(key: str) -> ServiceDeclaration | None:
    """The typed declaration of a service in force, None when there is none."""
    found = find_service(key)
    return found.declaration if found else None


def services(
    *, area: str | None = None, audience: str | None = None, language: str = "fr"
) -> tuple[Service, ...]:
    """Every service in force, by title."""
    return _services(snapshot(), area, audience, language)


def by_life_event(
    event_id: str, *, area: str | None = None, audience: str | None = None, language: str = "fr"
) -> tuple[Service, ...]:
    """Services of a life event, featured first, then by title."""
    found = _services(snapshot(), area, audience, language)
    return _featured_first(each for each in found if event_id in each.life_events)


def by_theme(
    theme_id: str, *, area: str | None = None, audience: str | None = None, language: str = "fr"
) -> tuple[Service, ...]:
    """Services of a theme, featured first, then by title."""
    found = _services(snapshot(), area, audience, language)
    return _featured_first(each for each in found if each.theme == theme_id)


def featured(
    n: int = 6, *, area: str | None = None, audience: str | None = None, language: str = "fr"
) -> tuple[Service, ...]:
    """The `n` services put forward, most featured first."""
    found = _services(snapshot(), area, audience, language)
    return _featured_first(each for each in found if each.featured)[:n]


def related(key: str, n: int = 4, *, language: str = "fr") -> tuple[Service, ...]:
    """Services to read next: those the declaration names, then the theme's."""
    held = snapshot()
    known = held.services[held.language(language)]
    this = known.get(key)
    if this is None:
        return ()
    named = [known[each] for each in this.declaration.related if each in known]
    same = _featured_first(
        each
        for each in known.values()
        if each.theme == this.theme and each.key != key and each not in named
    )
    return (*named, *same)[:n]


def _services(
    held: Snapshot, area: str | None, audience: str | None, language: str
) -> tuple[Service, ...]:
    return tuple(
        each
        for each in held.services[held.language(language)].values()
        if each.covers(area) and each.is_for(audience)
    )


def _featured_first(found: Iterable[Service]) -> tuple[Service, ...]:
    # The sort is stable: titles stay in order among equals.
    return tuple(sorted(found, key=lambda each: -each.featured))


# --- Vocabulary ---


def life_events() -> tuple[LifeEvent, ...]:
    """Life events in the pack's order."""
    return snapshot().life_events


def themes() -> tuple[Theme, ...]:
    """Themes in the pack's order."""
    return snapshot().themes


def headings_of_life_events(*, language: str = "fr") -> tuple[Heading, ...]:
    """Life events that hold at least one service, with their texts in a language."""
    held = snapshot()
    found = (_heading(held, each, language) for each in held.life_events)
    return tuple(each for each in found if each.count)


def headings_of_themes(*, language: str = "fr") -> tuple[Heading, ...]:
    """Themes that hold at least one service, with their texts in a language."""
    held = snapshot()
    found = (_heading(held, each, language) for each in held.themes)
    return tuple(each for each in found if each.count)


def life_event(event_id: str, *, language: str = "fr") -> Heading:
    """A life event by id. Raises NotFound."""
    held = snapshot()
    for each in held.life_events:
        if each.id == event_id:
            return _heading(held, each, language)
    raise NotFound(_("Cette situation n’existe pas."))


def theme(theme_id: str, *, language: str = "fr") -> Heading:
    """A theme by id. Raises NotFound."""
    held = snapshot()
    for each in held.themes:
        if each.id == theme_id:
            return _heading(held, each, language)
    raise NotFound(_("Ce thème n’existe pas."))


def _heading(held: Snapshot, term: LifeEvent | Theme, language: str) -> Heading:
    english = held.language(language) == "en"
    known = held.services["fr"].values()
    if isinstance(term, LifeEvent):
        count = sum(term.id in each.life_events for each in known)
    else:
        count = sum(term.id == each.theme for each in known)
    return Heading(
        id=term.id,
        label=(english and term.label_en) or term.label,
        description=(english and term.description_en) or term.description,
        icon=term.icon,
        kind=term.kind if isinstance(term, LifeEvent) else "theme",
        count=count,
    )


# --- Content pages ---


def page(slug: str, *, language: str = "fr", values: Mapping[str, str] | None = None) -> Page:
    """A content page as sanitised HTML. Raises NotFound.

    `values` fill the placeholders of `markdown.PLACEHOLDERS`; they are escaped.
    """
    held = snapshot()
    found = held.pages.get(slug)
    if found is None:
        raise NotFound(_("Cette page n’existe pas."))
    spoken = "en" if found.en and held.language(language) == "en" else "fr"
    text = found.en if found.en and spoken == "en" else found.fr
    given = {**(values or {}), "updated": date_format(text.updated, "j F Y")}
    body = markdown.fill(text.body, given)
    return Page(
        slug=slug,
        language=spoken,
        title=text.title,
        summary=text.summary,
        updated=text.updated,
        html=markdown.to_html(body),
        contents=tuple(markdown.headings(body)),
        languages=("fr", "en") if found.en else ("fr",),
    )


def pages() -> tuple[str, ...]:
    """Slugs of the content pages, in order."""
    return tuple(sorted(snapshot().pages))
