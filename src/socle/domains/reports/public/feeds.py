"""Public reports for others: GeoJSON for maps, the anonymised dataset for everybody.

Nothing about who reported: the public row does not hold it. Words appear only once shown.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from socle.capabilities.casework.models import PublicStatus
from socle.domains.reports.models import PublicReport
from socle.domains.reports.public import lists
from socle.domains.reports.public.filters import EVERYTHING, Box, PublicFilter
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound

MAX_FEATURES = 5_000
_CHUNK = 2_000
# Degrees to five decimals: a metre.
_DECIMALS = 5


@dataclass(frozen=True, slots=True)
class PublicRow:
    """A line of the open dataset. Dates UTC, degrees WGS 84."""

    reference: str
    category: str
    category_label: str
    status: str
    status_label: str
    is_open: bool
    organisation: str
    area_code: str
    area: str
    address: str
    lon: float
    lat: float
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    followers: int
    text: str


COLUMNS = tuple(PublicRow.__dataclass_fields__)
_FIELDS = (
    "pk", "reference", "category", "status", "is_open", "organisation_id", "area_code", "address",
    "lon", "lat", "created_at", "updated_at", "closed_at", "followers", "text", "moderation",
)  # fmt: skip
_READABLE = frozenset({PublicReport.Moderation.SHOWN.value, PublicReport.Moderation.PENDING.value})


def public_rows(wanted: PublicFilter = EVERYTHING) -> Iterator[PublicRow]:
    """Every visible report that matches, oldest first by number; memory does not grow with them."""
    for values in _values(wanted):
        yield _row(values)


def export_csv(wanted: PublicFilter = EVERYTHING) -> Iterator[str]:
    """The dataset as CSV (RFC 4180, UTF-8), some lines at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for rank, row in enumerate(public_rows(wanted), 1):
        writer.writerow([_cell(getattr(row, name)) for name in COLUMNS])
        if rank % 500 == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def export_geojson(wanted: PublicFilter = EVERYTHING) -> Iterator[str]:
    """The dataset as a GeoJSON FeatureCollection (RFC 7946), some features at a time."""
    yield '{"type":"FeatureCollection","features":['
    between = ""
    for row in public_rows(wanted):
        yield between + json.dumps(_feature(row), ensure_ascii=False, separators=(",", ":"))
        between = ",\n"
    yield "]}"


def public_geojson(
    bbox: Box, wanted: PublicFilter = EVERYTHING, limit: int = 1_000
) -> dict[str, Any]:
    """The newest reports of a box (degrees) as a FeatureCollection; `truncated` when there were
    more.
    """
    limit = max(1, min(limit, MAX_FEATURES))
    page = lists.positions(wanted.but(bbox=bbox), limit + 1)
    ids = [pk for _at, pk in page[:limit]]
    known = {
        values[0]: values
        for values in PublicReport.objects.filter(pk__in=ids).values_list(*_FIELDS)
    }
    return {
        "type": "FeatureCollection",
        "truncated": len(page) > limit,
        "features": [_feature(_row(known[pk])) for pk in ids if pk in known],
    }


def _values(wanted: PublicFilter) -> Iterator[tuple[Any, ...]]:
    words, last = lists.words_of(wanted.words), 0
    rows = lists.queryset(wanted)
    while True:
        found = list(rows.filter(pk__gt=last).order_by("pk")[:_CHUNK])
        for row in found:
            if not words or lists.says(words, row.reference, row.category, row.address, row.text):
                yield tuple(getattr(row, name) for name in _FIELDS)
        if len(found) < _CHUNK:
            return
        last = found[-1].pk


def _row(values: tuple[Any, ...]) -> PublicRow:
    from socle.domains.reports import queries

    (
        _pk, reference, category, status, is_open, organisation_id, area_code, address, lon, lat,
        created_at, updated_at, closed_at, followers, text, moderation,
    ) = values  # fmt: skip
    return PublicRow(
        reference=reference,
        category=category,
        category_label=queries.category_label(category),
        status=status,
        status_label=_status_label(status),
        is_open=is_open,
        organisation=_organisation(organisation_id),
        area_code=area_code,
        area=_area(area_code),
        address=address,
        lon=round(lon, _DECIMALS),
        lat=round(lat, _DECIMALS),
        created_at=created_at,
        updated_at=updated_at,
        closed_at=closed_at,
        followers=followers,
        text=text if moderation in _READABLE else "",
    )


def _status_label(status: str) -> str:
    try:
        return str(PublicStatus(status).label)
    except ValueError:
        return status


def _organisation(organisation_id: int) -> str:
    try:
        return territories.organisation_by_id(organisation_id).name
    except NotFound:
        return ""


def _area(code: str) -> str:
    try:
        return territories.area(code).name if code else ""
    except NotFound:
        return ""


def _feature(row: PublicRow) -> dict[str, Any]:
    properties = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name in COLUMNS
        if name not in {"lon", "lat"}
        for value in (getattr(row, name),)
    }
    return {
        "type": "Feature",
        "id": row.reference,
        "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
        "properties": properties,
    }


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    # A spreadsheet would run it.
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value
