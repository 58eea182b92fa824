"""A procedure: `questionnaire.toml`, `workflow.toml`, `letters/*.md`, `examples.toml`."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from socle.capabilities.casework.pack import Workflow
from socle.capabilities.questionnaires.pack import Questionnaire
from socle.foundations.packs.document import Document, Key, Line


class Example(Document):
    """A case a policy officer can read: these answers, then what must be true."""

    title: Line
    answers: dict[str, Any] = {}
    pages: tuple[Key, ...] | None = None
    """The pages asked, in order, when given."""
    valid: bool | None = None
    """Whether these answers may be filed."""
    errors: dict[Key, Line] = {}
    """Field id → the beginning of the message expected there."""
    state: Key | None = None
    """A state of the workflow…"""
    offers: tuple[Key, ...] | None = None
    """…and the transitions an agent is then offered."""
    today: date = date(2026, 1, 15)
    """The day these answers are given."""


class Examples(Document):
    examples: Annotated[tuple[Example, ...], Field(alias="example")] = ()


class Procedure(Document):
    """What a case pins for ever."""

    questionnaire: Questionnaire
    workflow: Workflow
    letters: dict[str, str] = {}
    examples: Examples = Examples()
