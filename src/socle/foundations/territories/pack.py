"""`territory.toml`, `communes.csv`, `contours.geojson`, `opening_hours.json`: who covers what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from socle.foundations.packs.document import Document, Key, Line
from socle.foundations.packs.pack import Email, WebAddress
from socle.foundations.packs.parts import Csv, Json, Toml
from socle.foundations.packs.registry import Item, Name, Section

from . import actions, geometry, rules

if TYPE_CHECKING:
    from socle.foundations.packs.context import Context
    from socle.foundations.packs.problems import Problem

Siren = Annotated[str, Field(pattern=r"^(\d{9})?$")]
Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z-]*$", max_length=20)]
Degrees = Annotated[float, Field(ge=-180, le=180)]
Clock = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Day = Annotated[int, Field(ge=1, le=7)]


class Opening(Document):
    """Days (1 Monday to 7 Sunday) that share the same hours, in local time."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)]
    hours: tuple[tuple[Clock, Clock], ...]


class Body(Document):
    """A public body or a partner."""

    slug: Key
    name: Line
    siren: Siren = ""
    email: Email = ""
    phone: Annotated[str, Field(max_length=30)] = ""
    website: Annotated[WebAddress, Field(max_length=200)] = ""
    address: Annotated[str, Field(max_length=300)] = ""
    opening_hours: Annotated[tuple[Opening, ...], Field(alias="opening")] = ()


class Metropole(Body):
    code: Code
    """Code of the whole territory, as an area."""


class Commune(Document):
    """A line of `communes.csv`: an organisation and the area it covers.

    `code` is the INSEE code; `lon` and `lat` place the town hall, or the middle, in degrees.
    """

    code: Code
    slug: Key
    name: Line
    siren: Siren = ""
    postal_codes: tuple[Annotated[str, Field(pattern=r"^\d{4,5}$")], ...] = ()
    population: Annotated[int, Field(ge=0)] = 0
    lon: Degrees
    lat: Degrees
    address: Annotated[str, Field(max_length=300)] = ""
    phone: Annotated[str, Field(max_length=30)] = ""
    email: Email = ""
    website: Annotated[WebAddress, Field(max_length=200)] = ""


class GeoJson(Document):
    """GeoJSON has members we do not need (RFC 7946, section 6.1): they are left out."""

    model_config = ConfigDict(extra="ignore")


class Geometry(GeoJson):
    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[Any]


class Properties(GeoJson):
    code: Code


class Feature(GeoJson):
    type: Literal["Feature"]
    properties: Properties
    geometry: Geometry


class Contours(GeoJson):
    type: Literal["FeatureCollection"]
    features: Annotated[tuple[Feature, ...], Field(min_length=1)]


class Territory(Document):
    """The whole of a territory: its métropole, communes and partners."""

    metropole: Metropole
    contours_attribution: Line
    """Credited wherever the contours are drawn."""
    partners: Annotated[tuple[Body, ...], Field(alias="partner")] = ()
    communes: Annotated[tuple[Commune, ...], Field(min_length=1)]
    contours: Contours
    opening_hours: dict[str, tuple[Opening, ...]] = {}
    """Of the town halls, by the code of the commune."""

    def bodies(self) -> Iterator[tuple[tuple[str | int, ...], Body | Commune]]:
        """Every organisation with its path in the files."""
        yield ("metropole",), self.metropole
        for index, partner in enumerate(self.partners):
            yield ("partner", index), partner
        for index, commune in enumerate(self.communes):
            yield ("communes", index), commune

    def slugs(self, kind: str) -> tuple[str, ...]:
        """Slugs of the organisations of a kind (`metropole`, `commune`, `partner`)."""
        if kind == "metropole":
            return (self.metropole.slug,)
        bodies: Iterable[Body | Commune] = self.communes if kind == "commune" else self.partners
        return tuple(body.slug for body in bodies)

    def hours_of(self, commune: Commune) -> list[dict[str, Any]]:
        return as_json(self.opening_hours.get(commune.code, ()))


def as_json(openings: Iterable[Opening]) -> list[dict[str, Any]]:
    """Opening hours as `Organisation.opening_hours` keeps them."""
    return [opening.model_dump(mode="json") for opening in openings]


def names(item: Item[Territory]) -> Iterator[Name]:
    """Organisations by slug, areas by code."""
    territory = item.document
    for path, body in territory.bodies():
        yield Name("organisation", body.slug, (*path, "slug"))
    yield Name("area", territory.metropole.code, ("metropole", "code"))
    for index, commune in enumerate(territory.communes):
        yield Name("area", commune.code, ("communes", index, "code"))


def check(item: Item[Territory], context: Context) -> Iterator[Problem]:
    """SIREN numbers, contours and hours: what the types cannot see."""
    territory = item.document
    yield from _check_sirens(item)
    yield from _check_contours(item)
    codes = {commune.code for commune in territory.communes}
    for code, openings in territory.opening_hours.items():
        if code not in codes:
            message = _("Aucune commune n’a le code « %(code)s ».") % {"code": code}
            yield item.problem(message, "opening_hours", code)
        yield from _check_hours(item, openings, "opening_hours", code)
    for path, body in territory.bodies():
        if isinstance(body, Body):
            yield from _check_hours(item, body.opening_hours, *path, "opening")


def _check_sirens(item: Item[Territory]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, body in item.document.bodies():
        if not body.siren:
            continue
        if not rules.is_siren(body.siren):
            message = _("« %(siren)s » n’est pas un numéro SIREN : sa clé de contrôle est fausse.")
            yield item.problem(message % {"siren": body.siren}, *path, "siren")
        elif body.siren in seen:
            message = _("Ce SIREN est déjà celui de « %(name)s ».") % {"name": seen[body.siren]}
            yield item.problem(message, *path, "siren")
        seen.setdefault(body.siren, body.name)


def _check_contours(item: Item[Territory]) -> Iterator[Problem]:
    territory = item.document
    wrong = {
        "shape": _("Ce contour n’est pas une géométrie GeoJSON correcte."),
        "empty": _("Ce contour est vide."),
        "range": _("Ce contour n’est pas en degrés (longitude, latitude WGS 84)."),
        "crossed": _("Ce contour se croise lui-même."),
    }
    drawn: dict[str, Feature] = {}
    codes = {commune.code for commune in territory.communes}
    for index, feature in enumerate(territory.contours.features):
        path = ("contours", "features", index)
        code = feature.properties.code
        if code not in codes:
            message = _("Aucune commune n’a le code « %(code)s ».") % {"code": code}
            yield item.problem(message, *path, "properties", "code")
        if code in drawn:
            message = _("La commune « %(code)s » a déjà un contour.") % {"code": code}
            yield item.problem(message, *path, "properties", "code")
        drawn[code] = feature
        reason = geometry.why_wrong(feature.geometry.model_dump())
        if reason:
            yield item.problem(wrong[reason], *path, "geometry")
    for index, commune in enumerate(territory.communes):
        if commune.code not in drawn:
            message = _("La commune « %(name)s » n’a pas de contour.") % {"name": commune.name}
            yield item.problem(message, "communes", index, "code")


def _check_hours(
    item: Item[Territory], openings: Iterable[Opening], *path: str | int
) -> Iterator[Problem]:
    for index, opening in enumerate(openings):
        for slot, (start, end) in enumerate(opening.hours):
            if start >= end:
                message = _("Ces heures sont à l’envers : %(start)s – %(end)s.")
                values = {"start": start, "end": end}
                yield item.problem(message % values, *path, index, "hours", slot)


SECTION = Section(
    name="territory",
    where=".",
    parts=(
        Toml("territory.toml"),
        Csv("communes.csv", "communes", row=Commune),
        Json("contours.geojson", "contours"),
        Json("opening_hours.json", "opening_hours", required=False),
    ),
    model=Territory,
    check=check,
    apply=lambda item, applying: actions.apply_territory(item.document),
    withdraw=lambda key, applying: actions.withdraw_territory(),
    names=names,
    provides=("organisation", "area"),
    after=("site",),
    required=True,
)
