"""Saying that one acts for a company or an association, and stopping."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from socle.foundations.accounts import actions
from socle.foundations.accounts.models import LegalEntity
from socle.kernel.errors import Conflict, Invalid
from socle.sites.portal.access import signed_in

NAMES = ("kind", "name", "siret", "rna", "capacity", "address")


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def ask(request: HttpRequest) -> HttpResponse:
    """Ask to act for a legal entity; an agent confirms before it gives any right."""
    actor = request.actor  # type: ignore[attr-defined]
    typed = {name: request.POST.get(name, "").strip() for name in NAMES}
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            actions.request_representation(actor=actor, user_id=actor.user_id, **typed)
        except Invalid as error:
            errors = error.fields or {"": [str(error)]}
        except Conflict as error:
            errors = {"": [str(error)]}
        else:
            messages.success(
                request, _("Votre demande est envoyée. Un agent la vérifie, puis vous prévient.")
            )
            return redirect("portal:profile")
    return render(
        request,
        "portal/representation.html",
        {"fields": _fields(typed, errors), "errors": errors},
        status=422 if errors else 200,
    )


def _fields(typed: dict[str, str], errors: dict[str, list[str]]) -> list[dict[str, Any]]:
    def text(name: str, label: str, **more: Any) -> dict[str, Any]:
        return {
            "name": name, "kind": "text", "label": label, "value": typed[name],
            "errors": errors.get(name, []), "required": False, **more,
        }  # fmt: skip

    return [
        {
            "name": "kind", "kind": "radios", "label": _("Type de structure"),
            "choices": [(key, str(label)) for key, label in LegalEntity.Kind.choices],
            "value": typed["kind"], "errors": errors.get("kind", []),
        },
        text("name", _("Nom de la structure"), required=True, maxlength=200,
             autocomplete="organization"),
        text("siret", _("Numéro SIRET"), hint=_("14 chiffres."), inputmode="numeric"),
        text("rna", _("Numéro RNA"), hint=_("Pour une association : W suivi de 9 chiffres.")),
        text("capacity", _("En quelle qualité ?"), maxlength=100,
             hint=_("Par exemple gérante, président, secrétaire.")),
    ]  # fmt: skip


@require_POST
@signed_in
def end(request: HttpRequest, representation_id: int) -> HttpResponse:
    """Stop acting for the entity, or take a claim back."""
    actions.end_representation(representation_id=representation_id, actor=request.actor)  # type: ignore[attr-defined]
    messages.success(request, _("Vous n’agissez plus pour cette structure."))
    return redirect("portal:profile")
