"""Public reports: list, one, its history, photos, counts, maps."""

from __future__ import annotations

from typing import Any

from socle.domains.reports import queries as reports
from socle.foundations.files import queries as files
from socle.foundations.territories import queries as territories
from socle.kernel.errors import Invalid, NotFound
from socle.sites.api.v1 import presenting
from socle.sites.api.v1.limits import TILES
from socle.sites.api.v1.operations import N_, Answer, Call, Operation
from socle.sites.api.v1.presenting import reference
from socle.sites.api.v1.schemas import reports as schemas
from socle.sites.api.v1.schemas.shared import Asked, Flag

TILE = "application/vnd.mapbox-vector-tile"
GEOJSON = "application/geo+json"
MAX_ZOOM = 16
WORLD_LATITUDE = 85.05
"""Where web maps end, in degrees."""


class PhotoAsked(Asked):
    thumbnail: Flag | None = None


def filter_of(query: Any) -> reports.PublicFilter:
    """The filter that a query asks for. An organisation that does not exist has no report."""
    owner = getattr(query, "organisation", None)
    try:
        organisation_id = territories.organisation(owner).pk if owner else None
    except NotFound:
        organisation_id = 0
    box = getattr(query, "bbox", None)
    if box is not None:
        west, south, east, north = box
        edge = WORLD_LATITUDE
        box = (west, max(-edge, min(south, edge)), east, max(-edge, min(north, edge)))
    return reports.PublicFilter(
        categories=frozenset(query.categories),
        statuses=frozenset(query.statuses),
        organisation_id=organisation_id,
        area_code=getattr(query, "area", None) or "",
        bbox=box,
        since=getattr(query, "since", None),
        until=getattr(query, "until", None),
        updated_since=getattr(query, "updated_since", None),
        words=getattr(query, "words", "").replace("\x00", ""),
        references=frozenset(getattr(query, "references", ())),
        is_open=query.is_open,
    )


def list_reports(call: Call) -> Answer:
    page = reports.public_list(filter_of(call.query), call.query.cursor, call.query.limit)
    return Answer(
        {
            "items": presenting.report_rows(call.request, page.rows),
            "next": page.next,
            "previous": page.previous,
        },
        headers=presenting.links(call.request, page.next, page.previous),
    )


def read_report(call: Call) -> Answer:
    found = reports.public_report(reference(call.path["reference"]))
    return Answer(presenting.report_rows(call.request, [found])[0])


def read_history(call: Call) -> Answer:
    from socle.domains.reports import showing

    found = reports.public_report(reference(call.path["reference"]))
    return Answer(
        {
            "reference": found.reference,
            "items": [
                {
                    "at": presenting.at(step.at),
                    "title": step.title,
                    "text": step.text,
                    "tone": step.tone,
                }
                for step in showing.public_trail(found)
            ],
        }
    )


def read_photo(call: Call) -> Answer:
    stored = reports.public_photo(presenting.identifier(call.path["id"]))
    small = bool(call.query.thumbnail and stored.thumbnail_key)
    with files.open_thumbnail(stored) if small else files.open_file(stored) as stream:
        content = stream.read()
    return Answer(
        content,
        media_type="image/jpeg" if small else stored.media_type,
        etag=f'"{stored.sha256}{"-480" if small else ""}"',
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def read_statistics(call: Call) -> Answer:
    counts = reports.public_counts(filter_of(call.query))
    labels, words = presenting.category_labels(), presenting.statuses()
    return Answer(
        {
            "total": counts.total,
            "by_category": _counted(counts.by_category, labels),
            "by_status": _counted(counts.by_status, words),
        }
    )


def _counted(found: dict[str, int], labels: dict[str, str]) -> list[dict[str, Any]]:
    rows = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [{"key": key, "label": labels.get(key, key), "count": count} for key, count in rows]


def read_geojson(call: Call) -> Answer:
    wanted = filter_of(call.query)
    if wanted.bbox is None:
        raise Invalid
    body = reports.public_geojson(wanted.bbox, wanted, call.query.limit)
    return Answer(body, media_type=GEOJSON)


def read_tile(call: Call) -> Answer:
    z, x, y = (presenting.identifier(call.path[name]) for name in ("z", "x", "y"))
    if z > MAX_ZOOM or x >= 1 << z or y >= 1 << z:
        raise NotFound
    return Answer(reports.public_tile(z, x, y, filter_of(call.query)), media_type=TILE)


def read_tilejson(call: Call) -> Answer:
    """TileJSON 3.0.0: how a map reads the tiles."""
    base = presenting.address(call.request, "v1-tiles-reports-z-x-y-mvt", z="0", x="0", y="0")
    lon, lat = territories.centre()
    texts = {"category": "String", "status": "String", "id": "Number"}
    return Answer(
        {
            "tilejson": "3.0.0",
            "name": "reports",
            "tiles": [base.removesuffix("0/0/0.mvt") + "{z}/{x}/{y}.mvt"],
            "minzoom": 0,
            "maxzoom": MAX_ZOOM,
            "bounds": list(territories.bounds()),
            "center": [lon, lat, 11],
            "attribution": territories.contours_attribution(),
            "vector_layers": [
                {"id": "reports", "fields": texts, "minzoom": 12},
                {"id": "clusters", "fields": {"count": "Number"}},
            ],
        }
    )


_REPORTS, _MAPS = "reports", "maps"

OPERATIONS = (
    Operation(
        "GET", "/reports", "listReports", _REPORTS,
        N_("Lister les signalements publics"), list_reports,
        description=N_("Du plus récent au plus ancien. Les pages ne bougent pas quand de nouveaux signalements arrivent."),
        query=schemas.ReportsAsked, returns=schemas.ReportPage, cached=15,
    ),
    Operation(
        "GET", "/reports/{reference}", "getReport", _REPORTS,
        N_("Lire un signalement"), read_report,
        description=N_("La référence d’un signalement réuni avec un autre rend celui qui l’a repris."),
        returns=schemas.Report, cached=15, errors=(404,),
    ),
    Operation(
        "GET", "/reports/{reference}/history", "getReportHistory", _REPORTS,
        N_("Lire l’historique public d’un signalement"), read_history,
        returns=schemas.Trail, cached=15, errors=(404,),
    ),
    Operation(
        "GET", "/photos/{id}", "getPhoto", _REPORTS,
        N_("Voir une photo publique"), read_photo,
        description=N_("Relue par un agent, visages et plaques floutés."),
        query=PhotoAsked, media="image/*", limit=TILES, cached=3600, errors=(404, 410),
    ),
    Operation(
        "GET", "/statistics", "getStatistics", _REPORTS,
        N_("Compter les signalements publics"), read_statistics,
        description=N_("Exact à tout instant ; avec une emprise, à 400 m près."),
        query=schemas.StatisticsAsked, returns=schemas.Statistics, cached=60,
    ),
    Operation(
        "GET", "/reports.geojson", "getReportsGeoJson", _MAPS,
        N_("Lire les signalements d’une emprise en GeoJSON"), read_geojson,
        query=schemas.MapAsked, media=GEOJSON, cached=30,
    ),
    Operation(
        "GET", "/tiles/reports.json", "getTileJson", _MAPS,
        N_("Décrire les tuiles vectorielles (TileJSON)"), read_tilejson,
        returns=schemas.TileJson, cached=3600,
    ),
    Operation(
        "GET", "/tiles/reports/{z}/{x}/{y}.mvt", "getTile", _MAPS,
        N_("Lire une tuile vectorielle"), read_tile,
        description=N_("Couche reports à partir du zoom 12, couche clusters en deçà ou quand la tuile est trop chargée."),
        query=schemas.TileAsked, media=TILE, limit=TILES, cached=30, errors=(404,),
    ),
)  # fmt: skip
