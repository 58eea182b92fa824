"""Programs of an organisation: the keys they hold, the addresses where they are called."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.capabilities.webhooks import actions as webhooks
from socle.capabilities.webhooks import queries as webhook_queries
from socle.capabilities.webhooks import registry, rules
from socle.capabilities.webhooks.models import Delivery, Endpoint
from socle.foundations.accounts import actions, policies, queries
from socle.foundations.accounts.rules import API_SCOPES
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import Conflict, Invalid, NotFound
from socle.sites.desk.access import actor_of, agents_only, organisation_for

_TONES = {"queued": "progress", "delivered": "success", "failed": "danger"}
Errors = dict[str, list[str]]


def _organisation(request: HttpRequest, slug: str) -> Organisation:
    return organisation_for(request, slug, policies.can_integrate)


@require_GET
@agents_only
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Keys and addresses of an organisation."""
    return _show(request, _organisation(request, slug))


def _show(
    request: HttpRequest,
    organisation: Organisation,
    *,
    errors: Errors | None = None,
    shown: dict[str, str] | None = None,
) -> HttpResponse:
    """The page; `shown`: a secret just made, told this once."""
    actor = actor_of(request)
    labels = {name: str(label) for name, label in API_SCOPES.items()}
    return render(
        request,
        "desk/integrations.html",
        {
            "organisation": organisation,
            "keys": [
                {
                    "id": each.pk,
                    "name": each.name,
                    "prefix": each.prefix,
                    "scopes": ", ".join(labels.get(scope, scope) for scope in each.scopes),
                    "created_at": each.created_at,
                    "created_by": each.created_by.display_name if each.created_by else "",
                    "last_used_on": each.last_used_on,
                    "revoked_at": each.revoked_at,
                }
                for each in queries.api_keys_of(actor, organisation.pk)[:100]
            ],
            "endpoints": [
                _endpoint(each) for each in webhook_queries.endpoints(actor, organisation.pk)
            ],
            "scopes": list(labels.items()),
            "events": _events(),
            "errors": errors or {},
            "typed": request.POST,
            "chosen": request.POST.getlist("scopes"),
            "chosen_events": request.POST.getlist("events"),
            "shown": shown,
        },
        status=422 if errors else 200,
    )


def _events() -> list[tuple[str, str]]:
    return [(name, str(label)) for name, label in registry.events().items()]


def _endpoint(found: Endpoint) -> dict[str, Any]:
    if found.suspended_at is not None:
        status = {"label": _("Suspendu : plus rien n’était reçu"), "tone": "danger"}
    elif not found.active:
        status = {"label": _("En pause"), "tone": "neutral"}
    else:
        status = {"label": _("Actif"), "tone": "success"}
    return {
        "id": found.pk,
        "url": rules.shown(found.url),
        "description": found.description,
        "status": status,
        "calling": found.active and found.suspended_at is None,
        "events": found.events,
    }


@require_POST
@agents_only
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Create or revoke a key, add an address to call. The act is in `do`."""
    organisation = _organisation(request, slug)
    actor, where = actor_of(request), {"organisation_id": _organisation(request, slug).pk}
    act = request.POST.get("do", "")
    try:
        if act == "create-key":
            key, secret = actions.create_api_key(
                actor=actor,
                name=request.POST.get("name", ""),
                scopes=request.POST.getlist("scopes"),
                **where,
            )
            return _told_once(
                request, organisation, _("Clé « %(name)s »") % {"name": key.name}, secret
            )
        if act == "revoke-key":
            actions.revoke_api_key(actor=actor, key_id=_id(request, "key"), **where)
            messages.success(request, _("La clé est révoquée : elle n’ouvre plus rien."))
        elif act == "create-endpoint":
            made = webhooks.create_endpoint(
                actor=actor,
                url=request.POST.get("url", ""),
                description=request.POST.get("description", ""),
                events=request.POST.getlist("events"),
                **where,
            )
            return _told_once(request, organisation, _("Secret des appels"), made.secret)
        else:
            raise Invalid(_("Cette action n’existe pas."))
    except Invalid as error:
        return _show(request, organisation, errors=_fields(error))
    except Conflict as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("desk:integrations", args=[slug]))


def _told_once(
    request: HttpRequest, organisation: Organisation, label: str, secret: str
) -> HttpResponse:
    request.POST = request.POST.copy()
    request.POST.clear()  # type: ignore[attr-defined]
    return _show(request, organisation, shown={"label": label, "secret": secret})


def _id(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise NotFound
    return int(text)


def _fields(error: Invalid) -> Errors:
    found = {name: [str(each) for each in said] for name, said in error.fields.items()}
    return found or {"": [str(error)]}


@require_GET
@agents_only
def endpoint(request: HttpRequest, slug: str, endpoint_id: int) -> HttpResponse:
    """One address: what it is told of, what it was told lately."""
    return _show_endpoint(request, _organisation(request, slug), endpoint_id)


def _show_endpoint(
    request: HttpRequest,
    organisation: Organisation,
    endpoint_id: int,
    *,
    errors: Errors | None = None,
    secret: str = "",
) -> HttpResponse:
    found = webhook_queries.endpoint(actor_of(request), organisation.pk, endpoint_id)
    before = request.GET.get("avant", "")
    known = before.isascii() and before.isdigit() and len(before) <= 15
    page = webhook_queries.deliveries(found, int(before) if known else None)
    here = reverse("desk:integration-endpoint", args=[organisation.slug, found.pk])
    return render(
        request,
        "desk/integration_endpoint.html",
        {
            "organisation": organisation,
            "endpoint": _endpoint(found),
            "url_value": request.POST.get("url", found.url),
            "description_value": request.POST.get("description", found.description),
            "chosen_events": request.POST.getlist("events") if errors else found.events,
            "events": _events(),
            "deliveries": [_delivery(each) for each in page.rows],
            "older": f"{here}?avant={page.next_before}" if page.next_before else None,
            "errors": errors or {},
            "secret": secret,
        },
        status=422 if errors else 200,
    )


def _delivery(found: Delivery) -> dict[str, Any]:
    return {
        "id": found.pk,
        "event": str(registry.events().get(found.event, found.event)),
        "event_id": found.event_id,
        "state": {"label": found.get_state_display(), "tone": _TONES[found.state]},
        "attempts": found.attempts,
        "answer": found.error or (f"HTTP {found.status}" if found.status else ""),
        "at": found.created_at,
        "waiting": found.state == Delivery.State.QUEUED,
    }


@require_POST
@agents_only
def change_endpoint(request: HttpRequest, slug: str, endpoint_id: int) -> HttpResponse:
    """Change, pause, try, remove an address; send something again. The act is in `do`."""
    organisation = _organisation(request, slug)
    here = {
        "actor": actor_of(request),
        "organisation_id": organisation.pk,
        "endpoint_id": endpoint_id,
    }
    act = request.POST.get("do", "")
    try:
        if act == "update":
            webhooks.update_endpoint(
                url=request.POST.get("url", ""),
                description=request.POST.get("description", ""),
                events=request.POST.getlist("events"),
                **here,
            )
            done = _("L’adresse est enregistrée.")
        elif act in ("pause", "resume"):
            webhooks.set_active(active=act == "resume", **here)
            done = (
                _("Les appels reprennent.") if act == "resume" else _("Les appels sont en pause.")
            )
        elif act == "rotate":
            made = webhooks.rotate_secret(**here)
            return _show_endpoint(request, organisation, endpoint_id, secret=made.secret)
        elif act == "test":
            webhooks.send_test(**here)
            done = _("L’appel d’essai part : rechargez la page pour voir ce qui a été répondu.")
        elif act == "replay":
            webhooks.replay(
                actor=here["actor"],
                organisation_id=organisation.pk,
                delivery_id=_id(request, "delivery"),
            )
            done = _("L’envoi repart.")
        elif act == "delete":
            webhooks.delete_endpoint(**here)
            messages.success(request, _("L’adresse n’est plus appelée."))
            return HttpResponseRedirect(reverse("desk:integrations", args=[slug]))
        else:
            raise Invalid(_("Cette action n’existe pas."))
    except Invalid as error:
        return _show_endpoint(request, organisation, endpoint_id, errors=_fields(error))
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("desk:integration-endpoint", args=[slug, endpoint_id]))
