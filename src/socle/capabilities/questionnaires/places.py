"""Places for questions, as the territory knows them: its contours and the geocoder at hand."""

from __future__ import annotations

from socle.capabilities.questionnaires.parsing import Place
from socle.foundations.territories import places, queries


class Territory:
    """What questions about places ask of the house; a `parsing.Places`."""

    def geocode(self, text: str) -> Place | None:
        """The best match of an address typed without a script; None when nothing resembles it."""
        found = places.geocoder().search(text, limit=1)
        if not found:
            return None
        best = found[0]
        return Place(best.label, best.lon, best.lat, best.citycode, best.precise)

    def citycode(self, lon: float, lat: float) -> str | None:
        """Code of the commune at a point; None outside the territory."""
        area = queries.area_at(lon, lat)
        return area.code if area else None
