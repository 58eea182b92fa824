"""Places and moments: where people live and report, and when."""

from __future__ import annotations

import math
import random
from bisect import bisect
from datetime import datetime, timedelta
from itertools import accumulate

from socle.foundations.territories import queries as territories
from socle.foundations.territories.queries import AreaInfo

_METRES_PER_DEGREE = 111_320.0


class Scenery:
    """Draws places by population and moments by the hour of the day, from one seed."""

    def __init__(self, rng: random.Random, streets: tuple[str, ...]) -> None:
        self.rng = rng
        self.streets = streets
        self.areas = [area for area in territories.areas("commune") if area.population]
        self._weights = list(accumulate(area.population for area in self.areas))

    def area(self) -> AreaInfo:
        """A commune, drawn by its population."""
        at = self.rng.random() * self._weights[-1]
        return self.areas[bisect(self._weights, at)]

    def place(self, area: AreaInfo | None = None) -> tuple[AreaInfo, float, float, str]:
        """A point of a commune (degrees) and its address: dense near the centre, inside the contour."""
        chosen = area or self.area()
        spread = 350.0 * math.sqrt(chosen.population / 10_000 + 0.3)
        for _attempt in range(40):
            metres_x, metres_y = self.rng.gauss(0, spread), self.rng.gauss(0, spread)
            lat = chosen.lat + metres_y / _METRES_PER_DEGREE
            lon = chosen.lon + metres_x / (_METRES_PER_DEGREE * math.cos(math.radians(chosen.lat)))
            found = territories.area_at(lon, lat)
            if found is not None and found.code == chosen.code:
                break
        else:
            lon, lat = chosen.lon, chosen.lat
        street = f"{self.rng.randint(1, 120)} {self.rng.choice(self.streets)}"
        code = self.rng.choice(chosen.postal_codes) if chosen.postal_codes else ""
        return chosen, round(lon, 6), round(lat, 6), f"{street}, {code} {chosen.name}"

    def moment(self, now: datetime, months: int) -> datetime:
        """A moment of the last months: more by day than by night, a little more of late."""
        days = (1 - math.sqrt(self.rng.random())) * months * 30
        at = now - timedelta(days=days)
        hour = min(max(int(self.rng.gauss(13, 4)), 6), 22)
        drawn = at.replace(
            hour=hour, minute=self.rng.randint(0, 59), second=self.rng.randint(0, 59)
        )
        return min(drawn, now - timedelta(minutes=self.rng.randint(5, 600)))
