"""Who is away, and who answers for them: one's own absences, everybody's for those who manage."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.domains.reports import absences as away
from socle.foundations.accounts import policies
from socle.foundations.accounts import queries as accounts
from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import SYSTEM, local_date
from socle.kernel.errors import Invalid, NotFound
from socle.sites.desk import reading
from socle.sites.desk.access import actor_of, agents_only

AHEAD = timedelta(days=400)


def _organisation(request: HttpRequest, slug: str) -> Organisation:
    organisation = territories.organisation(slug)
    actor = actor_of(request)
    if not (actor.has_role(organisation.pk) or actor.is_administrator):
        raise NotFound(_("Cette page n’existe pas."))
    return organisation


@require_GET
@agents_only
def home(request: HttpRequest) -> HttpResponse:
    """To the absences of the agent's first organisation."""
    actor = actor_of(request)
    for each in territories.organisations():
        if actor.has_role(each.pk):
            return HttpResponseRedirect(reverse("desk:absences", args=[each.slug]))
    raise NotFound(_("Cette page n’existe pas."))


@require_GET
@agents_only
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Absences under way and to come, and a form to say one."""
    return _show(request, _organisation(request, slug))


def _show(
    request: HttpRequest, organisation: Organisation, errors: dict[str, list[str]] | None = None
) -> HttpResponse:
    actor = actor_of(request)
    today = local_date(SYSTEM.now(), settings.TIME_ZONE)
    manages = policies.can_manage_teams(actor, organisation.pk)
    agents = list(accounts.agents_of(organisation.pk))
    rows = away.absences(actor, organisation.pk, today, today + AHEAD)
    return render(
        request,
        "desk/absences.html",
        {
            "organisation": organisation,
            "organisations": [
                {
                    "label": each.name,
                    "href": reverse("desk:absences", args=[each.slug]),
                    "current": each.pk == organisation.pk,
                }
                for each in territories.organisations()
                if actor.has_role(each.pk)
            ],
            "rows": [_row(each, today, actor, organisation.pk) for each in rows],
            "manages": manages,
            "may_say": manages or actor.has_role(organisation.pk),
            "people": [(str(each.pk), each.display_name) for each in agents],
            "covers": [
                (str(each.pk), each.display_name)
                for each in agents
                if manages or each.pk != actor.user_id
            ],
            "me": str(actor.user_id),
            "errors": errors or {},
            "typed": request.POST,
        },
        status=422 if errors else 200,
    )


def _row(row: Any, today: date, actor: Any, organisation_id: int) -> dict[str, Any]:
    now = row.begins <= today
    return {
        "id": row.pk,
        "name": row.user.display_name,
        "cover": row.cover.display_name if row.cover else "",
        "begins": row.begins,
        "ends": row.ends,
        "status": {"label": _("Absence en cours"), "tone": "warning"} if now
        else {"label": _("À venir"), "tone": "info"},
        "mine": away.may_plan(actor, row.user_id, organisation_id),
    }  # fmt: skip


@require_POST
@agents_only
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Say an absence, or that there is none after all."""
    organisation = _organisation(request, slug)
    actor = actor_of(request)
    try:
        if request.POST.get("do") == "cancel":
            number = reading.number(request.POST.get("absence", ""))
            today = local_date(SYSTEM.now(), settings.TIME_ZONE)
            rows = away.absences(actor, organisation.pk, today, today + AHEAD)
            if number not in {each.pk for each in rows}:
                raise NotFound(_("Cette absence n’existe plus."))
            away.cancel_absence(actor=actor, absence_id=number or 0)
            done = _("L’absence est retirée.")
        else:
            _plan(request, organisation)
            done = _("L’absence est enregistrée.")
    except Invalid as error:
        return _show(request, organisation, error.fields or {"": [str(error)]})
    messages.success(request, done)
    return HttpResponseRedirect(reverse("desk:absences", args=[slug]))


def _plan(request: HttpRequest, organisation: Organisation) -> None:
    actor = actor_of(request)
    begins, ends = (
        reading.day(request.POST.get("begins", "")),
        reading.day(request.POST.get("ends", "")),
    )
    if begins is None or ends is None:
        missing = [_("Donnez une date.")]
        fields = {
            name: missing for name, day in (("begins", begins), ("ends", ends)) if day is None
        }
        raise Invalid(_("Cette absence ne peut pas être enregistrée."), fields=fields)
    away.plan_absence(
        actor=actor,
        user_id=reading.number(request.POST.get("user", "")) or actor.user_id or 0,
        organisation_id=organisation.pk,
        begins=begins,
        ends=ends,
        cover_id=reading.number(request.POST.get("cover", "")),
    )
