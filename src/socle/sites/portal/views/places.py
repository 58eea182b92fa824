"""Addresses while people type, and the contours drawn on maps."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_GET

from socle.foundations.territories import places, queries


@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """`[{label, lon, lat, citycode, score}]` for `?q=`, at most eight."""
    text = request.GET.get("q", "")[:200].replace("\x00", "").strip()
    found = places.geocoder().search(text, limit=8) if len(text) >= 3 else []
    return JsonResponse(
        [
            {
                "label": each.label,
                "lon": each.lon,
                "lat": each.lat,
                "citycode": each.citycode,
                "score": each.score,
                "precise": each.precise,
            }
            for each in found
        ],
        safe=False,
    )


@require_GET
def reverse_geocode(request: HttpRequest) -> HttpResponse:
    """`{label, citycode, in_territory}` of a point `?lon=&lat=` (degrees)."""
    try:
        lon, lat = float(request.GET["lon"]), float(request.GET["lat"])
    except (KeyError, ValueError):
        return JsonResponse({"detail": "lon, lat"}, status=400)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return JsonResponse({"detail": "lon, lat"}, status=400)
    area = queries.area_at(lon, lat)
    found = places.geocoder().reverse(lon, lat) if area else None
    label = found.label if found else area.name if area else ""
    return JsonResponse(
        {"label": label, "citycode": area.code if area else "", "in_territory": area is not None}
    )


@require_GET
@condition(etag_func=lambda request: queries.contours_geojson().etag)
def communes(request: HttpRequest) -> HttpResponse:
    """Contours of the communes as GeoJSON."""
    response = HttpResponse(queries.contours_geojson().body, content_type="application/geo+json")
    patch_cache_control(response, public=True, max_age=3600)
    return response
