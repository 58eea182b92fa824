"""Work orders: what is planned, who does it, what was done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.domains.reports.interventions import actions, queries
from socle.domains.reports.models import Intervention
from socle.kernel.errors import Conflict, Invalid
from socle.sites.desk import reading
from socle.sites.desk.access import actor_of, agents_only
from socle.sites.desk.reports import WORK_TONES

State = Intervention.State
_VIEWS = {
    "prevues": (State.PLANNED, State.UNDER_WAY),
    "faites": (State.DONE,),
    "annulees": (State.CANCELLED,),
}


def _row(order: Intervention) -> dict[str, Any]:
    reports = [each.case for each in order.cases.all()]
    return {
        "reference": order.reference,
        "title": order.title,
        "href": reverse("desk:intervention", args=[order.reference]),
        "who": order.team.name if order.team else str(order.contractor or ""),
        "agent": order.assignee.display_name if order.assignee else "",
        "day": order.planned_for,
        "status": {"label": order.get_state_display(), "tone": WORK_TONES[order.state]},
        "count": len(reports),
        "place": reports[0].address if reports else "",
    }


@require_GET
@agents_only
def index(request: HttpRequest) -> HttpResponse:
    """The orders of the agent's organisations, newest first."""
    chosen = request.GET.get("etat", "prevues")
    states = _VIEWS.get(chosen, _VIEWS["prevues"])
    page = queries.interventions(
        actor_of(request), states=states, cursor=request.GET.get("suite") or None
    )
    labels = {"prevues": _("À faire"), "faites": _("Faites"), "annulees": _("Annulées")}
    return render(
        request,
        "desk/interventions.html",
        {
            "rows": [_row(each) for each in page.rows],
            "next": f"?etat={chosen}&suite={page.next_cursor}" if page.next_cursor else None,
            "views": [
                {"label": label, "href": f"?etat={name}", "current": states is _VIEWS[name]}
                for name, label in labels.items()
            ],
        },
    )


@require_GET
@agents_only
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """One order: its reports, its instructions, what was done."""
    return _show(request, queries.intervention(actor_of(request), reference))


def _show(
    request: HttpRequest,
    order: Intervention,
    errors: dict[str, list[str]] | None = None,
    conflict: str = "",
) -> HttpResponse:
    return render(
        request,
        "desk/intervention.html",
        {
            "order": order,
            "row": _row(order),
            "cases": [
                {
                    "title": each.case.title,
                    "reference": each.case.reference,
                    "address": each.case.address,
                    "open": each.case.is_open,
                }
                for each in order.cases.all()
            ],
            "active": order.state in (State.PLANNED, State.UNDER_WAY),
            "can_start": order.state == State.PLANNED,
            "errors": errors or {},
            "conflict": conflict,
            "typed": request.POST,
        },
        status=409 if conflict else 422 if errors else 200,
    )


@require_POST
@agents_only
def act(request: HttpRequest, reference: str) -> HttpResponse:
    """Start, finish, or give up an order."""
    actor = actor_of(request)
    order = queries.intervention(actor, reference)
    version = reading.number(request.POST.get("version", ""))
    common: dict[str, Any] = {
        "actor": actor,
        "intervention_id": order.pk,
        "version": order.version if version is None else version,
    }
    what = request.POST.get("do", "")
    try:
        if what == "start":
            actions.start_intervention(**common)
        elif what == "cancel":
            actions.cancel_intervention(**common, reason=request.POST.get("reason", ""))
        else:
            minutes = request.POST.get("minutes", "").strip()
            if minutes and not minutes.isdecimal():
                words = _("Indiquez le temps passé en minutes.")
                raise Invalid(words, fields={"minutes": [words]})
            actions.finish_intervention(
                **common,
                report=request.POST.get("report", ""),
                minutes=int(minutes) if minutes else None,
                parts=_parts(request),
                resolve=bool(request.POST.get("resolve")),
            )
    except Conflict as error:
        return _show(request, queries.intervention(actor, reference), conflict=str(error))
    except Invalid as error:
        return _show(request, order, errors=error.fields or {"": [str(error)]})
    messages.success(request, _("C’est enregistré."))
    return HttpResponseRedirect(reverse("desk:intervention", args=[reference]))


def _parts(request: HttpRequest) -> list[dict[str, Any]]:
    """One part a line: « 2 × ampoule », or its name alone."""
    found = []
    for line in request.POST.get("parts", "").splitlines()[:50]:
        number, cross, label = line.replace("x ", "× ", 1).partition("×")
        if cross and number.strip().isdecimal():
            found.append({"label": label.strip()[:120], "quantity": int(number.strip()[:6])})
        elif line.strip():
            found.append({"label": line.strip()[:120], "quantity": 1})
    return [each for each in found if each["label"]]
