"""A public report as a service request. Nothing here asks the database once per row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from socle.capabilities.casework import rules as cases
from socle.capabilities.casework.models import Case, PublicStatus
from socle.domains.reports import queries
from socle.domains.reports.pack import Category
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound
from socle.sites.api.open311.parameters import written

# The vocabulary of FixMyStreet's extension ("Additional states").
EXTENDED: dict[str, str] = {
    PublicStatus.RECEIVED: "open",
    PublicStatus.IN_PROGRESS: "in_progress",
    PublicStatus.WAITING: "investigating",
    PublicStatus.PLANNED: "action_scheduled",
    PublicStatus.RESOLVED: "fixed",
    PublicStatus.ACCEPTED: "fixed",
    PublicStatus.REFUSED: "no_further_action",
    PublicStatus.NOT_OURS: "not_councils_responsibility",
    PublicStatus.CLOSED: "closed",
    PublicStatus.CANCELLED: "no_further_action",
}


class Row(Protocol):
    """What is read of a public report."""

    case_id: int
    reference: str
    organisation_id: int
    area_code: str
    category: str
    status: str
    is_open: bool
    text: str
    lon: float
    lat: float
    address: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    followers: int


@dataclass(slots=True)
class Whole:
    """The same, of a case."""

    case_id: int
    reference: str
    organisation_id: int
    area_code: str
    category: str
    status: str
    is_open: bool
    text: str
    lon: float
    lat: float
    address: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    followers: int


class Presenter:
    """Turns rows into service requests; what rows share is worked out once."""

    def __init__(
        self, *, photos: Mapping[int, list[str]] | None = None, extensions: bool = False
    ) -> None:
        """`photos`: addresses by case id. `extensions`: add ``extended_attributes``."""
        self._photos = photos or {}
        self._extensions = extensions
        self._categories = {each.id: each for each in queries.every_category()}
        self._names: dict[int, str] = {}
        self._postcodes: dict[str, str] = {}
        self._notes = {each.value: str(each.label) for each in PublicStatus}
        self._notices: dict[str, str] = {}

    def all(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        return [self.one(row) for row in rows]

    def one(self, row: Row) -> dict[str, Any]:
        """One service request; what is not known is null."""
        category = self._categories.get(row.category)
        photos = self._photos.get(row.case_id, [])
        changed = row.updated_at if row.closed_at is None else row.closed_at
        found: dict[str, Any] = {
            "service_request_id": row.reference,
            "status": "open" if row.is_open else "closed",
            "status_notes": self._notes.get(row.status, row.status),
            "service_name": category.label if category else row.category,
            "service_code": row.category,
            "description": row.text or None,
            "agency_responsible": self._agency(row.organisation_id),
            "service_notice": self._notice(row.category, category),
            "requested_datetime": written(row.created_at),
            "updated_datetime": written(changed),
            "expected_datetime": _expected(category, row) if row.is_open else None,
            "address": row.address or None,
            "address_id": None,
            "zipcode": self._postcode(row.area_code),
            "lat": row.lat,
            "long": row.lon,
            "media_url": photos[0] if photos else None,
        }
        if self._extensions:
            found["extended_attributes"] = {
                "status": EXTENDED.get(row.status, "open"),
                "updated_datetime": written(row.updated_at),
                "followers": row.followers,
                "area_code": row.area_code or None,
                "photos": [{"media_url": each} for each in photos],
            }
        return found

    def _agency(self, organisation_id: int) -> str:
        return _kept(self._names, organisation_id, _organisation_name)

    def _postcode(self, code: str) -> str | None:
        return _kept(self._postcodes, code, _postcode) or None

    def _notice(self, code: str, category: Category | None) -> str | None:
        return _kept(self._notices, code, partial(notice, category)) or None


def notice(category: Category | None, _code: str = "") -> str:
    """What is promised for a category, in one sentence."""
    if category is None:
        return ""
    sentence = ngettext(
        "Délai indicatif : %(n)s jour.", "Délai indicatif : %(n)s jours.", category.days
    )
    return sentence % {"n": category.days}


def _kept(known: dict[Any, str], key: Any, read: Any) -> str:
    if key not in known:
        known[key] = read(key)
    return known[key]


def _expected(category: Category | None, row: Row) -> str | None:
    if category is None:
        return None
    return written(cases.end_of_period(row.created_at, category.days))


def _organisation_name(organisation_id: int) -> str:
    try:
        return str(territories.organisation_by_id(organisation_id).name)
    except NotFound:
        return ""


def _postcode(code: str) -> str:
    """The postal code of a commune that has only one."""
    try:
        codes = territories.area(code).postal_codes if code else ()
    except NotFound:
        return ""
    return codes[0] if len(codes) == 1 else ""


def unknown() -> str:
    return _("Ce service_request_id n’existe pas dans cette juridiction.")


def of_case(case: Case, survivor: Case | None = None) -> Row:
    """A case as its own program reads it: whole, whatever everybody may see of it. Merged, it is as
    far as the case that took it over.
    """
    now = survivor or case
    return Whole(
        case_id=case.pk,
        reference=case.reference,
        organisation_id=case.organisation_id,
        area_code=case.area_code,
        category=case.category,
        status=now.public_status,
        is_open=now.is_open,
        text=case.description,
        lon=case.lon or 0.0,
        lat=case.lat or 0.0,
        address=case.address,
        created_at=case.created_at,
        updated_at=now.updated_at,
        closed_at=now.closed_at,
        followers=0,
    )
