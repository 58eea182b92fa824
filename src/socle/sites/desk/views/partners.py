"""Whom an organisation works with: companies it sends, bodies outside that it hands reports to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.domains.reports import actions, policies, queries
from socle.domains.reports.handovers import queries as handovers
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound
from socle.sites.desk.access import actor_of, agents_only, organisation_for


def _organisation(request: HttpRequest, slug: str) -> Organisation:
    return organisation_for(request, slug, policies.can_plan)


@require_GET
@agents_only
def contractors(request: HttpRequest, slug: str) -> HttpResponse:
    """The companies of an organisation."""
    return _show_contractors(request, _organisation(request, slug))


def _show_contractors(
    request: HttpRequest, organisation: Organisation, errors: dict[str, list[str]] | None = None
) -> HttpResponse:
    actor = actor_of(request)
    return render(
        request,
        "desk/contractors.html",
        {
            "organisation": organisation,
            "contractors": queries.contractors(actor, organisation.pk),
            "can_manage": policies.can_manage_contractors(actor, organisation.pk),
            "errors": errors or {},
            "typed": request.POST,
        },
        status=422 if errors else 200,
    )


@require_POST
@agents_only
def change_contractors(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a company, or give one no more orders."""
    organisation = _organisation(request, slug)
    actor = actor_of(request)
    try:
        if request.POST.get("do") == "close":
            number = request.POST.get("contractor", "")
            known = {str(each.pk): each for each in queries.contractors(actor, organisation.pk)}
            if number not in known:
                raise NotFound(_("Cette entreprise n’est pas dans la liste."))
            actions.close_contractor(actor=actor, contractor_id=known[number].pk)
            done = _("%(name)s ne recevra plus d’intervention.") % {"name": known[number].name}
        else:
            added = actions.add_contractor(
                actor=actor,
                organisation_id=organisation.pk,
                name=request.POST.get("name", ""),
                email=request.POST.get("email", ""),
            )
            done = _("%(name)s est dans la liste.") % {"name": added.name}
    except Invalid as error:
        return _show_contractors(request, organisation, error.fields or {"": [str(error)]})
    messages.success(request, done)
    return HttpResponseRedirect(reverse("desk:contractors", args=[slug]))


@require_GET
@agents_only
def bodies(request: HttpRequest, slug: str) -> HttpResponse:
    """Who outside may be handed a report, and what could not be sent to them."""
    organisation = _organisation(request, slug)
    actor = actor_of(request)
    failed = handovers.failed(actor, organisation_id=organisation.pk)
    return render(
        request,
        "desk/bodies.html",
        {
            "organisation": organisation,
            "bodies": [_body(each) for each in handovers.bodies_in(actor, organisation.pk)],
            "failed": [
                {
                    "id": each.pk,
                    "title": each.case.title,
                    "reference": each.case.reference,
                    "body": each.body.name,
                    "error": each.error,
                    "at": each.created_at,
                }
                for each in failed
            ],
        },
    )


def _body(body: Any) -> dict[str, Any]:
    labels = sorted(queries.category_label(each) for each in body.services)
    return {
        "name": body.name,
        "means": body.get_means_display(),
        "address": body.email or body.url,
        "categories": ", ".join(labels) or _("Toutes les catégories"),
        "icon": {"email": "mail", "open311": "network"}.get(body.means, "code"),
    }


@require_POST
@agents_only
def retry_handover(request: HttpRequest, slug: str, handover_id: int) -> HttpResponse:
    """Send again what failed."""
    organisation = _organisation(request, slug)
    actor = actor_of(request)
    failed = {each.pk for each in handovers.failed(actor, 500, organisation_id=organisation.pk)}
    if handover_id not in failed:
        raise NotFound(_("Cette transmission n’est pas en échec."))
    try:
        actions.retry_handover(actor=actor, handover_id=handover_id)
    except (Conflict, Denied) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("L’envoi reprend."))
    return HttpResponseRedirect(reverse("desk:bodies", args=[slug]))
