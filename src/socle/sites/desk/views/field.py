"""The agent's round on a phone: what to take along, and where acts made without a network arrive."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.capabilities.casework.models import Case
from socle.domains.reports import deferring, fieldwork, queries
from socle.domains.reports.pack import Category
from socle.foundations.accounts import policies
from socle.foundations.files import actions as files
from socle.foundations.files.models import StoredFile
from socle.foundations.territories import places
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM
from socle.kernel.errors import (
    Conflict,
    Invalid,
    NotFound,
    SocleError,
    TooLarge,
    UnsupportedMedia,
    problem,
)
from socle.sites.desk import present
from socle.sites.desk.access import actor_of, agents_only

PHOTOS_MAX = 5
KINDS = {"avant": fieldwork.BEFORE, "apres": fieldwork.AFTER}
_PART = re.compile(r"^\s*(?:(\d{1,4})\s*[x×]?\s+)?(\S.*)$")


@require_GET
@agents_only
def page(request: HttpRequest) -> HttpResponse:
    """The screen of the round; the service worker keeps it until the agent signs out."""
    actor = actor_of(request)
    return render(
        request,
        "desk/field.html",
        {
            "owner": actor.user_id,
            "stops": [_stop(each) for each in fieldwork.round_of(actor)],
            "can_create": policies.can_assist(actor),
            "groups": queries.grouped(),
            "suggestions_url": reverse("portal:addresses"),
            **present.map_options(),
        },
    )


@require_GET
@agents_only
def round_data(request: HttpRequest) -> HttpResponse:
    """The round, with the workflows: a device without a network knows what may be done next."""
    stops = fieldwork.round_of(actor_of(request))
    workflows = {
        str(stop.case.definition_id): _workflow(fieldwork.workflow_of(stop.case)) for stop in stops
    }
    return JsonResponse(
        {
            "at": SYSTEM.now().isoformat(),
            "stops": [_stop(each) for each in stops],
            "workflows": workflows,
        }
    )


@require_GET
@agents_only
def points(request: HttpRequest) -> HttpResponse:
    """The round on a map."""
    features = [
        {
            "type": "Feature",
            "id": stop.case.pk,
            "geometry": {"type": "Point", "coordinates": [stop.case.lon, stop.case.lat]},
            "properties": {
                "id": stop.case.reference,
                "title": stop.case.title,
                "status": stop.state_label,
            },
        }
        for stop in fieldwork.round_of(actor_of(request))
        if stop.case.lon is not None
    ]
    return JsonResponse(
        {"type": "FeatureCollection", "features": features}, content_type="application/geo+json"
    )


@require_GET
@agents_only
def token(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and the token against forgery: asked before acts leave the device."""
    return JsonResponse({"csrf": get_token(request), "owner": str(actor_of(request).user_id)})


@require_POST
@agents_only
def act(request: HttpRequest) -> HttpResponse:
    """One act of the device: 201 when done, 200 when it was done before, else a problem; a
    conflict (409) also tells the version the case is at, for who decides to do it all the same.
    """
    actor = actor_of(request)
    key = request.POST.get("cle", "")
    reference = request.POST.get("reference", "")
    known = fieldwork.done_before(actor, key)
    if known is None:
        try:
            known = _perform(request, key, reference)
        except Conflict as error:
            return _conflict(request, error, reference)
    return JsonResponse(
        {"reference": known.reference, "version": known.version, "state": known.state},
        status=201 if known.done_now else 200,
    )


def _perform(request: HttpRequest, key: str, reference: str) -> fieldwork.Outcome:
    actor = actor_of(request)
    kind = request.POST.get("genre", "")
    version = request.POST.get("version", "")
    if not version.isdigit() or len(version) > 9:
        raise Invalid(_("Cet envoi n’est pas compris."), code="version")
    if kind == "prise":
        return fieldwork.take(actor=actor, key=key, reference=reference, version=int(version))
    if kind != "rapport":
        raise Invalid(_("Cet envoi n’est pas compris."), code="kind")
    report = _report(request)
    photos = _photos(request, KINDS)
    outcome: fieldwork.Outcome | None = None
    try:
        outcome = fieldwork.report(
            actor=actor, key=key, reference=reference, version=int(version), report=report,
            photos=photos,
        )  # fmt: skip
    finally:
        if outcome is None or not outcome.done_now:
            for received in photos.values():
                deferring.forget(received, actor=actor, claim="")
    return outcome


def _report(request: HttpRequest) -> fieldwork.Report:
    raw = request.POST
    minutes = raw.get("minutes", "").strip()
    if minutes and not (minutes.isdigit() and len(minutes) < 6):
        raise Invalid(
            _("Le rapport est à corriger."),
            fields={"minutes": [_("Indiquez un temps en minutes, 1440 au plus.")]},
        )
    return fieldwork.Report(
        text=raw.get("rapport", ""),
        minutes=int(minutes) if minutes else None,
        parts=_parts(raw.get("pieces", "")),
        transition=raw.get("suite", "")[:80],
        message=raw.get("message", ""),
        order=int(order)
        if (order := raw.get("ordre", "")).isdecimal() and len(order) < 19
        else None,
    )


def _parts(text: str) -> tuple[fieldwork.Part, ...]:
    """One part a line: “2 lamps”, “2 × lamps”, “lamp”."""
    found = []
    for line in text[:8000].splitlines():
        read = _PART.match(line)
        if read:
            found.append(fieldwork.Part(read[2].strip()[:120], int(read[1] or 1)))
    return tuple(found)


def _photos(request: HttpRequest, kinds: dict[str, str]) -> dict[str, list[StoredFile]]:
    """Take photos in, by kind: all, or none and a sentence for each one refused."""
    actor = actor_of(request)
    received: dict[str, list[StoredFile]] = {}
    refused: list[str] = []
    try:
        for field, kind in kinds.items():
            for upload in request.FILES.getlist(field)[:PHOTOS_MAX]:
                try:
                    stored = files.receive(
                        upload=upload, name=upload.name or "", actor=actor, accept=("image",)
                    )
                except (Invalid, TooLarge, UnsupportedMedia) as error:
                    refused.append(f"{upload.name} : {error}")
                    continue
                received.setdefault(kind, []).append(stored)
        if refused:
            raise Invalid(_("Une photo est refusée."), fields={"photos": refused})
    except SocleError:
        for each in received.values():
            deferring.forget(each, actor=actor, claim="")
        raise
    return received


def _conflict(request: HttpRequest, error: Conflict, reference: str) -> HttpResponse:
    row = Case.objects.filter(reference=reference).values("version", "state").first()
    now: dict[str, Any] = dict(row or {})
    return JsonResponse(
        {**problem(error, instance=request.path), **now},
        status=409,
        content_type="application/problem+json",
    )


@require_POST
@agents_only
def create(request: HttpRequest) -> HttpResponse:
    """A report typed for somebody: a caller, a passer-by. Sent twice, it is one report."""
    actor = actor_of(request)
    if not policies.can_assist(actor):
        raise NotFound(_("Cette page n’existe pas."))
    key = deferring.device_key(request.POST.get("cle", ""))
    sent = deferring.sent_before(key)
    if sent is None:
        sent = deferring.submit(
            actor=actor,
            key=key,
            report=_typed(request),
            receive=lambda: _photos(request, {"photos": "photo"}).get("photo", []),
            helping=True,
        )
    reference = sent.case.reference
    return JsonResponse(
        {"reference": reference, "link": reverse("desk:case", args=[reference])},
        status=201 if sent.created else 200,
    )


def _typed(request: HttpRequest) -> deferring.Report:
    raw = request.POST
    lon, lat = _degrees(raw.get("place_lon", "")), _degrees(raw.get("place_lat", ""))
    address = raw.get("place", "").strip()
    if (lon is None or lat is None) and address:
        found = places.geocoder().search(address[:200], limit=1)
        if not found:
            missing = _(
                "Cette adresse n’a pas été trouvée. Indiquez le numéro, la rue et la commune."
            )
            raise Invalid(_("Le signalement est à corriger."), fields={"place": [missing]})
        lon, lat, address = found[0].lon, found[0].lat, found[0].label
    if not address and lon is not None and lat is not None:
        area = territories.area_at(lon, lat)
        nearest = places.geocoder().reverse(lon, lat) if area else None
        address = nearest.label if nearest else area.name if area else ""
    email = raw.get("email", "").strip()
    if email:
        try:
            validate_email(email)
        except ValidationError:
            wrong = _("Cette adresse électronique est incorrecte.")
            raise Invalid(_("Le signalement est à corriger."), fields={"email": [wrong]}) from None
    return deferring.Report(
        category_id=raw.get("category", ""),
        lon=lon,
        lat=lat,
        description=raw.get("description", "").replace("\x00", "").strip(),
        address=address,
        contact={name: raw.get(name, "").strip()[:200] for name in ("name", "email", "phone")},
        channel=Case.Channel.PHONE,
    )


def _degrees(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -180 <= value <= 180 else None


def _stop(stop: fieldwork.Stop) -> dict[str, Any]:
    case = stop.case
    base = reverse("desk:case", args=[case.reference])
    category: Category | None = queries.category(case.category)
    return {
        "reference": case.reference,
        "version": case.version,
        "definition": str(case.definition_id),
        "state": case.state,
        "state_label": stop.state_label,
        "title": case.title,
        "category": category.label if category else case.category,
        "icon": category.icon if category else "megaphone",
        "description": case.description,
        "address": case.address,
        "lon": case.lon,
        "lat": case.lat,
        "mine": stop.mine,
        "priority": case.priority,
        "due": case.due_at.isoformat() if case.due_at else None,
        "href": base,
        "photos": [f"{base}/documents/{each.pk}?apercu=1" for each in stop.photos],
        "interventions": [
            {
                "id": each.pk,
                "reference": each.reference,
                "title": each.title,
                "instructions": each.instructions,
                "planned_for": each.planned_for.isoformat() if each.planned_for else None,
            }
            for each in stop.interventions
        ],
    }


def _workflow(workflow: Any) -> dict[str, Any]:
    return {
        "states": {each.id: {"label": each.label, "open": each.open} for each in workflow.states},
        "transitions": [
            {
                "id": each.id,
                "label": each.label,
                "from": list(each.sources),
                "to": each.target,
                "needs": list(each.needs),
            }
            for each in workflow.transitions
            if "agent" in each.who
        ],
    }
