"""`questionnaire.toml`: pages of questions. Field ids are stable across revisions."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from socle.foundations.packs.document import Condition, Document, Key, Line, Text

FieldType = Literal[
    "text", "long_text", "integer", "decimal", "boolean", "choice", "choices", "date",
    "email", "phone", "siret", "address", "location", "file", "info",
]  # fmt: skip


class Option(Document):
    value: Key
    label: Line
    hint: str = ""


class Question(Document):
    """One field. Which limits apply depends on the type; a limit out of place is refused."""

    id: Key
    type: FieldType
    label: Line
    hint: str = ""
    required: bool = True
    visible_when: Condition = ""
    options: tuple[Option, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    min_date: date | None = None
    max_date: date | None = None
    max_length: Annotated[int, Field(ge=1, le=20000)] | None = None
    pattern: str = ""
    pattern_message: str = ""
    unit: str = ""
    autocomplete: str = ""
    within: Literal["", "territory"] = ""
    """`address` and `location`: must lie in the territory."""
    accept: tuple[Literal["image", "pdf", "document"], ...] = ("image", "pdf")
    max_files: Annotated[int, Field(ge=1, le=20)] = 1
    text: str = ""
    """`info`: the paragraph shown (Markdown)."""


class Page(Document):
    id: Key
    title: Line
    help: str = ""
    visible_when: Condition = ""
    field: tuple[Question, ...]


class Constraint(Document):
    """A rule over several answers, checked on the page of `field` and again at the end."""

    condition: Condition
    message: Line
    field: Key


class Questionnaire(Document):
    title: Line
    intro: Text
    duration_minutes: Annotated[int, Field(ge=1, le=240)]
    pages: Annotated[tuple[Page, ...], Field(alias="page", min_length=1)]
    constraints: Annotated[tuple[Constraint, ...], Field(alias="constraint")] = ()
    title_template: Line = "{title}"
    """The case's title; `{field_id}` takes an answer's readable value."""
    address_field: str = ""
    """Which address or location field places the case on the map and picks the commune."""
