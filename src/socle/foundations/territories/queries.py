"""Places and who answers for them. In memory, rebuilt when a pack is applied: no query per call.

Objects given here are shared by the whole process: do not modify them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from socle.foundations.packs import queries as packs
from socle.foundations.packs.stamps import Stamped
from socle.kernel.errors import NotFound

from .geometry import Index
from .models import Area, Organisation
from .places import Found, Gazetteer


@dataclass(frozen=True, slots=True)
class AreaInfo:
    """An area without its contour. `lon`, `lat`: its town hall or middle, in degrees."""

    code: str
    name: str
    organisation_id: int | None
    lon: float
    lat: float
    kind: str = "commune"
    postal_codes: tuple[str, ...] = ()
    population: int = 0
    bounds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """West, south, east, north."""


@dataclass(frozen=True, slots=True)
class Served:
    """A body ready to be sent, with its strong entity tag."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class _Areas:
    by_code: dict[str, AreaInfo]
    by_kind: dict[str, tuple[AreaInfo, ...]]
    index: dict[str, Index]
    geojson: Served
    attribution: str


@dataclass(frozen=True)
class _Organisations:
    by_slug: dict[str, Organisation]
    by_id: dict[int, Organisation]


def _load_areas() -> _Areas:
    rows = list(Area.objects.order_by("name", "code"))
    infos = [
        AreaInfo(
            code=row.code,
            name=row.name,
            organisation_id=row.organisation_id,
            lon=row.lon,
            lat=row.lat,
            kind=row.kind,
            postal_codes=tuple(row.postal_codes),
            population=row.population,
            bounds=(row.west, row.south, row.east, row.north),
        )
        for row in rows
    ]
    kinds = {info.kind for info in infos}
    return _Areas(
        by_code={info.code: info for info in infos},
        by_kind={k: tuple(info for info in infos if info.kind == k) for k in kinds},
        index={k: Index((row.code, row.contour) for row in rows if row.kind == k) for k in kinds},
        geojson=_geojson([row for row in rows if row.kind == Area.Kind.COMMUNE]),
        attribution=" · ".join(dict.fromkeys(row.attribution for row in rows if row.attribution)),
    )


def _geojson(rows: Sequence[Area]) -> Served:
    features = [
        {
            "type": "Feature",
            "id": row.code,
            "properties": {"code": row.code, "name": row.name},
            "bbox": [row.west, row.south, row.east, row.north],
            "geometry": row.contour,
        }
        for row in rows
    ]
    body = json.dumps(
        {"type": "FeatureCollection", "features": features},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    return Served(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _load_organisations() -> _Organisations:
    rows = list(Organisation.objects.select_related("parent").order_by("name", "pk"))
    return _Organisations({row.slug: row for row in rows}, {row.pk: row for row in rows})


_areas = Stamped(_load_areas)
_organisations = Stamped(_load_organisations)


def area_at(lon: float, lat: float, kind: str = "commune") -> AreaInfo | None:
    """The area of a kind that a point (degrees, WGS 84) is in, None outside the territory.

    On a shared border, the area with the smallest code; in a gap between simplified contours, or
    just outside, the nearest one within 200 m. Microseconds, no query.
    """
    areas = _areas.get()
    index = areas.index.get(kind)
    code = index.at(lon, lat) if index else None
    return areas.by_code[code] if code is not None else None


def areas_at(
    lons: Sequence[float], lats: Sequence[float], kind: str = "commune"
) -> list[AreaInfo | None]:
    """`area_at` for many points at once (imports)."""
    areas = _areas.get()
    index = areas.index.get(kind)
    if index is None:
        return [None] * len(lons)
    return [None if code is None else areas.by_code[code] for code in index.many_at(lons, lats)]


def in_territory(lon: float, lat: float) -> bool:
    """Whether a point is in the territory, within 200 m."""
    return area_at(lon, lat) is not None


def areas(kind: str = "commune") -> tuple[AreaInfo, ...]:
    """Areas of a kind, by name."""
    return _areas.get().by_kind.get(kind, ())


def area(code: str) -> AreaInfo:
    """The area of a code. Raises `NotFound`."""
    found = _areas.get().by_code.get(code)
    if found is None:
        raise NotFound(_("Ce territoire n’existe pas."))
    return found


def organisation(slug: str) -> Organisation:
    """The organisation of a slug, active or not. Raises `NotFound`."""
    found = _organisations.get().by_slug.get(slug)
    if found is None:
        raise NotFound(_("Cette organisation n’existe pas."))
    return found


def organisation_by_id(organisation_id: int) -> Organisation:
    """The organisation of an id, active or not. Raises `NotFound`."""
    found = _organisations.get().by_id.get(organisation_id)
    if found is None:
        raise NotFound(_("Cette organisation n’existe pas."))
    return found


def organisations(kind: str | None = None) -> tuple[Organisation, ...]:
    """Active organisations, by name; of one kind when given."""
    return tuple(
        each
        for each in _organisations.get().by_slug.values()
        if each.is_active and kind in (None, each.kind)
    )


def metropole() -> Organisation:
    """The organisation that carries the pooled service. Raises `NotFound` without a pack."""
    return organisation(packs.metropole_slug())


def organisation_for_area(code: str) -> Organisation:
    """Who answers for an area: its own organisation, else the métropole. Raises `NotFound`."""
    owner = area(code).organisation_id
    return metropole() if owner is None else organisation_by_id(owner)


def contours_geojson() -> Served:
    """Contours of the communes as GeoJSON (`code`, `name`), ready to send."""
    return _areas.get().geojson


def contours_attribution() -> str:
    """What must be credited where contours are drawn."""
    return _areas.get().attribution


def centre() -> tuple[float, float]:
    """Where maps open: longitude and latitude in degrees."""
    view = packs.pack().map
    return view.lon, view.lat


def gazetteer() -> Gazetteer:
    """The geocoder that needs no network: communes and town halls."""
    return _gazetteer.get()


def _load_gazetteer() -> Gazetteer:
    communes = areas()
    owners = _organisations.get().by_id
    halls = [
        Found(owner.postal_address, area.lon, area.lat, area.code, 0.9)
        for area in communes
        if (owner := owners.get(area.organisation_id or 0)) and owner.postal_address
    ]
    return Gazetteer(communes, halls)


_gazetteer = Stamped(_load_gazetteer)


def bounds() -> tuple[float, float, float, float]:
    """West, south, east, north of the whole territory (degrees); the world when it has no area."""
    boxes = [each.bounds for each in areas("commune")]
    if not boxes:
        return (-180.0, -85.0, 180.0, 85.0)
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)
