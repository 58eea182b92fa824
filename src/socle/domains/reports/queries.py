"""What can be reported, what a text probably means, what is already known nearby."""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.queries import Neighbour
from socle.capabilities.search.index import Document as SearchDocument
from socle.capabilities.search.index import Index
from socle.domains.reports.pack import Category, Group, Reporting
from socle.foundations.packs import queries as packs
from socle.foundations.packs.models import Revision
from socle.kernel.errors import NotFound

SECTION = "reports.reporting"
KEY = "reports"
DEFAULT_RADIUS_M = 50.0
HIDDEN = 20
"""How many reports of categories that are not public may stand among those near a point."""


def revision_in_force() -> Revision:
    """The revision new reports pin. Raises NotFound when the pack declares no reporting."""
    revision = packs.current(SECTION, KEY)
    if revision is None:
        raise NotFound(_("Aucun signalement n’est ouvert sur ce territoire."))
    return revision


def reporting_of(revision: Revision) -> Reporting:
    """The typed declaration of a revision, from the process's cache."""
    document = packs.document(revision)
    if not isinstance(document, Reporting):
        raise TypeError(f"{revision} declares no reporting")
    return document


def in_force() -> Reporting:
    """The typed declaration in force. Raises NotFound when there is none."""
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
def _index(revision_id: int, digest: str) -> Index:
    """The search index of a revision; `digest` tells it from another of the same number."""
    taxonomy = packs.content(revision_id).categories
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
    revision = revision_in_force()
    hits = _index(revision.pk, revision.digest).search(text, limit)
    found = (category(hit.id) for hit in hits)
    return [each for each in found if each is not None]


def category_label(category_id: str) -> str:
    """The label of a category in force; its id for one that is no longer there."""
    try:
        found = category(category_id)
    except NotFound:
        return category_id
    return found.label if found else category_id


def nearby(
    lon: float,
    lat: float,
    *,
    category_id: str = "",
    radius_m: float | None = None,
    limit: int = 5,
) -> list[Neighbour]:
    """Open reports around a point (degrees), nearest first; nothing about who sent them.

    Of one category when given, within what it takes for a duplicate unless `radius_m` says
    otherwise. Categories that are not public show nothing.
    """
    declared = category(category_id) if category_id else None
    if declared is not None and radius_m is None:
        radius_m = declared.duplicate_radius_m
    radius_m = DEFAULT_RADIUS_M if radius_m is None else radius_m
    if radius_m <= 0 or (declared is not None and not declared.public):
        return []
    found = cases.near(lon, lat, radius_m=radius_m, category=category_id, limit=limit + HIDDEN)
    hidden = {each.id for each in in_force().categories.categories if not each.public}
    return [each for each in found if each.category not in hidden][:limit]
