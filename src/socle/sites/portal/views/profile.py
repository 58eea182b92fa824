"""Profile, choices about personal data, export and closing of the account."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from socle.foundations.accounts import actions, queries
from socle.foundations.accounts.models import User
from socle.kernel.errors import Invalid
from socle.sites.portal.access import signed_in

PURPOSES = ("news", "surveys", "personalisation")


def _purposes() -> list[dict[str, str]]:
    return [
        {
            "id": "news",
            "label": _("Recevoir l’actualité de ma commune et de la métropole"),
            "hint": _(
                "Un courriel par mois au plus. Vos demandes en cours vous sont toujours notifiées."
            ),
        },
        {
            "id": "surveys",
            "label": _("Donner mon avis sur les services"),
            "hint": _("Nous pouvons vous écrire pour participer à un test ou à une enquête."),
        },
        {
            "id": "personalisation",
            "label": _("Utiliser mon adresse pour montrer ce qui est près de chez moi"),
            "hint": _("Sans cet accord, l’accueil est le même pour tous."),
        },
    ]


def _fields(user: User, raw: Any, errors: dict[str, list[str]]) -> list[dict[str, Any]]:
    def value(name: str) -> Any:
        return raw.get(name, "") if raw is not None else getattr(user, name)

    def text(
        name: str, label: str, autocomplete: str, kind: str = "text", hint: str = ""
    ) -> dict[str, Any]:
        return {
            "name": name, "label": label, "kind": kind, "autocomplete": autocomplete, "hint": hint,
            "value": value(name), "errors": errors.get(name, []), "required": False, "maxlength": 150,
        }  # fmt: skip

    return [
        text("given_names", _("Prénoms"), "given-name"),
        text("family_name", _("Nom de naissance"), "family-name"),
        text("preferred_name", _("Nom d’usage"), "additional-name", hint=_("S’il est différent.")),
        text("phone", _("Téléphone"), "tel", "tel"),
        text("address", _("Adresse"), "street-address", "address"),
        {
            "name": "language", "label": _("Langue des messages"), "kind": "radios",
            "choices": [("fr", "Français"), ("en", "English")], "value": value("language"),
            "errors": errors.get("language", []),
        },
    ]  # fmt: skip


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """Who I am and how I am told things."""
    actor = request.actor  # type: ignore[attr-defined]
    user = User.objects.get(pk=actor.user_id)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        names = ("given_names", "family_name", "preferred_name", "phone", "address", "language")
        try:
            actions.update_profile(
                actor=actor,
                user_id=user.pk,
                **{name: request.POST.get(name, "").strip() for name in names},
                email_notifications="email_notifications" in request.POST,
            )
        except Invalid as error:
            errors = error.fields or {"": [str(error)]}
        else:
            messages.success(request, _("Votre profil est enregistré."))
            return redirect("portal:profile")
    granted = {
        each.purpose: each for each in queries.consents_of(user.pk) if each.withdrawn_at is None
    }
    return render(
        request,
        "portal/profile.html",
        {
            "user": user,
            "fields": _fields(user, request.POST if errors else None, errors),
            "errors": errors,
            "purposes": [{**each, "granted": granted.get(each["id"])} for each in _purposes()],
            "representations": queries.representations_of(user.pk),
        },
        status=422 if errors else 200,
    )


@require_POST
@signed_in
def consents(request: HttpRequest) -> HttpResponse:
    """Grant or withdraw, one purpose at a time or all on the page."""
    actor = request.actor  # type: ignore[attr-defined]
    chosen = set(request.POST.getlist("purpose"))
    for purpose in PURPOSES:
        if purpose in chosen:
            actions.grant_consent(actor=actor, user_id=actor.user_id, purpose=purpose)
        else:
            actions.withdraw_consent(actor=actor, user_id=actor.user_id, purpose=purpose)
    messages.success(request, _("Vos choix sont enregistrés."))
    return redirect("portal:profile")


@require_GET
@signed_in
def export(request: HttpRequest) -> HttpResponse:
    """Everything known about the person, as JSON (RGPD art. 15 and 20)."""
    actor = request.actor  # type: ignore[attr-defined]
    data = actions.export_personal_data(actor=actor, user_id=actor.user_id)
    response = HttpResponse(
        json.dumps(data, ensure_ascii=False, indent=2, default=str),
        content_type="application/json; charset=utf-8",
    )
    response["Content-Disposition"] = 'attachment; filename="mes-donnees.json"'
    response["Cache-Control"] = "private, no-store"
    return response


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def close(request: HttpRequest) -> HttpResponse:
    """Close the account: names and addresses are erased, requests keep their statistics."""
    actor = request.actor  # type: ignore[attr-defined]
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        if request.POST.get("confirm") == "oui":
            actions.close_account(actor=actor, user_id=actor.user_id)
            logout(request)
            messages.success(request, _("Votre compte est fermé et vos données sont effacées."))
            return redirect("portal:home")
        errors["confirm"] = [_("Cochez la case pour confirmer.")]
    return render(
        request, "portal/close_account.html", {"errors": errors}, status=422 if errors else 200
    )
