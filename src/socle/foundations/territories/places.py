"""Where an address is: the national service in production, the house's own gazetteer offline."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from socle.kernel.geo import distance_m


@dataclass(frozen=True, slots=True)
class Found:
    """A located address. Degrees WGS84; `score` 0 to 1; `precise` when better than a commune."""

    label: str
    lon: float
    lat: float
    citycode: str
    score: float = 1.0
    precise: bool = True


class Geocoder(Protocol):
    """Finds addresses in the territory."""

    def search(self, text: str, *, limit: int = 5) -> list[Found]:
        """Best matches first; empty when nothing resembles. Never raises for want of network."""

    def reverse(self, lon: float, lat: float) -> Found | None:
        """The nearest address to a point."""


def fold(text: str) -> str:
    """Lower case without accents, punctuation as spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


_SHORT = {"saint": "st", "sainte": "ste"}


def _words(text: str) -> list[str]:
    return [_SHORT.get(word, word) for word in fold(text).split()]


class Commune(Protocol):
    """What the gazetteer reads of a commune (an `AreaInfo` is one)."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def postal_codes(self) -> tuple[str, ...]: ...


class Gazetteer:
    """Geocoder of what the territory itself knows: its communes and their town halls.

    An address whose commune is recognised (by name or postal code) is placed on its centre
    and says so (`precise=False`): the journey goes on without a network, and the map lets people
    put the point right.
    """

    def __init__(self, areas: Iterable[Commune], halls: Iterable[Found] = ()) -> None:
        self._communes = [
            (_words(area.name), {str(code) for code in area.postal_codes}, area) for area in areas
        ]
        self._halls = [(set(_words(hall.label)), hall) for hall in halls]

    def search(self, text: str, *, limit: int = 5) -> list[Found]:
        words = _words(text)
        if not words:
            return []
        found: list[Found] = []
        whole = set(words)
        for known, hall in self._halls:
            if len(whole) > 1 and whole <= known:
                found.append(hall)
        codes = set(re.findall(r"\b\d{5}\b", text))
        exact, partial = [], []
        for name, postal, area in self._communes:
            at = _ends_with(words, name)
            if at is not None or codes & postal:
                exact.append((len(name) if at is not None else 0, area))
            elif len(words) == 1 and len(words[0]) > 1 and name[0].startswith(words[0]):
                partial.append((0, area))
        for _length, area in sorted(exact or partial, key=lambda each: -each[0]):
            typed = text.strip()
            label = typed if len(words) > len(_words(area.name)) else area.name
            found.append(
                Found(label, area.lon, area.lat, area.code, 0.5 if exact else 0.3, precise=False)
            )
        return found[:limit]

    def reverse(self, lon: float, lat: float) -> Found | None:
        near = min(
            (hall for _words_, hall in self._halls),
            key=lambda hall: distance_m(lon, lat, hall.lon, hall.lat),
            default=None,
        )
        if near is not None and distance_m(lon, lat, near.lon, near.lat) < 50:
            return near
        return None


def _ends_with(words: list[str], name: list[str]) -> int | None:
    """Where the commune's whole name stands in the words, None when it does not."""
    for start in range(len(words) - len(name), -1, -1):
        if words[start : start + len(name)] == name:
            return start
    return None


_geocoder: Geocoder | None = None


def use(geocoder: Geocoder | None) -> None:
    """Install a geocoder (wiring, tests); None goes back to the gazetteer."""
    global _geocoder
    _geocoder = geocoder


def geocoder() -> Geocoder:
    """The geocoder in use."""
    return _geocoder if _geocoder is not None else gazetteer()


def gazetteer() -> Gazetteer:
    """The null twin, made of the territory's own areas; rebuilt when they change."""
    # Imported here: queries use this module's types.
    from socle.foundations.territories import queries

    return queries.gazetteer()
