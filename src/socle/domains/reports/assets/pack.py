"""`reports/assets/<layer>.geojson`: equipment, each a point with an id and a label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from socle.foundations.packs.document import Document, Line
from socle.foundations.packs.parts import Json
from socle.foundations.packs.registry import Item, Name, Section

if TYPE_CHECKING:
    from socle.foundations.packs.context import Context
    from socle.foundations.packs.problems import Problem

NAME = "reports.assets"
Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-85, le=85)]


class GeoJson(Document):
    """GeoJSON has members we do not need (RFC 7946, section 6.1): they are left out."""

    model_config = ConfigDict(extra="ignore")


class Point(GeoJson):
    type: Literal["Point"]
    coordinates: tuple[Lon, Lat]


class Properties(GeoJson):
    id: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][\w.:-]*$")]
    label: Line


class Feature(GeoJson):
    type: Literal["Feature"]
    properties: Properties
    geometry: Point


class AssetLayer(GeoJson):
    type: Literal["FeatureCollection"]
    name: Line
    """What one of them is called: « Lampadaire »."""
    attribution: Annotated[str, Field(max_length=300)] = ""
    demonstration: bool = False
    """Made up to show how it works: said wherever it is shown."""
    features: Annotated[tuple[Feature, ...], Field(min_length=1, max_length=200_000)]


def _check(item: Item[AssetLayer], context: Context) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, feature in enumerate(item.document.features):
        name = feature.properties.id
        if name in seen:
            message = _("L’identifiant « %(id)s » est déjà pris.") % {"id": name}
            yield item.problem(message, "features", index, "properties", "id")
        seen.add(name)


SECTION = Section(
    name=NAME,
    where="reports/assets/*.geojson",
    parts=(Json(""),),
    model=AssetLayer,
    check=_check,
    names=lambda item: [Name("asset_layer", item.key)],
    provides=("asset_layer",),
)
