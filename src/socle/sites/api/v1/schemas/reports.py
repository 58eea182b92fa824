"""Public reports, and sending one."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from socle.sites.api.v1.operations import N_
from socle.sites.api.v1.schemas.shared import (
    Asked,
    Box,
    Code,
    Flag,
    Given,
    Instant,
    KeyText,
    Page,
    Paged,
    Reference,
    Sent,
    Slug,
    StatusName,
)

_MANY = Field(max_length=100, description=N_("Plusieurs valeurs : répétez le paramètre."))


class ReportFilter(Asked):
    """What may be asked of public reports."""

    categories: Annotated[list[KeyText], _MANY] = []
    statuses: Annotated[list[StatusName], _MANY] = []
    organisation: Annotated[
        Slug | None, Field(description=N_("Identifiant de l’organisation qui traite."))
    ] = None
    area: Annotated[Code | None, Field(description=N_("Code de la commune."))] = None
    bbox: Annotated[Box | None, Field(description=N_("Ouest, sud, est, nord, en degrés."))] = None
    since: Annotated[Instant | None, Field(description=N_("Signalés à partir de cet instant."))] = (
        None
    )
    until: Annotated[Instant | None, Field(description=N_("Signalés avant cet instant."))] = None
    updated_since: Annotated[
        Instant | None, Field(description=N_("Modifiés depuis cet instant."))
    ] = None
    words: Annotated[
        str, Field(max_length=200, description=N_("Mots de la référence, du lieu ou du texte."))
    ] = ""
    references: Annotated[list[Reference], _MANY] = []
    is_open: Annotated[
        Flag | None, Field(description=N_("true : en cours ; false : clos ; absent : tous."))
    ] = None


class ReportsAsked(ReportFilter, Paged):
    pass


class MapAsked(ReportFilter):
    bbox: Annotated[Box, Field(description=N_("Ouest, sud, est, nord, en degrés."))]
    limit: Annotated[
        int, Field(ge=1, le=5_000, description=N_("Nombre de signalements, les plus récents."))
    ] = 1_000


class CountedAsked(Asked):
    """Filters that are counted beforehand, whatever the zoom."""

    categories: Annotated[list[KeyText], _MANY] = []
    statuses: Annotated[list[StatusName], _MANY] = []
    organisation: Slug | None = None
    is_open: Flag | None = None


class TileAsked(CountedAsked):
    """Filters of a tile. With a commune or a date, low zooms group the newest 5,000."""

    area: Annotated[Code | None, Field(description=N_("Code de la commune."))] = None
    since: Annotated[Instant | None, Field(description=N_("Signalés à partir de cet instant."))] = (
        None
    )


class StatisticsAsked(CountedAsked):
    bbox: Annotated[Box | None, Field(description=N_("Ouest, sud, est, nord, en degrés."))] = None


class Photo(Given):
    id: int
    href: str
    thumbnail: str
    width: int | None
    height: int | None


class Report(Given):
    """A report as everybody may see it."""

    reference: str
    status: StatusName
    status_label: str
    is_open: bool
    category: str
    category_label: str
    organisation: Annotated[str, Field(description=N_("Qui traite le signalement."))]
    area: str
    lon: Annotated[float, Field(description=N_("Longitude, degrés WGS 84."))]
    lat: Annotated[float, Field(description=N_("Latitude, degrés WGS 84."))]
    address: str
    text: Annotated[str, Field(description=N_("Vide tant qu’un agent ne l’a pas relu."))]
    followers: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    closed_at: AwareDatetime | None
    photos: list[Photo]
    href: str


class ReportPage(Page):
    items: list[Report]


class Step(Given):
    at: AwareDatetime
    title: str
    text: str
    tone: str


class Trail(Given):
    reference: str
    items: list[Step]


class Counted(Given):
    key: str
    label: str
    count: int


class Statistics(Given):
    total: int
    by_category: list[Counted]
    by_status: list[Counted]


class Contact(Sent):
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    email: Annotated[
        str, StringConstraints(max_length=254, pattern=r"^([^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+)?$")
    ] = ""
    phone: Annotated[str, StringConstraints(max_length=30)] = ""


class NewReport(Sent):
    category: Annotated[KeyText, Field(description=N_("Une des catégories du lieu."))]
    lon: Annotated[float, Field(ge=-180, le=180, description=N_("Longitude, degrés WGS 84."))]
    lat: Annotated[float, Field(ge=-90, le=90, description=N_("Latitude, degrés WGS 84."))]
    description: Annotated[
        str, Field(max_length=4_000, description=N_("Obligatoire sans photo."))
    ] = ""
    address: Annotated[str, Field(max_length=300)] = ""
    answers: Annotated[
        dict[str, Any],
        Field(max_length=100, description=N_("Réponses aux questions de la catégorie.")),
    ] = {}
    asset_id: Annotated[
        str,
        Field(max_length=100, description=N_("Équipement choisi, de la couche de la catégorie.")),
    ] = ""
    photos: Annotated[
        list[UUID], Field(max_length=5, description=N_("Identifiants de photos déjà envoyées."))
    ] = []
    upload_token: Annotated[
        str,
        Field(max_length=100, description=N_("Rendu par l’envoi de la première photo, sans clé.")),
    ] = ""
    contact: Contact | None = None


class ReportSent(Given):
    reference: str
    href: str
    created_at: AwareDatetime
    follow_token: Annotated[
        str, Field(description=N_("Secret : ouvre le suivi privé et les compléments."))
    ]
    follow_url: str


class Uploaded(Given):
    id: UUID
    name: str
    size: int
    media_type: str
    lon: Annotated[float | None, Field(description=N_("Où la photo a été prise, si elle le dit."))]
    lat: float | None
    upload_token: Annotated[
        str, Field(description=N_("À redonner avec les photos suivantes et le signalement."))
    ]


class NewUpdate(Sent):
    text: Annotated[str, Field(max_length=4_000)] = ""
    photos: Annotated[list[UUID], Field(max_length=5)] = []
    upload_token: Annotated[str, Field(max_length=100)] = ""


class UpdateSent(Given):
    id: int
    created_at: AwareDatetime


class TileLayer(Given):
    id: str
    fields: dict[str, str]
    minzoom: int = 0


class TileJson(Given):
    """TileJSON 3.0.0."""

    tilejson: str
    name: str
    tiles: list[str]
    minzoom: int
    maxzoom: int
    bounds: list[float]
    center: list[float]
    attribution: str
    vector_layers: list[TileLayer]
