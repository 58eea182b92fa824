"""What can be reported, what a text probably means, what is already known nearby."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework.models import Case
from socle.capabilities.search.index import Document as SearchDocument
from socle.capabilities.search.index import Index
from socle.domains.reports.pack import Category, Group, Reporting
from socle.foundations.packs import queries as packs
from socle.foundations.packs.models import Revision
from socle.kernel import geo
from socle.kernel.errors import NotFound

SECTION = "reports.reporting"
KEY = "reports"


def revision_in_force() -> Revision:
    """The revision new reports pin. Raises NotFound when the pack declares no reporting."""
    if KEY not in packs.keys(SECTION):
        raise NotFound(_("Aucun signalement n’est ouvert sur ce territoire."))
    return packs.current(SECTION, KEY)


def reporting_of(revision: Revision) -> Reporting:
    """The typed declaration of a revision, from the process's cache."""
    document = packs.document(revision)
    assert isinstance(document, Reporting)  # noqa: S101 -- the section's model
    return document


def in_force() -> Reporting:
    return reporting_of(revision_in_force())


def grouped() -> list[tuple[Group, list[Category]]]:
    """Categories under their group, in the pack's order; empty groups left out."""
    taxonomy = in_force().categories
    return [
        (group, members)
        for group in taxonomy.groups
        if (members := [c for c in taxonomy.categories if c.group == group.id])
    ]


def category(category_id: str, revision: Revision | None = None) -> Category | None:
    """A category by id, in the revision given or the one in force."""
    taxonomy = (reporting_of(revision) if revision else in_force()).categories
    return next((found for found in taxonomy.categories if found.id == category_id), None)


@lru_cache(maxsize=4)
def _index(revision_id: int) -> Index:
    taxonomy = in_force().categories
    return Index(
        SearchDocument(
            found.id,
            {
                "label": (found.label, 4.0),
                "keywords": (" ".join(found.keywords), 3.0),
                "description": (found.description, 1.0),
            },
        )
        for found in taxonomy.categories
    )


def suggest(text: str, limit: int = 3) -> list[Category]:
    """The categories that what a person wrote probably means, best first."""
    if not text.strip():
        return []
    hits = _index(revision_in_force().pk).search(text, limit)
    found = (category(hit.id) for hit in hits)
    return [each for each in found if each is not None]


@dataclass(frozen=True, slots=True)
class Near:
    """An open report and how far it is, in metres."""

    case: Case
    metres: float


def nearby(
    lon: float, lat: float, *, category_id: str = "", radius_m: float = 50, limit: int = 5
) -> list[Near]:
    """Open reports around a point, nearest first; of one category when given.

    A few ranges of cells cover the circle's box; the exact distance decides.
    """
    ranges = geo.cover(*geo.bbox_around(lon, lat, radius_m), max_ranges=6)
    place = Q()
    for low, high in ranges:
        place |= Q(cell__gte=low, cell__lt=high)
    found = Case.objects.filter(place, is_open=True, kind=Case.Kind.REPORT)
    if category_id:
        found = found.filter(category=category_id)
    near = [
        Near(case, geo.distance_m(lon, lat, case.lon, case.lat))
        for case in found.order_by("cell")[:500]
        if case.lon is not None and case.lat is not None
    ]
    near = [each for each in near if each.metres <= radius_m]
    return sorted(near, key=lambda each: each.metres)[:limit]
