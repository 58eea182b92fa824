"""What others reported: map and list, one report, a feed, a map for other sites."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_replace
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET

from socle.capabilities.casework.models import PublicStatus
from socle.domains.reports import queries, showing
from socle.domains.reports.models import PublicReport
from socle.domains.reports.queries import PublicFilter
from socle.foundations.packs import queries as packs
from socle.foundations.territories import queries as territories
from socle.kernel import references
from socle.kernel.errors import NotFound
from socle.sites.portal import links, present
from socle.sites.portal.views import files

PAGE = 30
FEED = 50
# Statuses as people look for them.
GROUPS: dict[str, tuple[str, ...]] = {
    "ouverts": (
        PublicStatus.RECEIVED, PublicStatus.IN_PROGRESS, PublicStatus.WAITING, PublicStatus.PLANNED,
    ),
    "prevus": (PublicStatus.PLANNED,),
    "regles": (PublicStatus.RESOLVED,),
    "ailleurs": (PublicStatus.NOT_OURS,),
    "clos": (
        PublicStatus.CLOSED, PublicStatus.REFUSED, PublicStatus.CANCELLED, PublicStatus.ACCEPTED,
    ),
}  # fmt: skip
# An agent decided that words and photos stay unseen.
HUSHED = (PublicReport.Moderation.PLACE_ONLY, PublicReport.Moderation.HIDDEN)
PERIODS = {"semaine": 7, "mois": 31, "annee": 366}


def _group_labels() -> list[tuple[str, str]]:
    return [
        ("ouverts", _("En cours")),
        ("prevus", _("Intervention prévue")),
        ("regles", _("Réglés")),
        ("ailleurs", _("Hors compétence")),
        ("clos", _("Clos sans intervention")),
    ]


def _wanted(query: QueryDict) -> PublicFilter:
    """The filter an address asks for; what is unknown in it is left out."""
    taxonomy = queries.in_force().categories
    asked = query.get("categorie", "")
    categories = frozenset(
        each.id for each in taxonomy.categories if each.public and asked in (each.id, each.group)
    )
    area = query.get("commune", "")
    since = None
    if query.get("periode") in PERIODS:
        day = timezone.localdate() - timedelta(days=PERIODS[query["periode"]])
        since = timezone.make_aware(datetime.combine(day, time.min))
    return PublicFilter(
        categories=categories,
        statuses=frozenset(GROUPS.get(query.get("etat", ""), ())),
        area_code=area if any(each.code == area for each in territories.areas()) else "",
        since=since,
        words=query.get("q", "").replace("\x00", "").strip()[:80],
    )


_KEPT = ("categorie", "etat", "commune", "periode", "q")


def _kept(query: QueryDict, **changes: str) -> str:
    values = {name: query.get(name, "") for name in _KEPT} | changes
    return urlencode({name: value for name, value in values.items() if value})


def _tiles(wanted: PublicFilter) -> str:
    """Address of the tiles of a filter, as the map library fills it."""
    values = [("categories", each) for each in sorted(wanted.categories)]
    values += [("statuses", each) for each in sorted(wanted.statuses)]
    if wanted.area_code:
        values.append(("area", wanted.area_code))
    if wanted.since:
        values.append(("since", wanted.since.isoformat()))
    query = f"?{urlencode(values)}" if values else ""
    return "/api/v1/tiles/reports/{z}/{x}/{y}.mvt" + query


def _map(wanted: PublicFilter) -> dict[str, Any]:
    options = present.map_options()
    if wanted.area_code:
        area = territories.area(wanted.area_code)
        options |= {"center": (area.lon, area.lat), "zoom": 13}
    return {
        "source": _tiles(wanted),
        "tones": {str(status): tone for status, tone in present.STATUS_TONES.items()},
        "detail": reverse("portal:public-reports") + "/{id}/resume",
        **{name: options[name] for name in ("basemap", "contours", "credit", "center", "zoom")},
    }


def row(report: PublicReport) -> dict[str, Any]:
    """A public report in a list."""
    area = next((a.name for a in territories.areas() if a.code == report.area_code), "")
    return {
        "id": report.pk,
        "title": queries.category_label(report.category),
        "href": reverse("portal:public-report", args=[report.reference]),
        "place": report.address or area,
        "area": area,
        "reference": report.reference,
        "status": {
            "label": str(PublicStatus(report.status).label),
            "tone": present.STATUS_TONES.get(report.status, "neutral"),
        },
        "text": "" if report.moderation in HUSHED else report.text,
        "at": report.created_at,
        "followers": report.followers,
    }


def _filters(query: QueryDict) -> list[dict[str, Any]]:
    groups = [
        choice
        for group, members in queries.grouped()
        for choice in [
            (group.id, group.label),
            *((each.id, f"— {each.label}") for each in members if each.public),
        ]
    ]
    return [
        {"name": "q", "kind": "search", "label": _("Rue, mot, référence"), "value": query.get("q", ""),
         "required": False, "placeholder": _("Rue, mot, référence")},
        {"name": "categorie", "kind": "select", "label": _("Problème"),
         "choices": [("", _("Tous")), *groups], "value": query.get("categorie", ""), "required": False},
        {"name": "etat", "kind": "select", "label": _("État"),
         "choices": [("", _("Tous")), *_group_labels()], "value": query.get("etat", ""), "required": False},
        {"name": "commune", "kind": "select", "label": _("Commune"),
         "choices": [("", _("Toutes")), *((a.code, a.name) for a in territories.areas())],
         "value": query.get("commune", ""), "required": False},
        {"name": "periode", "kind": "select", "label": _("Reçus depuis"),
         "choices": [("", _("Toujours")), ("semaine", _("Une semaine")), ("mois", _("Un mois")), ("annee", _("Un an"))],
         "value": query.get("periode", ""), "required": False},
    ]  # fmt: skip


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Map and list of what is reported, the same filters for both."""
    query = request.GET
    reference = references.normalise(query.get("q", ""))
    if reference is not None and PublicReport.objects.filter(reference=reference).exists():
        return redirect("portal:public-report", reference)
    wanted = _wanted(query)
    page = queries.public_list(wanted, cursor=query.get("suite") or None, limit=PAGE)
    chips = [
        {"label": str(dict(choices).get(query.get(name, ""), query.get(name, ""))).lstrip("— "),
         "remove_href": "?" + _kept(query, **{name: ""})}
        for name, choices in [(f["name"], f.get("choices", [])) for f in _filters(query)]
        if query.get(name)
    ]  # fmt: skip
    return render(
        request,
        "portal/public_reports.html",
        {
            "rows": [row(each) for each in page.rows],
            "next": f"?{_kept(query, suite=page.next)}" if page.next else None,
            "previous": f"?{_kept(query, suite=page.previous)}" if page.previous else None,
            "filters": _filters(query),
            "values": {name: query.get(name, "") for name in _KEPT},
            "active": chips,
            "map": _map(wanted),
            "legend": [
                {"label": _("Reçus"), "tone": "info"},
                {"label": _("En cours ou prévus"), "tone": "progress"},
                {"label": _("Réglés"), "tone": "success"},
                {"label": _("Clos"), "tone": "neutral"},
            ],
            "feed": reverse("portal:public-feed") + (f"?{kept}" if (kept := _kept(query)) else ""),
            "data": [
                (form, reverse("portal:public-data", args=[form]) + (f"?{kept}" if kept else ""))
                for form in ("csv", "geojson")
            ],
            "alert": reverse("portal:alerts") + (f"?{kept}" if kept else ""),
        },
    )


def _report(reference: str) -> PublicReport:
    wanted = references.normalise(reference)
    if wanted is None:
        raise NotFound(_("Cette référence n’est pas valable : vérifiez-la."))
    return queries.public_report(wanted)


@require_GET
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """One report as everybody may see it: what, where, what was done; nothing about who."""
    report = _report(reference)
    if report.reference != reference:
        return redirect("portal:public-report", report.reference)
    return show(request, report)


def show(
    request: HttpRequest, report: PublicReport, errors: dict[str, list[str]] | None = None
) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    language = get_language() or "fr"
    shown = row(report)
    return render(
        request,
        "portal/public_report.html",
        {
            "report": report,
            "row": shown,
            "state_text": showing.public_sentence(report),
            "timeline": showing.public_trail(report, language=language),
            "photos": [
                {"src": reverse("portal:public-photo", args=[each.document_id])}
                for each in report.shown_photos
            ],
            "following": showing.is_following(actor, report.case),
            "signed_in": actor.user_id is not None,
            "errors": errors or {},
            "email": request.POST.get("email", ""),
            "address": links.base_url() + shown["href"],
            **present.map_options(),
        },
        status=422 if errors else 200,
    )


@require_GET
@cache_control(public=True, max_age=60)
def summary(request: HttpRequest, case_id: int) -> HttpResponse:
    """The few words a map shows of one report."""
    report = queries.public_report_by_id(case_id)
    shown = row(report)
    return JsonResponse(
        {
            "id": report.pk,
            "title": shown["title"],
            "href": shown["href"],
            "status": shown["status"]["label"],
            "text": shown["place"],
            "tone": shown["status"]["tone"],
        }
    )


@require_GET
def photo(request: HttpRequest, document_id: int) -> FileResponse | HttpResponse:
    """A photo that an agent let through."""
    return files.serve(queries.public_photo(document_id), thumbnail="apercu" in request.GET)


@require_GET
@cache_control(public=True, max_age=300)
def feed(request: HttpRequest) -> HttpResponse:
    """The newest reports of a filter, as RSS 2.0."""
    wanted = _wanted(request.GET)
    page = queries.public_list(wanted, limit=FEED)
    base = links.base_url()
    out = Rss201rev2Feed(
        title=_("Signalements – %(site)s") % {"site": packs.site().name},
        link=base + reverse("portal:public-reports"),
        description=_("Ce qui est signalé sur l’espace public."),
        language=get_language() or "fr",
        feed_url=base + request.get_full_path(),
    )
    for each in page.rows:
        shown = row(each)
        out.add_item(
            title=f"{shown['title']} – {shown['place']}",
            link=base + shown["href"],
            description=f"{shown['status']['label']}. {shown['text']}".strip(),
            pubdate=each.created_at,
            updateddate=each.updated_at,
            unique_id=base + shown["href"],
            categories=[shown["title"]],
        )
    response = HttpResponse(content_type="application/rss+xml; charset=utf-8")
    out.write(response, "utf-8")
    return response


@require_GET
def data(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """The anonymised reports of a filter as CSV or GeoJSON, written out as they are read."""
    makers = {
        "csv": (queries.export_csv, "text/csv; charset=utf-8"),
        "geojson": (queries.export_geojson, "application/geo+json"),
    }
    if form not in makers:
        raise NotFound(_("Ce format n’existe pas."))
    export, media_type = makers[form]
    response = StreamingHttpResponse(export(_wanted(request.GET)), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="signalements.{form}"'
    return response


@require_GET
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["https:", "http://localhost:*", "http://127.0.0.1:*"]})
def embed(request: HttpRequest) -> HttpResponse:
    """The map alone, for another site's page: `?commune=…&categorie=…`."""
    wanted = _wanted(request.GET)
    page = queries.public_list(replace(wanted, words=""), limit=10)
    return render(
        request,
        "portal/public_embed.html",
        {
            "map": _map(wanted),
            "rows": [row(each) for each in page.rows],
            "more": reverse("portal:public-reports") + f"?{_kept(request.GET)}",
        },
    )
