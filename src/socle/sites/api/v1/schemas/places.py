"""Categories, areas, organisations, services."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from socle.sites.api.v1.operations import N_
from socle.sites.api.v1.schemas.shared import Asked, Code, Given, KeyText


class CategoriesAsked(Asked):
    area: Annotated[
        Code | None, Field(description=N_("Code de la commune : ses propres catégories."))
    ] = None


class Choice(Given):
    value: str
    label: str


class Question(Given):
    id: str
    label: str
    type: str
    required: bool
    visible_when: Annotated[str, Field(description=N_("Condition sur les autres réponses."))]
    choices: list[Choice]


class Category(Given):
    id: str
    label: str
    description: str
    group: str
    group_label: str
    keywords: list[str]
    icon: str
    public: Annotated[bool, Field(description=N_("Ses signalements se voient sur la carte."))]
    urgent: Annotated[str, Field(description=N_("Qui appeler plutôt, en cas de danger."))]
    questions: list[Question]
    assets: Annotated[bool, Field(description=N_("On peut choisir un équipement sur la carte."))]


class Categories(Given):
    items: list[Category]


class AssetsAsked(Asked):
    category: KeyText
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    radius: Annotated[float, Field(gt=0, le=500, description=N_("Mètres."))] = 60.0


class Asset(Given):
    id: str
    label: str
    lon: float
    lat: float
    distance: Annotated[float, Field(description=N_("Mètres."))]


class Assets(Given):
    items: list[Asset]


class Area(Given):
    code: str
    name: str
    kind: str
    organisation: str | None
    postal_codes: list[str]
    population: int
    lon: float
    lat: float
    bbox: Annotated[list[float], Field(min_length=4, max_length=4)]


class Areas(Given):
    items: list[Area]
    contours: Annotated[str, Field(description=N_("Contours en GeoJSON."))]
    attribution: str


class Organisation(Given):
    slug: str
    name: str
    kind: str
    siren: str
    website: str


class Organisations(Given):
    items: list[Organisation]


class Service(Given):
    key: str
    title: str
    summary: str
    theme: str
    organisation: str
    href: str


class Services(Given):
    items: list[Service]


class LinkedData(Given):
    """A `cpsv:PublicService` (CPSV-AP 3.2) in JSON-LD."""

    model_config = ConfigDict(extra="allow")

    context: Annotated[dict[str, Any], Field(alias="@context")]
    id: Annotated[str, Field(alias="@id")]
    type: Annotated[str, Field(alias="@type")]
