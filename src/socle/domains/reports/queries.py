"""What can be reported, what a text probably means, what is already known nearby."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework.queries import Neighbour
from socle.capabilities.questionnaires.pack import Question
from socle.capabilities.questionnaires.parsing import Cleaned, Raw
from socle.capabilities.search.index import Document as SearchDocument
from socle.capabilities.search.index import Index
from socle.domains.reports import questions as extra
from socle.domains.reports.activation import queries as activation
from socle.domains.reports.activation.queries import Branding
from socle.domains.reports.answering import may_give_feedback, reopening
from socle.domains.reports.assets import queries as equipment
from socle.domains.reports.assets.queries import Asset
from socle.domains.reports.closing import closing_texts
from socle.domains.reports.handovers.queries import bodies_for, handovers_of
from socle.domains.reports.interventions.queries import (
    Stop,
    contractors,
    intervention,
    interventions,
    interventions_of,
    round_of,
)
from socle.domains.reports.pack import Category, Group, Reporting
from socle.domains.reports.public import vicinity
from socle.domains.reports.public.counting import Cluster, Counts, public_counts
from socle.domains.reports.public.feeds import (
    PublicRow,
    export_csv,
    export_geojson,
    public_geojson,
    public_rows,
)
from socle.domains.reports.public.filters import PublicFilter
from socle.domains.reports.public.lists import (
    Page,
    public_list,
    public_report,
    public_report_by_id,
)
from socle.domains.reports.public.lists import rows_of as public_reports
from socle.domains.reports.public.moderating import (
    ToModerate,
    Waiting,
    public_photo,
    to_moderate,
)
from socle.domains.reports.public.tiles import clusters, clusters_of_tile, public_tile
from socle.domains.reports.routing.queries import rules_of, why_routed
from socle.domains.reports.routing.trial import Draft, Trial, dry_run
from socle.foundations.packs import queries as packs
from socle.foundations.packs.models import Revision
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound

__all__ = [
    "Asset", "Branding", "Cluster", "Counts", "Draft", "Page", "PublicFilter", "PublicRow", "Stop",
    "ToModerate", "Trial", "Waiting", "answers_readable", "asset_layer", "assets_near",
    "bodies_for", "branding_at", "categories_at", "category", "category_at", "category_label",
    "closing_texts", "clusters", "clusters_of_tile", "contractors", "dry_run", "every_category",
    "export_csv", "export_geojson", "grouped", "handovers_of", "in_force", "intervention",
    "interventions", "interventions_of", "may_give_feedback", "nearby", "public_counts",
    "public_geojson", "public_list", "public_photo", "public_report", "public_report_by_id",
    "public_reports", "public_rows", "public_tile", "questions", "read_answers", "reopening",
    "reporting_of", "revision_in_force", "round_of", "rules_of", "suggest", "to_moderate",
    "why_routed",
]  # fmt: skip

SECTION = "reports.reporting"
KEY = "reports"
DEFAULT_RADIUS_M = 50.0


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
    """A category by id, in the revision given or the one in force; else some commune's own."""
    taxonomy = (reporting_of(revision) if revision else in_force()).categories
    common = next((found for found in taxonomy.categories if found.id == category_id), None)
    if common is not None:
        return common
    own = activation.own_category(category_id)
    return own[1] if own else None


def every_category() -> list[Category]:
    """The common tree, then what communes added to it; empty when no reporting is declared."""
    try:
        common = list(in_force().categories.categories)
    except NotFound:
        return []
    return common + [each for _organisation_id, each in activation.own_categories()]


def _home(area_code: str) -> int | None:
    try:
        return territories.area(area_code).organisation_id if area_code else None
    except NotFound:
        return None


def categories_at(area_code: str = "") -> list[tuple[Group, list[Category]]]:
    """What can be reported in a commune (its code), under groups: the common tree without what the
    commune closed, with its own promises, and its own categories. Without a code: the common tree.
    """
    taxonomy = in_force().categories
    return activation.grouped(list(taxonomy.groups), list(taxonomy.categories), _home(area_code))


def category_at(category_id: str, area_code: str) -> Category | None:
    """A category as it stands in a commune; None when it is not offered there."""
    found = category(category_id)
    return activation.here(found, _home(area_code)) if found else None


def branding_at(area_code: str) -> Branding:
    """How reporting looks in a commune: title, words of welcome, colour; empty as by default."""
    return activation.branding(_home(area_code))


def questions(category_id: str, area_code: str = "") -> tuple[Question, ...]:
    """The extra questions of a category, conditions included; empty when it has none."""
    found = category(category_id)
    return found.questions if found else ()


def read_answers(category_id: str, raw: Raw, answers: Mapping[str, Any], today: date) -> Cleaned:
    """What a form answered to the questions of a category, and what is wrong by question."""
    found = category(category_id)
    return extra.read(found, raw, answers, today) if found else Cleaned()


def answers_readable(
    category_id: str, answers: Mapping[str, Any], today: date, language: str = "fr"
) -> list[tuple[str, str]]:
    """(question, answer) for agents, the equipment picked first."""
    found = category(category_id)
    asset = answers.get(extra.ASSET)
    rows = []
    if isinstance(asset, Mapping) and asset.get("label"):
        shown = equipment.layer(str(asset.get("layer", "")))
        rows.append((shown.name if shown else str(_("Équipement")), str(asset["label"])))
    return rows + extra.readable(found, answers, today, language)


def assets_near(
    category_id: str, lon: float, lat: float, radius_m: float = 60.0, limit: int = 20
) -> list[Asset]:
    """The equipment that a report of this category may be about, nearest first (degrees, metres).

    Empty when the category has no layer.
    """
    found = category(category_id)
    if found is None or not found.asset_layer:
        return []
    return equipment.near(found.asset_layer, lon, lat, radius_m, limit)


def asset_layer(category_id: str) -> equipment.Layer | None:
    """The layer of a category: its name, who is credited, whether it is made up."""
    found = category(category_id)
    return equipment.layer(found.asset_layer) if found and found.asset_layer else None


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
    """Open public reports around a point (degrees), nearest first; nothing about who sent them.

    Of one category when given, within what it takes for a duplicate unless `radius_m` says
    otherwise. Categories that are not public show nothing.
    """
    declared = category(category_id) if category_id else None
    if declared is not None and radius_m is None:
        radius_m = declared.duplicate_radius_m
    radius_m = DEFAULT_RADIUS_M if radius_m is None else radius_m
    if radius_m <= 0 or (declared is not None and not declared.public):
        return []
    return vicinity.nearby(lon, lat, radius_m=radius_m, category=category_id, limit=limit)
