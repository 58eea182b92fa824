"""Reporting without a network: the screen that the browser keeps, and where it sends what it kept."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires import actions as drafts
from socle.capabilities.questionnaires import parsing
from socle.capabilities.questionnaires import queries as draft_queries
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Question
from socle.capabilities.questionnaires.places import Territory
from socle.domains.reports import actions, deferring, queries
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.foundations.files import actions as files
from socle.foundations.files.models import StoredFile
from socle.foundations.territories import places
from socle.foundations.territories import queries as territories
from socle.kernel.errors import Invalid, NotFound, SocleError, TooLarge, UnsupportedMedia
from socle.sites.portal import claims, contacts, origins, throttling

PHOTOS_MAX = 5
REPORTS_AN_HOUR = 60
_PLACE = Question(id="place", type="location", label="place", within="territory")


@require_GET
def screen(request: HttpRequest) -> HttpResponse:
    """The whole report on one screen. Kept by the service worker, which asks for it without
    cookies: what it holds is nobody's.
    """
    reporting = queries.in_force().categories
    return render(
        request,
        "portal/report_offline.html",
        {
            "reporting": reporting,
            "groups": queries.grouped(),
            "fields": _fields(),
        },
    )


def _fields() -> dict[str, dict[str, Any]]:
    return {
        "photos": {
            "name": "photos",
            "kind": "files",
            "label": _("Photos"),
            "hint": _("Jusqu’à cinq. Évitez les visages et les plaques d’immatriculation."),
            "required": False,
            "accept": "image/*",
            "max_count": PHOTOS_MAX,
        },
        "description": {
            "name": "description",
            "kind": "textarea",
            "label": _("Que se passe-t-il ?"),
            "required": False,
            "rows": 4,
            "maxlength": actions.DESCRIPTION_MAX,
        },
        "place": {
            "name": "place",
            "kind": "address",
            "label": _("Où est-ce ?"),
            "hint": _("Numéro, rue et commune, ou votre position."),
            "required": False,
            "suggestions_url": reverse("portal:addresses"),
        },
        "name": {
            "name": "name",
            "kind": "text",
            "label": _("Vos nom et prénom"),
            "required": False,
            "autocomplete": "name",
            "maxlength": 200,
        },
        "email": {
            "name": "email",
            "kind": "email",
            "label": _("Adresse électronique"),
            "hint": _("Pour recevoir l’accusé de réception et le lien de suivi."),
            "required": False,
            "autocomplete": "email",
        },
        "phone": {
            "name": "phone",
            "kind": "tel",
            "label": _("Téléphone"),
            "required": False,
            "autocomplete": "tel",
        },
    }


@require_GET
def categories(request: HttpRequest) -> HttpResponse:
    """The category tree, for the device to suggest one from the words typed."""
    tree = [
        {
            "id": group.id,
            "label": group.label,
            "categories": [
                {
                    "id": each.id,
                    "label": each.label,
                    "description": each.description,
                    "keywords": list(each.keywords),
                    "urgent": each.urgent,
                }
                for each in members
            ],
        }
        for group, members in queries.grouped()
    ]
    response = JsonResponse({"groups": tree})
    patch_cache_control(response, public=True, max_age=300)
    return response


@never_cache
@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """Who is signed in, as a mark that means nothing elsewhere, and what fills their contact.

    The mark goes with the report: it is theirs only if they are still the one signed in when it
    leaves. On a shared device nobody gets somebody else's report.
    """
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return JsonResponse(
        {"person": _mark(actor), "contact": contacts.prefilled(actor, helping=False)}
    )


def _mark(actor: Actor) -> str:
    if actor.user_id is None:
        return ""
    return salted_hmac("socle.portal.offline", str(actor.user_id)).hexdigest()[:32]


@csrf_exempt
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Receive a report that a device kept. JSON: the reference and the private link, 201 the first
    time, 200 when it is here already; else a problem (RFC 9457): 422 to correct, 429 or 503 to try
    again.

    No token against forgery (see `origins`), and nothing done in the name of the session unless
    the report says whose it is.
    """
    origins.same_origin(request)
    claim = claims.ensure(request)
    draft = _draft(request)
    actor: Actor = request.actor if draft else _author(request)  # type: ignore[attr-defined]
    helping = draft is not None and draft.helper_id is not None
    key = f"draft:{draft.pk}" if draft else deferring.device_key(request.POST.get("cle", ""))
    sent = deferring.sent_before(key)
    if sent is None:
        throttling.spend(request, "report", REPORTS_AN_HOUR)
        sent = deferring.submit(
            actor=actor,
            key=key,
            report=_report(request, actor, helping=helping),
            receive=lambda: _photos(request, actor, claim),
            claim=claim,
            helping=helping,
        )
    if draft is not None:
        drafts.mark_filed(draft=draft, reference=sent.case.reference)
    response = JsonResponse(
        {
            "reference": sent.case.reference,
            "link": reverse("portal:follow", args=[sent.case.reference, sent.follow_token]),
            "created": sent.created,
        },
        status=201 if sent.created else 200,
    )
    response["Cache-Control"] = "no-store"
    claims.keep(response, claim)
    return response


def _author(request: HttpRequest) -> Actor:
    """The person signed in when the report is marked theirs, else nobody."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    given = request.POST.get("personne", "")
    mine = actor.user_id is not None and constant_time_compare(given, _mark(actor))
    return actor if mine else ANONYMOUS


def _draft(request: HttpRequest) -> Draft | None:
    """The form begun with a network that this report continues, when it is this browser's: were it
    sent after all before the network went, it is the same report.
    """
    with suppress(ValueError, NotFound):
        wanted = UUID(request.POST.get("brouillon", ""))
        found = draft_queries.draft_for(request.actor, claims.of(request), wanted)  # type: ignore[attr-defined]
        if found.service_key == actions.SERVICE_KEY:
            return found
    return None


def _report(request: HttpRequest, actor: Actor, *, helping: bool) -> deferring.Report:
    raw = request.POST
    faults: dict[str, list[str]] = {}
    answer: dict[str, Any] | None = None
    try:
        answer = parsing.place(_PLACE, raw, Territory())
    except parsing.Refused as problem:
        faults["place"] = [str(problem)]
    contact, wrong = contacts.read(raw, actor, helping=helping, optional=True)
    faults |= wrong
    if faults:
        raise Invalid(_("Le signalement est à corriger."), fields=faults)
    answer = answer or {}
    return deferring.Report(
        category_id=raw.get("category", ""),
        lon=answer.get("lon"),
        lat=answer.get("lat"),
        description=raw.get("description", "").replace("\x00", "").strip(),
        address=answer.get("label") or _named(answer),
        contact=contact,
        channel=contact.get("channel") or Case.Channel.MOBILE,
    )


def _named(answer: dict[str, Any]) -> str:
    if "lon" not in answer:
        return ""
    found = places.geocoder().reverse(answer["lon"], answer["lat"])
    area = territories.area_at(answer["lon"], answer["lat"])
    return found.label if found else (area.name if area else "")


def _photos(request: HttpRequest, actor: Actor, claim: str) -> list[StoredFile]:
    """Take the photos in: all, or none and a sentence for each one refused."""
    received: list[StoredFile] = []
    refused: list[str] = []
    for upload in request.FILES.getlist("photos")[:PHOTOS_MAX]:
        try:
            received.append(
                files.receive(
                    upload=upload,
                    name=upload.name or "",
                    actor=actor,
                    claim=drafts.claim_hash(claim),
                    accept=("image",),
                )
            )
        except (Invalid, TooLarge, UnsupportedMedia) as error:
            refused.append(f"{upload.name} : {error}")
        except SocleError:
            deferring.forget(received, actor=actor, claim=claim)
            raise
    if refused:
        deferring.forget(received, actor=actor, claim=claim)
        raise Invalid(_("Une photo est refusée."), fields={"photos": refused})
    return received
