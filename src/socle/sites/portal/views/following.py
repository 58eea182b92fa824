"""Being told: a report one follows, alerts about a place."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from socle.capabilities.casework import actions as casework
from socle.domains.reports import alerts, queries
from socle.foundations.territories import queries as territories
from socle.kernel.errors import Invalid, Throttled
from socle.sites.portal import present
from socle.sites.portal.views import public_reports

RADII = (200, 500, 1000, 2000, 5000)


@require_POST
def follow(request: HttpRequest, reference: str) -> HttpResponse:
    """Be told how a report goes on: at once with an account, else once the letter is confirmed."""
    actor = request.actor  # type: ignore[attr-defined]
    report = queries.public_report(reference)
    try:
        casework.follow(
            case_id=report.pk,
            actor=actor,
            email="" if actor.user_id else request.POST.get("email", "").strip(),
            language=get_language() or "fr",
        )
    except Invalid as error:
        return public_reports.show(request, report, error.fields or {"email": [str(error)]})
    messages.success(
        request,
        _("Vous suivez ce signalement : nous vous dirons ce qui change.")
        if actor.user_id
        # The same words whether the address was known or not.
        else _("Nous vous avons écrit : ouvrez le lien pour confirmer."),
    )
    return redirect("portal:public-report", report.reference)


@require_POST
def unfollow(request: HttpRequest, reference: str) -> HttpResponse:
    """No longer be told."""
    report = queries.public_report(reference)
    casework.unfollow(actor=request.actor, case_id=report.pk)  # type: ignore[attr-defined]
    messages.success(request, _("Vous ne suivez plus ce signalement."))
    return redirect("portal:public-report", report.reference)


@never_cache
@require_http_methods(["GET", "POST"])
def subscription(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a letter. Opening it changes nothing: mail scanners open links too."""
    if request.method == "GET":
        return render(
            request,
            "portal/subscription.html",
            {"title": _("Suivre ce signalement"), "action": request.path, "alert": None},
        )
    if request.POST.get("stop"):
        casework.unfollow(token=token)
        messages.success(request, _("C’est fait : nous ne vous écrirons plus à ce sujet."))
        return redirect("portal:public-reports")
    follower = casework.confirm_following(token=token)
    messages.success(request, _("C’est confirmé : nous vous dirons ce qui change."))
    return redirect("portal:public-report", follower.case.reference)


# --- Alerts ---


def _fields(values: dict[str, Any], errors: dict[str, list[str]], *, ask_email: bool) -> list[Any]:
    groups = [
        {"value": group.id, "label": group.label}
        for group, members in queries.grouped()
        if any(each.public for each in members)
    ]
    fields: list[dict[str, Any]] = [
        {
            "name": "place",
            "kind": "address",
            "label": _("Autour d’une adresse"),
            "required": False,
            "value": values.get("place", ""),
            "lon": values.get("place_lon"),
            "lat": values.get("place_lat"),
            "errors": errors.get("place", []),
        },
        {
            "name": "radius_m",
            "kind": "select",
            "label": _("Dans un rayon de"),
            "choices": [
                (str(each), f"{each} m" if each < 1000 else f"{each // 1000} km") for each in RADII
            ],
            "value": values.get("radius_m", "500"),
            "required": False,
            "errors": errors.get("radius_m", []),
        },
        {
            "name": "area",
            "kind": "select",
            "label": _("Ou dans une commune"),
            "choices": [("", _("Tout le territoire")), *((a.code, a.name) for a in territories.areas())],
            "value": values.get("area", ""),
            "required": False,
            "errors": errors.get("area", []),
        },
        {
            "name": "groups",
            "kind": "checkboxes",
            "label": _("À propos de"),
            "hint": _("Rien de coché : tout."),
            "choices": groups,
            "value": values.get("groups", []),
            "required": False,
            "errors": errors.get("categories", []),
        },
    ]  # fmt: skip
    if ask_email:
        fields.append(
            {
                "name": "email",
                "kind": "email",
                "label": _("Adresse électronique"),
                "autocomplete": "email",
                "value": values.get("email", ""),
                "hint": _("Nous vous enverrons un lien pour confirmer."),
                "errors": errors.get("email", []),
            }
        )
    return fields


@never_cache
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """One's alerts, and a new one."""
    actor = request.actor  # type: ignore[attr-defined]
    errors: dict[str, list[str]] = {}
    query = request.GET
    values: dict[str, Any] = {"area": query.get("commune", ""), "groups": []}
    asked = query.get("categorie", "")
    values["groups"] = [
        group.id
        for group, members in queries.grouped()
        if asked and (asked == group.id or any(asked == each.id for each in members))
    ]
    if request.method == "POST":
        values = {**request.POST.dict(), "groups": request.POST.getlist("groups")}
        errors = _create(request, values)
        if not errors:
            messages.success(
                request,
                _("L’alerte est enregistrée.")
                if actor.user_id
                else _("Nous vous avons écrit : ouvrez le lien pour confirmer."),
            )
            return redirect("portal:alerts")
    return render(
        request,
        "portal/alerts.html",
        {
            "alerts": alerts.alerts_of(actor),
            "fields": _fields(values, errors, ask_email=actor.user_id is None),
            "errors": errors,
            "suggestions_url": reverse("portal:addresses"),
            **present.map_options(),
        },
        status=422 if errors else 200,
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _create(request: HttpRequest, values: dict[str, Any]) -> dict[str, list[str]]:
    lon, lat = _number(values.get("place_lon")), _number(values.get("place_lat"))
    if str(values.get("place", "")).strip() and (lon is None or lat is None):
        return {"place": [_("Choisissez une adresse dans la liste proposée.")]}
    wanted = set(values["groups"])
    categories = [
        each.id
        for group, members in queries.grouped()
        if group.id in wanted
        for each in members
        if each.public
    ]
    radius = str(values.get("radius_m", ""))
    try:
        alerts.create_alert(
            actor=request.actor,  # type: ignore[attr-defined]
            email=str(values.get("email", "")),
            language=get_language() or "fr",
            lon=lon,
            lat=lat,
            radius_m=int(radius) if radius.isdigit() else None,
            area_code=str(values.get("area", "")),
            categories=categories,
        )
    except Throttled as error:
        return {"": [str(error)]}
    except Invalid as error:
        return error.fields or {"": [str(error)]}
    return {}


@require_POST
def remove(request: HttpRequest, alert_id: int) -> HttpResponse:
    """End one of one's alerts."""
    alerts.delete_alert(actor=request.actor, alert_id=alert_id)  # type: ignore[attr-defined]
    messages.success(request, _("L’alerte est retirée."))
    return redirect("portal:alerts")


@never_cache
@require_http_methods(["GET", "POST"])
def alert_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a letter: confirm, or end. Opening it changes nothing."""
    alert = alerts.alert_for(token)
    if request.method == "GET":
        return render(
            request,
            "portal/subscription.html",
            {
                "title": _("Alerte : %(label)s") % {"label": alert.label},
                "action": request.path,
                "alert": alert,
            },
        )
    if request.POST.get("stop"):
        alerts.delete_alert(actor=request.actor, token=token)  # type: ignore[attr-defined]
        messages.success(request, _("C’est fait : cette alerte est terminée."))
    else:
        alerts.confirm_alert(token=token)
        messages.success(request, _("C’est confirmé : nous vous dirons ce qui est signalé."))
    return redirect("portal:public-reports")
