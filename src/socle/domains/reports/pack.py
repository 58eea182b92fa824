"""`reports/categories.toml`: what can be reported, who answers for it."""

from typing import Annotated, Literal

from pydantic import Field

from socle.capabilities.casework.pack import Workflow
from socle.capabilities.questionnaires.pack import Question
from socle.foundations.packs.document import Document, Key, Line, Text

WorkingHours = Annotated[int, Field(ge=1, le=4000)]


class Category(Document):
    """A thing that can be wrong on public space.

    `team` answers by default; `commune_team` names a team slug looked up first in the commune where
    the report lies (competence stays with the commune when it has such a team).
    """

    id: Key
    label: Line
    description: str = ""
    icon: Key = "circle-alert"
    group: Key
    keywords: tuple[str, ...] = ()
    team: Key
    commune_team: str = ""
    urgent: str = ""
    """Shown instead of the form's next step when the matter is an emergency (who to phone)."""
    duplicate_radius_m: Annotated[int, Field(ge=0, le=500)] = 30
    days: Annotated[int, Field(ge=1, le=365)] = 10
    working_hours: WorkingHours | None = None
    """What is promised, in hours of the owner's `calendar.toml`; stands before `days`."""
    urgent_hours: WorkingHours | None = None
    """The same for a report that triage finds must be seen to at once (priority 2)."""
    public: bool = True
    asset_layer: Annotated[str, Field(max_length=80)] = ""
    """Name of `assets/<name>.geojson`: which lamp post, which container."""
    questions: Annotated[tuple[Question, ...], Field(alias="question")] = ()
    """Asked besides the place, the words and the photo; a condition reads the answers before."""


class Group(Document):
    id: Key
    label: Line
    icon: Key = "folder"


class Closing(Document):
    """A text ready to be sent when a report is closed or answered, by transition and category."""

    id: Key
    label: Line
    transitions: tuple[Key, ...] = ()
    """Empty: whichever asks for a message."""
    categories: tuple[Key, ...] = ()
    """Empty: every one."""
    body: Text
    """`{reference}`, `{address}`, `{organisation}`… as letters have them."""


class Taxonomy(Document):
    organisation: Key
    reference_prefix: Annotated[str, Field(pattern=r"^[A-HJKMNP-Z]{2}$")] = "SG"
    title: Line
    intro: str = ""
    moderation: Literal["before", "after"] = "before"
    """When agents read what people wrote: `before` everybody may (place, category and dates show at
    once, words and photos once let through), or `after`."""
    groups: Annotated[tuple[Group, ...], Field(alias="group", min_length=1)]
    categories: Annotated[tuple[Category, ...], Field(alias="category", min_length=1)]
    closings: Annotated[tuple[Closing, ...], Field(alias="closing")] = ()


class Reporting(Document):
    """What a report pins for ever: the categories, the workflow, the letters."""

    categories: Taxonomy
    workflow: Workflow
    letters: dict[str, str] = {}
