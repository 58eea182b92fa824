"""Client of the address service."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import httpx

from socle.foundations.territories import places, queries
from socle.foundations.territories.places import Found

log = logging.getLogger("socle.connectors.ban")

# Silent, overloaded or broken, the service is left alone for this long (seconds): no form waits for
# it twice. A question it refuses rests nobody else's.
_REST = 20.0
_TOO_MANY = 429


class Ban:
    """A `places.Geocoder` that asks the national service, limited to the territory.

    `timeout` in seconds. Answers outside the territory are left out. A commune's district codes
    (the service gives them for the largest cities) are brought back to the commune at that point.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 3.0,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = httpx.Client(
            base_url=url, timeout=timeout, transport=transport, follow_redirects=False,
            headers={"User-Agent": "socle"},
        )  # fmt: skip
        self._monotonic = monotonic
        self._rest_until = 0.0

    def search(self, text: str, *, limit: int = 5) -> list[Found]:
        """Matches in the territory, best first; the gazetteer's when the service is silent."""
        centre = queries.centre()
        params: dict[str, Any] = {"q": text[:200], "limit": min(limit * 2, 20), "autocomplete": 1}
        if centre is not None:
            params |= {"lon": centre[0], "lat": centre[1]}
        features = self._features("/search", params)
        if features is None:
            return places.gazetteer().search(text, limit=limit)
        return [found for feature in features if (found := self._found(feature))][:limit]

    def reverse(self, lon: float, lat: float) -> Found | None:
        """The nearest address to a point."""
        features = self._features("/reverse", {"lon": lon, "lat": lat, "limit": 1})
        if features is None:
            return places.gazetteer().reverse(lon, lat)
        return self._found(features[0]) if features else None

    def _features(self, path: str, params: dict[str, Any]) -> list[dict[str, Any]] | None:
        if self._monotonic() < self._rest_until:
            return None
        try:
            answer = self._client.get(path, params=params)
        except httpx.HTTPError as error:
            self._rest(type(error).__name__)
            return None
        if answer.status_code == _TOO_MANY or answer.is_server_error:
            self._rest(str(answer.status_code))
            return None
        try:
            answer.raise_for_status()
            features = answer.json()["features"]
        except (httpx.HTTPStatusError, ValueError, KeyError, TypeError) as error:
            # Of this question only: the next one may be understood.
            log.warning("address service did not answer: %s", type(error).__name__)
            return None
        return features if isinstance(features, list) else []

    def _rest(self, why: str) -> None:
        self._rest_until = self._monotonic() + _REST
        log.warning("address service unavailable: %s", why)

    def _found(self, feature: dict[str, Any]) -> Found | None:
        try:
            lon, lat = (float(value) for value in feature["geometry"]["coordinates"][:2])
            properties = feature["properties"]
            label = str(properties["label"])
        except (KeyError, TypeError, ValueError):
            return None
        area = queries.area_at(lon, lat)
        if area is None:
            return None
        return Found(
            label=label,
            lon=lon,
            lat=lat,
            citycode=area.code,
            score=float(properties.get("score") or 0),
            precise=properties.get("type") in ("housenumber", "street", "locality"),
        )
