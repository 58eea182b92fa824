"""Routing rules: an organisation's ordered table, tried on past reports before it is trusted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from socle.domains.reports import policies
from socle.domains.reports.routing import actions, queries, trial
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import Conflict, Invalid, NotFound
from socle.sites.desk import reading
from socle.sites.desk.access import actor_of, agents_only, organisation_for


def _organisation(request: HttpRequest, slug: str) -> Organisation:
    return organisation_for(request, slug, policies.can_see_rules)


@require_GET
@agents_only
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The table, what is wrong in it, and the latest reports a fault left to the default team."""
    return _show(request, _organisation(request, slug))


def _show(
    request: HttpRequest,
    organisation: Organisation,
    *,
    errors: dict[str, list[str]] | None = None,
    tried: trial.Trial | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    lines = queries.rules_of(actor, organisation.pk)
    edited = next((each.rule for each in lines if str(each.rule.pk) == _edited(request)), None)
    typed: dict[str, Any] = {}
    if edited is not None:
        typed = {
            "rule": edited.pk,
            "name": edited.name,
            "condition": edited.condition,
            "to": f"team-{edited.team_id}" if edited.team_id
            else f"organisation-{edited.target_id}" if edited.target_id else "",
            "priority": "" if edited.priority is None else str(edited.priority),
            "enabled": edited.enabled,
        }  # fmt: skip
    if request.method == "POST" and (errors or tried):
        typed = {**request.POST.dict(), "enabled": bool(request.POST.get("enabled"))}
    return render(
        request,
        "desk/rules.html",
        {
            "organisation": organisation,
            "lines": lines,
            "last": len(lines) - 1,
            "faults": [
                {"reference": each.case.reference, "title": each.case.title, "fault": each.fault}
                for each in queries.faults(actor, organisation.pk, limit=20)
            ],
            "can_write": policies.can_write_rules(actor, organisation.pk),
            "targets": [
                ("", _("Ne change pas qui s’en occupe")),
                *((f"team-{t.pk}", t.name) for t in accounts.teams_in(organisation.pk)),
                *(
                    (f"organisation-{o.pk}", _("→ %(name)s") % {"name": o.name})
                    for o in territories.organisations()
                    if o.pk != organisation.pk
                ),
            ],
            "names": sorted(queries.names_now()),
            "typed": typed,
            "errors": errors or {},
            "tried": _tried(tried) if tried else None,
        },
        status=422 if errors else 200,
    )


def _edited(request: HttpRequest) -> str:
    return request.GET.get("regle") or request.POST.get("rule", "")


def _tried(found: trial.Trial) -> dict[str, Any]:
    moves = found.moves.most_common(12)
    teams = Team.objects.in_bulk(
        [team_id for pair, _n in moves for _o, team_id in pair if team_id is not None]
    )
    names = {each.pk: each.name for each in territories.organisations()}

    def place(where: trial.Place) -> str:
        organisation_id, team_id = where
        name = names.get(organisation_id, "")
        return f"{name} – {teams[team_id].name}" if team_id in teams else name

    return {
        "read": found.read,
        "changed": found.changed,
        "uncovered": found.uncovered,
        "moves": [
            {"from": place(before), "to": place(after), "n": n} for (before, after), n in moves
        ],
        "faults": [{"text": text, "n": n} for text, n in found.faults.most_common(5)],
    }


def _draft(request: HttpRequest) -> dict[str, Any]:
    kind, _dash, number = request.POST.get("to", "").partition("-")
    identity = reading.number(number)
    priority = request.POST.get("priority", "")
    return {
        "name": request.POST.get("name", ""),
        "condition": request.POST.get("condition", ""),
        "team_id": identity if kind == "team" else None,
        "target_id": identity if kind == "organisation" else None,
        "priority": int(priority) if priority in {"0", "1", "2"} else None,
    }


@require_http_methods(["POST"])
@agents_only
def save(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a rule, or try it on past reports first."""
    organisation = _organisation(request, slug)
    actor = actor_of(request)
    rule_id = reading.number(request.POST.get("rule", ""))
    try:
        if request.POST.get("do") == "try":
            draft = trial.Draft(rule_id=rule_id, **_draft(request))
            found = trial.dry_run(actor=actor, organisation_id=organisation.pk, rule=draft)
            return _show(request, organisation, tried=found)
        actions.save_rule(
            actor=actor,
            organisation_id=organisation.pk,
            rule_id=rule_id,
            enabled=bool(request.POST.get("enabled")),
            **_draft(request),
        )
    except Invalid as error:
        return _show(request, organisation, errors=error.fields or {"": [str(error)]})
    messages.success(request, _("La règle est enregistrée."))
    return HttpResponseRedirect(reverse("desk:rules", args=[slug]))


@require_POST
@agents_only
def change(request: HttpRequest, slug: str, rule_id: int) -> HttpResponse:
    """Move a rule up or down, or remove it."""
    organisation = _organisation(request, slug)
    actor = actor_of(request)
    lines = queries.rules_of(actor, organisation.pk)
    index = next((n for n, each in enumerate(lines) if each.rule.pk == rule_id), None)
    if index is None:
        raise NotFound(_("Cette règle n’existe pas."))
    try:
        if request.POST.get("do") == "delete":
            actions.delete_rule(actor=actor, rule_id=rule_id)
        else:
            step = -1 if request.POST.get("do") == "up" else 1
            actions.move_rule(actor=actor, rule_id=rule_id, index=index + step)
    except (Invalid, Conflict) as error:
        return _show(request, organisation, errors=error.fields or {"": [str(error)]})
    return HttpResponseRedirect(reverse("desk:rules", args=[slug]))
