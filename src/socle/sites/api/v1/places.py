"""What can be reported where, who answers, the services offered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language

from socle.capabilities.catalogue import cpsv
from socle.capabilities.catalogue import queries as catalogue
from socle.domains.reports import queries as reports
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound
from socle.sites.api.v1 import presenting
from socle.sites.api.v1.operations import N_, Answer, Call, Operation
from socle.sites.api.v1.schemas import places as schemas

LINKED_DATA = "application/ld+json"


def _language() -> str:
    return (get_language() or "fr").split("-")[0]


def list_categories(call: Call) -> Answer:
    area = call.query.area or ""
    if area:
        territories.area(area)
    items = [
        {
            "id": each.id,
            "label": each.label,
            "description": each.description,
            "group": group.id,
            "group_label": group.label,
            "keywords": list(each.keywords),
            "icon": each.icon,
            "public": each.public,
            "urgent": each.urgent,
            "questions": [_question(one) for one in each.questions],
            "assets": bool(each.asset_layer),
        }
        for group, members in reports.categories_at(area)
        for each in members
    ]
    return Answer({"items": items})


def _question(found: Any) -> dict[str, Any]:
    return {
        "id": found.id,
        "label": found.label,
        "type": found.type,
        "required": found.required,
        "visible_when": str(found.visible_when),
        "choices": [{"value": each.value, "label": each.label} for each in found.options],
    }


def list_assets(call: Call) -> Answer:
    asked: schemas.AssetsAsked = call.query
    items = [
        {
            "id": each.id,
            "label": each.label,
            "lon": each.lon,
            "lat": each.lat,
            "distance": round(each.distance_m, 1),
        }
        for each in reports.assets_near(asked.category, asked.lon, asked.lat, asked.radius)
    ]
    return Answer({"items": items})


def list_areas(call: Call) -> Answer:
    items = [
        {
            "code": each.code,
            "name": each.name,
            "kind": each.kind,
            "organisation": presenting.slug(each.organisation_id) if each.organisation_id else None,
            "postal_codes": list(each.postal_codes),
            "population": each.population,
            "lon": each.lon,
            "lat": each.lat,
            "bbox": list(each.bounds),
        }
        for each in territories.areas()
    ]
    contours = presenting.address(call.request, "v1-areas-geojson")
    return Answer(
        {"items": items, "contours": contours, "attribution": territories.contours_attribution()}
    )


def read_contours(call: Call) -> Answer:
    served = territories.contours_geojson()
    return Answer(served.body, media_type="application/geo+json", etag=served.etag)


def list_organisations(call: Call) -> Answer:
    items = [
        {
            "slug": each.slug,
            "name": each.name,
            "kind": each.kind,
            "siren": each.siren,
            "website": each.website,
        }
        for each in territories.organisations()
    ]
    return Answer({"items": items})


def list_services(call: Call) -> Answer:
    items = [
        {
            "key": each.key,
            "title": each.title,
            "summary": each.summary,
            "theme": each.theme,
            "organisation": each.organisation_slug,
            "href": presenting.address(call.request, "v1-services-key", key=each.key),
        }
        for each in catalogue.services(language=_language())
    ]
    return Answer({"items": items})


def read_service(call: Call) -> Answer:
    found = catalogue.find_service(call.path["key"])
    if found is None:
        raise NotFound
    base = presenting.base_url(call.request)
    return Answer(cpsv.public_service(found, base), media_type=LINKED_DATA)


_TERRITORY, _SERVICES = "territory", "services"
OPERATIONS = (
    Operation(
        "GET", "/categories", "listCategories", _TERRITORY,
        N_("Lister ce que l’on peut signaler"), list_categories,
        description=N_("Dans une commune : ses propres catégories, et les communes à toutes qu’elle n’a pas fermées."),
        query=schemas.CategoriesAsked, returns=schemas.Categories, cached=300, errors=(404,),
    ),
    Operation(
        "GET", "/assets", "listAssets", _TERRITORY,
        N_("Lister les équipements proches"), list_assets,
        query=schemas.AssetsAsked, returns=schemas.Assets, cached=300,
    ),
    Operation(
        "GET", "/areas", "listAreas", _TERRITORY, N_("Lister les communes"), list_areas,
        returns=schemas.Areas, cached=300,
    ),
    Operation(
        "GET", "/areas.geojson", "getContours", _TERRITORY,
        N_("Lire les contours des communes"), read_contours,
        media="application/geo+json", cached=3600,
    ),
    Operation(
        "GET", "/organisations", "listOrganisations", _TERRITORY,
        N_("Lister les organisations"), list_organisations,
        returns=schemas.Organisations, cached=300,
    ),
    Operation(
        "GET", "/services", "listServices", _SERVICES, N_("Lister les services publics"),
        list_services, returns=schemas.Services, cached=300,
    ),
    Operation(
        "GET", "/services/{key}", "getService", _SERVICES,
        N_("Lire un service, en données liées (CPSV-AP 3.2)"), read_service,
        returns=schemas.LinkedData, media=LINKED_DATA, cached=300, errors=(404,),
    ),
)  # fmt: skip
