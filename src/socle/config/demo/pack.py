"""`demonstration.toml`: who shows the platform, and what they might say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from socle.foundations.packs.context import Context
from socle.foundations.packs.document import Document, Key, Line
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.problems import Problem
from socle.foundations.packs.registry import Item, Section


class Person(Document):
    """An account of the demonstration."""

    email: Line
    given: Line
    family: Line
    who: Line
    """Shown in the table of logins."""
    who_en: Line
    path: str = "/"
    """Where to begin."""
    language: Literal["fr", "en"] = "fr"
    organisation: str = ""
    role: Literal["", "agent", "counter", "manager", "administrator"] = ""
    teams: tuple[Key, ...] = ()
    platform: bool = False
    entity: str = ""
    """Name of the company or association the person represents."""
    entity_kind: Literal["company", "association"] = "company"
    siret: str = ""
    rna: str = ""
    hidden: bool = False
    """An account that is not listed among the logins."""


class Saying(Document):
    """Descriptions of reports of one category."""

    category: Key
    texts: Annotated[tuple[Line, ...], Field(min_length=1)]


class Answer(Document):
    """How answers of one service are drawn: field → possible values."""

    service: Key
    values: dict[str, tuple[str | int | bool, ...]] = {}


class Demonstration(Document):
    seed: int = 1
    months: Annotated[int, Field(ge=1, le=60)] = 24
    requests: Annotated[int, Field(ge=0, le=2000)] = 200
    live_reports: Annotated[int, Field(ge=0, le=5000)] = 400
    historic_reports: Annotated[int, Field(ge=0, le=50000)] = 3000
    password: Annotated[str, Field(min_length=12, max_length=60)]
    """Published on purpose: these accounts exist in demonstrations only."""
    streets: Annotated[tuple[Line, ...], Field(min_length=1)]
    given_names: Annotated[tuple[Line, ...], Field(min_length=1)]
    family_names: Annotated[tuple[Line, ...], Field(min_length=1)]
    persons: Annotated[tuple[Person, ...], Field(alias="person", min_length=1)]
    sayings: Annotated[tuple[Saying, ...], Field(alias="saying")] = ()
    answers: Annotated[tuple[Answer, ...], Field(alias="answer")] = ()
    replies: tuple[Line, ...] = ()
    """What people write back."""
    notes: tuple[Line, ...] = ()
    """Notes between agents."""


def _check(item: Item[Demonstration], context: Context) -> Iterator[Problem]:
    for index, person in enumerate(item.document.persons):
        yield from context.known(
            item, "organisation", person.organisation, "person", index, "organisation"
        )
        yield from context.all_known(item, "team", person.teams, "person", index, "teams")
        if person.role and not person.organisation:
            yield item.problem(
                "Un rôle s’exerce dans une organisation : indiquez-la.", "person", index, "role"
            )
    for index, saying in enumerate(item.document.sayings):
        yield from context.known(item, "category", saying.category, "saying", index, "category")
    for index, answer in enumerate(item.document.answers):
        yield from context.known(item, "procedure", answer.service, "answer", index, "service")


SECTION = Section(
    name="demonstration",
    where=".",
    parts=(Toml("demonstration.toml"),),
    model=Demonstration,
    check=_check,
)
