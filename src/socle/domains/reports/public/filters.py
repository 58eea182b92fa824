"""What may be asked of public reports, whatever the form of the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from socle.domains.reports.public import declared

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PublicFilter:
    """Empty means everything. `bbox`: west, south, east, north in degrees; dates are aware.

    `since` and `until` bound the day of creation (`until` excluded), `updated_since` the last
    public change. `words`: each begins a word of the reference, category, address or shown text.
    """

    categories: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    organisation_id: int | None = None
    area_code: str = ""
    bbox: Box | None = None
    since: datetime | None = None
    until: datetime | None = None
    updated_since: datetime | None = None
    words: str = ""
    references: frozenset[str] = frozenset()
    is_open: bool | None = None

    def but(self, **changes: Any) -> PublicFilter:
        """The same with other values."""
        return replace(self, **changes)

    @property
    def is_counted(self) -> bool:
        """Whether the counts answer it: nothing asked but category, status, organisation."""
        return not (
            self.area_code
            or self.bbox
            or self.since
            or self.until
            or self.updated_since
            or self.words.strip()
            or self.references
        )

    def shown_statuses(self) -> frozenset[str] | None:
        """Statuses asked for, openness told by status; `None` for all. Empty: nothing matches."""
        if self.is_open is None:
            return self.statuses or None
        wanted = declared.open_statuses() if self.is_open else declared.closed_statuses()
        return wanted & self.statuses if self.statuses else wanted


EVERYTHING = PublicFilter()
