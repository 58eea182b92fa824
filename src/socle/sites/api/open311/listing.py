"""Which public reports a list gives, newest first. A page costs the same number of queries however
many rows it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.core.cache import caches

from socle.domains.reports import queries
from socle.domains.reports.queries import PublicFilter
from socle.kernel import geo
from socle.kernel.errors import NotFound
from socle.sites.api.open311.jurisdictions import Jurisdiction
from socle.sites.api.open311.parameters import MOST, Search
from socle.sites.api.open311.presenting import Row

TRIES = 12
"""How many times rows are read to fill a page when each must be looked at (circles)."""
_REMEMBERED = 300


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of reports, and the cursor of what follows."""

    rows: Sequence[Row]
    next: str = ""


def read(search: Search, jurisdiction: Jurisdiction) -> Listing:
    """The reports a search finds in a jurisdiction. Raises Invalid for a cursor that is not one."""
    if search.references:
        return Listing(_named(search.references, jurisdiction))
    wanted = _filter(search, jurisdiction)
    if wanted is None:
        return Listing(())
    fits = _exactly(search, jurisdiction)
    if search.cursor or search.page == 1:
        return _page(wanted, search.cursor or None, search.page_size, fits)
    key = _key(wanted, search)
    page, cursor = _nearest(key, search.page)
    skipped = (search.page - page) * search.page_size
    while skipped:
        block = _page(wanted, cursor, min(skipped, MOST), fits)
        if not block.next or not block.rows:
            return Listing(())
        skipped -= len(block.rows)
        cursor = block.next
    found = _page(wanted, cursor, search.page_size, fits)
    # A program that goes from page to page never walks again what it has read.
    if cursor:
        caches["local"].set(f"{key}:{search.page}", cursor, _REMEMBERED)
    if found.next:
        caches["local"].set(f"{key}:{search.page + 1}", found.next, _REMEMBERED)
    return found


def one(reference: str, jurisdiction: Jurisdiction) -> Row:
    """A public report. Raises NotFound; a merged one answers with the report that took it over."""
    row: Row = queries.public_report(reference)
    if not jurisdiction.holds(row.area_code, row.organisation_id):
        raise NotFound
    return row


def _named(references: Sequence[str], jurisdiction: Jurisdiction) -> list[Row]:
    found: dict[str, Row] = {}
    page = queries.public_list(
        PublicFilter(references=frozenset(references)), None, limit=len(references)
    )
    for row in page.rows:
        if jurisdiction.holds(row.area_code, row.organisation_id):
            found[row.reference] = row
    order = {reference: rank for rank, reference in enumerate(references)}
    return sorted(found.values(), key=lambda row: order.get(row.reference, 0))


def _filter(search: Search, jurisdiction: Jurisdiction) -> PublicFilter | None:
    """What the projection is asked; `None` when nothing can be found."""
    box = search.bbox
    if search.circle is not None:
        around = geo.bbox_around(search.circle.lon, search.circle.lat, search.circle.radius)
        box = around if box is None else _both(box, around)
        if box is None:
            return None
    return PublicFilter(
        categories=frozenset(search.codes),
        is_open=("open" in search.statuses) if search.statuses else None,
        organisation_id=jurisdiction.organisation_id,
        area_code=min(jurisdiction.area_codes, default=""),
        bbox=box,
        since=search.since,
        # The projection leaves its upper bound out; ours is in, to the second we write.
        until=search.until + timedelta(seconds=1) if search.until else None,
        updated_since=search.updated_since,
    )


def _both(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | None:
    west, south = max(a[0], b[0]), max(a[1], b[1])
    east, north = min(a[2], b[2]), min(a[3], b[3])
    return (west, south, east, north) if west <= east and south <= north else None


def _exactly(search: Search, jurisdiction: Jurisdiction) -> Callable[[Row], bool] | None:
    """What the projection is not asked, row by row; `None` when there is nothing of the kind."""
    circle, until = search.circle, search.updated_until
    if circle is None and until is None and len(jurisdiction.area_codes) < 2:
        return None

    def fits(row: Row) -> bool:
        if circle is not None:
            metres = geo.distance_m(circle.lon, circle.lat, row.lon, row.lat)
            if metres > circle.radius:
                return False
        return until is None or row.updated_at < until + timedelta(seconds=1)

    return fits


def _page(
    wanted: PublicFilter, cursor: str | None, size: int, fits: Callable[[Row], bool] | None
) -> Listing:
    if fits is None:
        page = queries.public_list(wanted, cursor, limit=size)
        return Listing(page.rows, page.next or "")
    rows: list[Row] = []
    for _try in range(TRIES):
        missing = size - len(rows)
        page = queries.public_list(wanted, cursor, limit=min(missing * 2 + 20, MOST))
        ranks = [rank for rank, row in enumerate(page.rows, 1) if fits(row)]
        rows += [page.rows[rank - 1] for rank in ranks[:missing]]
        if len(ranks) > missing:
            # Read too far: the cursor must stand after the last row given.
            page = queries.public_list(wanted, cursor, limit=ranks[missing - 1])
        cursor = page.next
        if not cursor or len(rows) >= size:
            break
    return Listing(rows, cursor or "")


def _key(wanted: PublicFilter, search: Search) -> str:
    text = repr((replace(search, page=1, cursor="", extensions=False), repr(wanted)))
    return "open311:" + hashlib.sha256(text.encode()).hexdigest()[:32]


def _nearest(key: str, page: int) -> tuple[int, str | None]:
    """The last page up to `page` whose place is remembered, else the first."""
    pages = range(page, max(page - 50, 1), -1)
    known: dict[str, Any] = caches["local"].get_many([f"{key}:{n}" for n in pages])
    for n in pages:
        if f"{key}:{n}" in known:
            return n, known[f"{key}:{n}"]
    return 1, None
