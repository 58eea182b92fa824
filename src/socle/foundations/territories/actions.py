"""Bringing organisations and areas in line with the pack. Called by `packs.apply` only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socle.foundations.packs import stamps

from . import geometry
from .models import Area, Organisation

if TYPE_CHECKING:
    from .pack import Body, Commune, Territory

_ORGANISATION_FIELDS = [
    "kind", "name", "siren", "parent", "email", "phone", "website", "postal_address",
    "opening_hours", "is_active",
]  # fmt: skip
_AREA_FIELDS = [
    "kind", "name", "organisation", "postal_codes", "population", "lon", "lat",
    "west", "south", "east", "north", "contour", "attribution",
]  # fmt: skip


def apply_territory(territory: Territory) -> None:
    """Write the organisations and areas of a pack; those it no longer has are switched off.

    Organisations are never deleted: cases belong to them. Areas are, cases keep their code.
    """
    slugs = [body.slug for _path, body in territory.bodies()]
    # First, so that a body whose slug changes may keep its SIREN.
    Organisation.objects.exclude(slug__in=slugs).filter(is_active=True).update(is_active=False)
    metropole = Organisation.objects.update_or_create(
        slug=territory.metropole.slug,
        defaults=_values(territory.metropole, Organisation.Kind.METROPOLE, None),
    )[0]
    others = [
        Organisation(slug=body.slug, **_values(body, kind, metropole))
        for kind, bodies in (
            (Organisation.Kind.PARTNER, territory.partners),
            (Organisation.Kind.COMMUNE, territory.communes),
        )
        for body in bodies
    ]
    hours = {commune.slug: territory.hours_of(commune) for commune in territory.communes}
    for organisation in others:
        organisation.opening_hours = hours.get(organisation.slug, organisation.opening_hours)
    Organisation.objects.bulk_create(
        others,
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=_ORGANISATION_FIELDS,
    )
    _write_areas(territory, metropole)
    stamps.forget_after_commit()


def withdraw_territory() -> None:
    """The pack has no territory any more."""
    Organisation.objects.filter(is_active=True).update(is_active=False)
    Area.objects.all().delete()
    stamps.forget_after_commit()


def _values(body: Body | Commune, kind: str, parent: Organisation | None) -> dict[str, Any]:
    from .pack import Body, as_json

    return {
        "kind": kind,
        "name": body.name,
        "siren": body.siren,
        "parent": parent,
        "email": body.email,
        "phone": body.phone,
        "website": body.website,
        "postal_address": body.address,
        "opening_hours": as_json(body.opening_hours) if isinstance(body, Body) else [],
        "is_active": True,
    }


def _write_areas(territory: Territory, metropole: Organisation) -> None:
    contours = {
        feature.properties.code: feature.geometry.model_dump()
        for feature in territory.contours.features
    }
    ids = dict(Organisation.objects.values_list("slug", "pk"))
    whole = geometry.union(contours.values())
    lon, lat = geometry.middle(whole)
    areas = [
        _area(
            whole,
            territory,
            code=territory.metropole.code,
            kind=Area.Kind.TERRITORY,
            name=territory.metropole.name,
            organisation_id=metropole.pk,
            postal_codes=[],
            population=sum(commune.population for commune in territory.communes),
            lon=lon,
            lat=lat,
        ),
        *(
            _area(
                contours[commune.code],
                territory,
                code=commune.code,
                kind=Area.Kind.COMMUNE,
                name=commune.name,
                organisation_id=ids[commune.slug],
                postal_codes=list(commune.postal_codes),
                population=commune.population,
                lon=commune.lon,
                lat=commune.lat,
            )
            for commune in territory.communes
        ),
    ]
    Area.objects.exclude(code__in=[area.code for area in areas]).delete()
    Area.objects.bulk_create(
        areas, update_conflicts=True, unique_fields=["code"], update_fields=_AREA_FIELDS
    )


def _area(contour: Any, territory: Territory, **values: Any) -> Area:
    west, south, east, north = geometry.box(contour)
    return Area(
        west=west,
        south=south,
        east=east,
        north=north,
        contour=contour,
        attribution=territory.contours_attribution,
        **values,
    )
