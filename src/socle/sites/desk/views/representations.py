"""Who says they act for a company or an association: confirmed or refused, papers seen."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.foundations.accounts import actions, policies, queries
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Representation
from socle.kernel.errors import Invalid, NotFound
from socle.sites.desk.access import actor_of, agents_only

SHOWN = 50


def _assistants(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not policies.can_assist(actor):
        raise NotFound(_("Cette page n’existe pas."))
    return actor


@require_GET
@agents_only
def index(request: HttpRequest) -> HttpResponse:
    """Claims nobody answered yet, oldest first."""
    actor = _assistants(request)
    found = list(queries.representations_to_verify()[: SHOWN + 1])
    return render(
        request,
        "desk/representations.html",
        {"claims": [_row(each, actor) for each in found[:SHOWN]], "more": len(found) > SHOWN},
    )


def _row(claim: Representation, actor: Actor) -> dict[str, Any]:
    entity = claim.entity
    return {
        "id": claim.pk,
        "entity": entity.name,
        "person": claim.user.display_name,
        # Nobody answers for themselves.
        "own": not policies.can_verify_representations(actor, claim.user_id),
        "facts": [
            {"label": label, "value": value}
            for label, value in (
                (_("Demandé par"), f"{claim.user.display_name} ({claim.user.email})"),
                (_("En qualité de"), claim.capacity),
                (_("Type"), entity.get_kind_display()),
                (_("SIRET"), entity.siret),
                (_("Numéro RNA"), entity.rna),
                (_("Adresse"), entity.address),
            )
            if value
        ],
        "at": claim.created_at,
    }


@require_POST
@agents_only
def answer(request: HttpRequest, representation_id: int) -> HttpResponse:
    """Confirm or refuse a claim. The act is in `do`; the person is told."""
    actor = _assistants(request)
    act = request.POST.get("do", "")
    if act == "verify":
        actions.verify_representation(
            representation_id=representation_id,
            entity_name=request.POST.get("name", ""),
            actor=actor,
        )
        messages.success(request, _("C’est confirmé : la personne peut agir pour la structure."))
    elif act == "decline":
        actions.decline_representation(representation_id=representation_id, actor=actor)
        messages.success(request, _("C’est refusé."))
    else:
        raise Invalid(_("Cette action n’existe pas."))
    return HttpResponseRedirect(reverse("desk:representations"))
