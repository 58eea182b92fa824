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
    @property
    def population(self) -> int: ...


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
        named = self._named(words, set(re.findall(r"\b\d{5}\b", text)))
        # Who has typed a whole name means it; who is still typing, the names that begin so.
        whole_name = [area for area in named if _words(area.name) == words]
        in_order = {area.code: area for area in [*whole_name, *self._begun(words), *named]}
        codes = {area.code for area in named}
        for area in in_order.values():
            exact = area.code in codes
            typed = text.strip()
            label = typed if exact and len(words) > len(_words(area.name)) else area.name
            found.append(
                Found(label, area.lon, area.lat, area.code, 0.5 if exact else 0.3, precise=False)
            )
        return found[:limit]

    def _named(self, words: list[str], codes: set[str]) -> list[Commune]:
        """Communes that the text names, by name or postal code: confirmed by both first, then the
        one named last (an address ends with it), then the most populous.
        """
        spans = {
            id(area): (at, at + len(name))
            for name, _postal, area in self._communes
            if (at := _ends_with(words, name)) is not None
        }
        found = []
        for _name, postal, area in self._communes:
            span = spans.get(id(area))
            coded = bool(codes & postal)
            # « Villeneuve » within « Villeneuve-du-Lac » names nobody.
            if span is not None and any(_inside(span, other) for other in spans.values()):
                span = None
            if span is not None or coded:
                end = 0 if span is None else span[1]
                rank = (span is not None and coded, span is not None, end, area.population)
                found.append((rank, area))
        return [area for _rank, area in sorted(found, key=lambda each: each[0], reverse=True)]

    def _begun(self, words: list[str]) -> list[Commune]:
        """Communes whose name begins as the text does, the most populous first, then the shortest
        name.
        """
        *whole, last = words
        if len(words) == 1 and len(last) < 2:
            return []
        found = [
            (-area.population, len(area.name), area)
            for name, _postal, area in self._communes
            if len(name) >= len(words)
            and name[: len(whole)] == whole
            and name[len(whole)].startswith(last)
        ]
        return [area for *_rank, area in sorted(found, key=lambda each: each[:2])]

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


def _inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a stretch of words is a strict part of another."""
    return span != other and other[0] <= span[0] and span[1] <= other[1]


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
