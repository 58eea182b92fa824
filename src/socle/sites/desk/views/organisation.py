"""Teams and agents of the organisations one runs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.foundations.accounts import actions, policies, queries
from socle.foundations.accounts.models import Membership
from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound
from socle.sites.desk.access import actor_of, agents_only


@require_GET
@agents_only
def index(request: HttpRequest) -> HttpResponse:
    """The organisations whose teams the actor runs."""
    actor = actor_of(request)
    mine = [
        each for each in territories.organisations() if policies.can_manage_teams(actor, each.pk)
    ]
    if not mine:
        raise NotFound(_("Cette page n’existe pas."))
    if len(mine) == 1:
        return HttpResponseRedirect(reverse("desk:organisation", args=[mine[0].slug]))
    return render(request, "desk/organisations.html", {"organisations": mine})


def _organisation(request: HttpRequest, slug: str) -> Organisation:
    found = territories.organisation(slug)
    if not policies.can_manage_teams(actor_of(request), found.pk):
        raise NotFound(_("Cette organisation n’existe pas."))
    return found


@require_GET
@agents_only
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Members and teams of one organisation."""
    return _show(request, _organisation(request, slug))


def _show(
    request: HttpRequest,
    organisation: Organisation,
    errors: dict[str, list[str]] | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    members = [
        {
            "id": each.pk,
            "name": each.user.display_name,
            "email": each.user.email,
            "role": each.role,
            "role_label": each.get_role_display(),
            "teams": [team.pk for team in each.teams.all()],
            "team_names": ", ".join(team.name for team in each.teams.all()),
            "self": each.user_id == actor.user_id,
        }
        for each in queries.members_of(organisation.pk)
    ]
    return render(
        request,
        "desk/organisation.html",
        {
            "organisation": organisation,
            "members": members,
            "teams": [(str(team.pk), team.name) for team in queries.teams_in(organisation.pk)],
            "roles": [(key, str(label)) for key, label in Membership.Role.choices],
            "can_administer": policies.can_administer(actor, organisation.pk),
            "by_proconnect": queries.admits_by_proconnect(organisation.pk),
            "errors": errors or {},
            "typed": request.POST,
        },
        status=422 if errors else 200,
    )


def _ids(request: HttpRequest, name: str) -> list[int]:
    return [int(each) for each in request.POST.getlist(name) if each.isdigit()]


@require_POST
@agents_only
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Add, change or remove a member; create or close a team; say who enters by ProConnect.

    The act is in `do`.
    """
    organisation = _organisation(request, slug)
    actor = actor_of(request)
    act = request.POST.get("do", "")
    membership = next(iter(_ids(request, "membership")), 0)
    try:
        if act == "add":
            actions.add_member(
                actor=actor,
                organisation_id=organisation.pk,
                email=request.POST.get("email", ""),
                role=request.POST.get("role", "agent"),
                team_ids=_ids(request, "teams"),
            )
            done = _("L’agent est ajouté ; il est prévenu par courriel.")
        elif act == "change":
            actions.change_member(
                actor=actor,
                membership_id=membership,
                role=request.POST.get("role", "agent"),
                team_ids=_ids(request, "teams"),
            )
            done = _("Le rôle et les équipes sont enregistrés.")
        elif act == "remove":
            actions.remove_member(actor=actor, membership_id=membership)
            done = _("L’agent n’a plus accès à cette organisation.")
        elif act == "team":
            actions.create_team(
                actor=actor, organisation_id=organisation.pk, name=request.POST.get("name", "")
            )
            done = _("L’équipe est créée.")
        elif act == "close-team":
            actions.close_team(actor=actor, team_id=next(iter(_ids(request, "team")), 0))
            done = _("L’équipe est fermée.")
        elif act == "admission":
            actions.set_admission(
                actor=actor,
                organisation_id=organisation.pk,
                by_proconnect="by_proconnect" in request.POST,
            )
            done = _("L’entrée par ProConnect est enregistrée.")
        else:
            raise Invalid(_("Cette action n’existe pas."))
    except Invalid as error:
        fields = {key: [str(each) for each in said] for key, said in (error.fields or {}).items()}
        return _show(request, organisation, fields or {"": [str(error)]})
    except (Conflict, Denied) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("desk:organisation", args=[slug]))
