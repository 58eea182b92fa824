"""Which equipment stands near a point. In memory, sorted along the curve: no query, once warm."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from socle.domains.reports.assets.pack import NAME, AssetLayer
from socle.foundations.packs import queries as packs
from socle.foundations.packs.stamps import Stamped
from socle.kernel import geo

MAX_RADIUS_M = 1000.0


@dataclass(frozen=True, slots=True)
class Asset:
    """One piece of equipment; degrees WGS84. `distance_m`: from where it was looked for."""

    layer: str
    id: str
    label: str
    lon: float
    lat: float
    distance_m: float = 0.0

    def to_json(self) -> dict[str, str]:
        """What a report keeps of it."""
        return {"layer": self.layer, "id": self.id, "label": self.label}


@dataclass(frozen=True)
class _Layer:
    cells: list[int]
    assets: list[Asset]
    by_id: dict[str, Asset]
    name: str
    attribution: str
    demonstration: bool


def _load() -> dict[str, _Layer]:
    found = {}
    for key, document in packs.documents(NAME).items():
        layer: AssetLayer = document
        rows = sorted(
            (
                (geo.encode(*each.geometry.coordinates), each.properties.id, each)
                for each in layer.features
            ),
            key=lambda row: row[:2],
        )
        assets = [
            Asset(key, name, each.properties.label, *each.geometry.coordinates)
            for _cell, name, each in rows
        ]
        found[key] = _Layer(
            [row[0] for row in rows],
            assets,
            {each.id: each for each in assets},
            layer.name,
            layer.attribution,
            layer.demonstration,
        )
    return found


_layers = Stamped(_load)


@dataclass(frozen=True, slots=True)
class Layer:
    """What is said of a layer where its equipment is shown."""

    key: str
    name: str
    attribution: str
    demonstration: bool


def layer(key: str) -> Layer | None:
    """The layer of a key, if the pack in force has it."""
    found = _layers.get().get(key)
    return Layer(key, found.name, found.attribution, found.demonstration) if found else None


def asset(layer: str, asset_id: str) -> Asset | None:
    """One piece of equipment by its id."""
    found = _layers.get().get(layer)
    return found.by_id.get(asset_id) if found else None


def near(layer: str, lon: float, lat: float, radius_m: float, limit: int = 20) -> list[Asset]:
    """The equipment of a layer within so many metres (1,000 at most), nearest first."""
    found = _layers.get().get(layer)
    if found is None:
        return []
    radius_m = min(max(radius_m, 1.0), MAX_RADIUS_M)
    close: list[Asset] = []
    for low, high in geo.cover(*geo.bbox_around(lon, lat, radius_m)):
        for index in range(bisect_left(found.cells, low), bisect_left(found.cells, high)):
            each = found.assets[index]
            distance = geo.distance_m(lon, lat, each.lon, each.lat)
            if distance <= radius_m:
                close.append(Asset(each.layer, each.id, each.label, each.lon, each.lat, distance))
    close.sort(key=lambda each: (each.distance_m, each.id))
    return close[:limit]
