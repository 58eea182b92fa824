"""The inbox: filters, keyset pages, map beside the list."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.capabilities.casework import actions, policies, queries
from socle.capabilities.casework.filters import InboxFilter
from socle.capabilities.casework.models import Case, PublicStatus
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.kernel import references
from socle.kernel.clock import SYSTEM
from socle.kernel.errors import Invalid, NotFound
from socle.sites.desk import present
from socle.sites.desk.access import actor_of, agents_only
from socle.sites.desk.context import inbox_url
from socle.sites.desk.vocabulary import categories, services

_OWN = ("suite", "vue", "annuler")


@require_GET
@agents_only
def inbox(request: HttpRequest) -> HttpResponse:
    """Cases of the agent's organisations, newest first; the map beside when asked."""
    actor = actor_of(request)
    errors: dict[str, Any] = {}
    try:
        wanted = InboxFilter.parse(_cleaned(request), ignore=_OWN)
        page = queries.inbox(actor, wanted, cursor=request.GET.get("suite"))
    except Invalid as error:
        # A filter that is not understood shows everything, and says which part was not.
        errors, wanted = dict(error.fields or {"": [str(error)]}), InboxFilter()
        page = queries.inbox(actor, wanted)
    with_map = request.GET.get("vue") == "carte"
    extra = {"vue": "carte"} if with_map else {}
    undo = request.GET.get("annuler", "")
    teams = list(accounts.teams_of(actor))
    return render(
        request,
        "desk/inbox.html",
        {
            "rows": present.rows(page.rows, SYSTEM.now()),
            # Made only when the filters are printed anew: they are a third of the page.
            "fields": lambda: _filter_fields(actor, wanted, teams),
            "choices": (policies.scope(actor), tuple((team.pk, team.name) for team in teams)),
            "errors": errors,
            "active": _chips(wanted, extra),
            "previous": inbox_url(wanted, suite=page.previous_cursor, **extra)
            if page.previous_cursor
            else None,
            "next": inbox_url(wanted, suite=page.next_cursor, **extra) if page.next_cursor else None,
            "clear": inbox_url(InboxFilter(), **extra),
            "map_on": with_map,
            "list_href": inbox_url(wanted),
            "map_href": inbox_url(wanted, vue="carte"),
            "map_source": f"{reverse('desk:points')}?{_query(wanted)}",
            "filtered": not wanted.is_default,
            "hidden": extra,
            "filter_query": _query(wanted),
            "here": request.get_full_path(),
            "teams": [(team.pk, _named(team)) for team in teams] if not wanted.is_default else [],
            "bulk_teams": _receiving(teams, {row.organisation_id for row in page.rows}),
            "undo": undo if undo.isdigit() else "",
            **present.map_options(),
        },
    )  # fmt: skip


def _named(team: Team) -> str:
    return f"{team.organisation.name} – {team.name}"


def _receiving(teams: list[Team], shown: set[int]) -> list[tuple[int, str]]:
    """Teams that the cases on the page may be given to: those of the same organisations. To whoever
    sees every organisation, all the teams would weigh more than the rest of the page.
    """
    found = [team for team in teams if team.organisation_id in shown]
    return [(team.pk, team.name if len(shown) == 1 else _named(team)) for team in found]


def _cleaned(request: HttpRequest) -> dict[str, list[str]]:
    # An empty select of the filter form means "any", not a value.
    return {
        name: values
        for name, raw in request.GET.lists()
        if (values := [each for each in raw if each != ""])
    }


def _query(wanted: InboxFilter) -> str:
    return inbox_url(wanted).partition("?")[2]


def _filter_fields(actor: Actor, wanted: InboxFilter, own: list[Team]) -> list[dict[str, Any]]:
    teams = [("", _("Toutes les équipes"))] + [(str(team.pk), team.name) for team in own]
    scope = policies.scope(actor)
    organisations = [
        (str(each.pk), each.name)
        for each in territories.organisations()
        if scope is None or each.pk in scope
    ]
    fields: list[dict[str, Any]] = [
        _select("kinds", _("Type"), [("", _("Tous"))] + [(k, str(v)) for k, v in Case.Kind.choices], wanted.kinds),
        _select("statuses", _("État"), [("", _("Tous"))] + [(k, str(v)) for k, v in PublicStatus.choices], wanted.statuses),
        _select("categories", _("Catégorie"), [("", _("Toutes")), *categories()], wanted.categories),
        _select("services", _("Service"), [("", _("Tous")), *services()], wanted.services),
        _select("teams", _("Équipe"), teams, tuple(str(each) for each in wanted.teams)),
        _select("assignee", _("Attribué à"), [("", _("Peu importe")), ("me", _("Moi")), ("none", _("Personne"))], (str(wanted.assignee),)),
        _select("areas", _("Commune"), [("", _("Toutes"))] + [(each.code, each.name) for each in territories.areas()], wanted.areas),
        _select("open", _("Ouverts ou clos"), [("1", _("Ouverts")), ("0", _("Clos")), ("all", _("Tous"))], ("all" if wanted.open is None else "1" if wanted.open else "0",)),
        {"name": "created_from", "label": _("Reçus depuis"), "kind": "date", "value": wanted.created_from.isoformat() if wanted.created_from else "", "required": False},
        {"name": "created_to", "label": _("Jusqu’au"), "kind": "date", "value": wanted.created_to.isoformat() if wanted.created_to else "", "required": False},
        {"name": "text", "label": _("Référence ou mots"), "kind": "search", "value": wanted.text, "required": False},
    ]  # fmt: skip
    if len(organisations) > 1:
        fields.insert(
            0,
            _select(
                "organisations",
                _("Organisation"),
                [("", _("Toutes")), *organisations],
                tuple(str(each) for each in wanted.organisations),
            ),
        )
    return fields


def _select(
    name: str, label: str, choices: list[tuple[str, str]], value: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "kind": "select",
        "choices": choices,
        "value": value[0] if value else "",
        "required": False,
    }


def _chips(wanted: InboxFilter, extra: dict[str, str]) -> list[dict[str, str]]:
    """One chip per filter in force, with the address without it."""
    labels = {
        "kinds": _("Type"), "statuses": _("État"), "categories": _("Catégorie"),
        "services": _("Service"), "teams": _("Équipe"), "assignee": _("Attribué à"),
        "areas": _("Commune"), "open": _("Clos compris"), "text": _("Mots"),
        "created_from": _("Depuis"), "created_to": _("Jusqu’au"), "overdue": _("En retard"),
        "news": _("Réponses reçues"), "organisations": _("Organisation"), "states": _("Étape"),
        "bbox": _("Zone de la carte"),
    }  # fmt: skip
    default = InboxFilter()
    return [
        {
            "label": labels.get(name, name),
            "remove_href": inbox_url(wanted.but(**{name: getattr(default, name)}), **extra),
        }
        for name in wanted.to_json()
    ]


@require_GET
@agents_only
def points(request: HttpRequest) -> HttpResponse:
    """The filter's cases as GeoJSON points for the map (at most 2,000)."""
    wanted = InboxFilter.parse(_cleaned(request), ignore=_OWN)
    box = wanted.bbox or territories.bounds()
    found = queries.map_points(actor_of(request), wanted, box)
    features = [
        {
            "type": "Feature",
            "id": point.id,
            "geometry": {"type": "Point", "coordinates": [point.lon, point.lat]},
            "properties": {
                "id": point.id,
                "title": point.title,
                "href": reverse("desk:case", args=[point.reference]),
                "tone": present.STATUS_TONES.get(point.public_status, "neutral"),
                "status": str(PublicStatus(point.public_status).label),
            },
        }
        for point in found.rows
    ]
    answer = {"type": "FeatureCollection", "features": features, "truncated": found.truncated}
    return JsonResponse(answer)


@require_GET
@agents_only
def find(request: HttpRequest) -> HttpResponse:
    """From a reference to its case, from words to the inbox that holds them."""
    text = request.GET.get("q", "").strip()[:200]
    reference = references.normalise(text)
    if reference is not None:
        try:
            queries.case_for_agent(actor_of(request), reference)
        except NotFound:
            pass
        else:
            return redirect("desk:case", reference)
    return HttpResponseRedirect(inbox_url(InboxFilter(text=text, open=None)))


@require_POST
@agents_only
def save_filter(request: HttpRequest) -> HttpResponse:
    """Keep a filter under a name, for oneself or for a team."""
    query = QueryDict(request.POST.get("query", ""))
    wanted = InboxFilter.parse(dict(query.lists()), ignore=_OWN)
    team = request.POST.get("team", "")
    actions.save_filter(
        actor=actor_of(request),
        name=request.POST.get("name", "").strip(),
        filter=wanted,
        team_id=int(team) if team.isdigit() else None,
    )
    messages.success(request, _("Filtre enregistré : il est dans le menu."))
    return HttpResponseRedirect(inbox_url(wanted))


@require_POST
@agents_only
def delete_filter(request: HttpRequest, filter_id: int) -> HttpResponse:
    actions.delete_filter(actor=actor_of(request), filter_id=filter_id)
    messages.success(request, _("Filtre supprimé."))
    return redirect("desk:overview")


@require_GET
@agents_only
def overview(request: HttpRequest) -> HttpResponse:
    """Figures of the agent's organisations, and the saved filters to tidy up."""
    actor = actor_of(request)
    summary = queries.summary(actor)
    return render(
        request,
        "desk/overview.html",
        {
            "summary": summary,
            "by_status": [
                {
                    "label": PublicStatus(status).label,
                    "value": count.value,
                    "tone": present.STATUS_TONES.get(status, "neutral"),
                    "href": inbox_url(InboxFilter(statuses=(status,))),
                }
                for status, count in summary.by_status
            ],
            "by_team": [
                {
                    "label": name,
                    "value": count.value,
                    "href": inbox_url(InboxFilter(teams=(team_id,))),
                }
                for team_id, name, count in summary.by_team
                if count.value
            ],
            "saved": [
                {"saved": each, "href": inbox_url(each.filter) if each.filter else None}
                for each in queries.saved_filters(actor)
            ],
        },
    )
