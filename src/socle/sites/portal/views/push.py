"""Being told on this device: a browser's push subscription to an account or to one case."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications import push
from socle.foundations.accounts.actors import Actor
from socle.kernel.errors import NotFound
from socle.sites.portal import throttling

SUBSCRIPTIONS_AN_HOUR = 120


def offer_user(actor: Actor) -> dict[str, Any]:
    """What the button of an account's notifications needs."""
    return _offer(f"user:{actor.user_id}", "")


def offer_case(case: Case, token: str) -> dict[str, Any]:
    """What the button of a case's page needs; `token`: of its private link, if that was the way."""
    return _offer(f"case:{case.reference}", token)


def _offer(topic: str, token: str) -> dict[str, Any]:
    return {
        "key": push.public_key(),
        "topic": topic,
        "token": token,
        "subscribe": reverse("portal:push-subscribe"),
        "unsubscribe": reverse("portal:push-unsubscribe"),
    }


@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Tell this browser. An account's own topic, or a case this person may follow."""
    throttling.spend(request, "push", SUBSCRIPTIONS_AN_HOUR)
    push.subscribe(
        topic=_topic(request),
        endpoint=request.POST.get("endpoint", ""),
        p256dh=request.POST.get("p256dh", ""),
        auth=request.POST.get("auth", ""),
        language=get_language() or "fr",
    )
    return HttpResponse(status=204)


def _topic(request: HttpRequest) -> str:
    kind, _colon, reference = request.POST.get("topic", "").partition(":")
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if kind == "user" and actor.user_id is not None:
        return push.user_topic(actor.user_id)
    if kind == "case":
        token = request.POST.get("token", "")
        return push.case_topic(cases.case_for_person(actor, reference, follow_token=token).pk)
    raise NotFound(_("Cette page n’existe pas."))


@require_POST
def unsubscribe(request: HttpRequest) -> HttpResponse:
    """Tell this browser no more; whoever knows its endpoint may ask."""
    endpoint = request.POST.get("endpoint", "")
    kind, _colon, reference = request.POST.get("topic", "").partition(":")
    if kind == "case":
        found = Case.objects.filter(reference=reference).values_list("pk", flat=True).first()
        if found is not None:
            push.unsubscribe(endpoint=endpoint, topic=push.case_topic(found))
    else:
        push.unsubscribe(endpoint=endpoint, accounts=True)
    return HttpResponse(status=204)
