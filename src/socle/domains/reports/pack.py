"""`reports/categories.toml`: what can be reported, who answers for it."""

from typing import Annotated

from pydantic import Field

from socle.capabilities.casework.pack import Workflow
from socle.foundations.packs.document import Document, Key, Line


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
    public: bool = True


class Group(Document):
    id: Key
    label: Line
    icon: Key = "folder"


class Taxonomy(Document):
    organisation: Key
    reference_prefix: Annotated[str, Field(pattern=r"^[A-HJKMNP-Z]{2}$")] = "SG"
    title: Line
    intro: str = ""
    groups: Annotated[tuple[Group, ...], Field(alias="group", min_length=1)]
    categories: Annotated[tuple[Category, ...], Field(alias="category", min_length=1)]


class Reporting(Document):
    """What a report pins for ever: the categories, the workflow, the letters."""

    categories: Taxonomy
    workflow: Workflow
    letters: dict[str, str] = {}
