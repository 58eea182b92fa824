"""The notifications centre."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from socle.capabilities.notifications import actions, queries
from socle.sites.portal.access import signed_in
from socle.sites.portal.views import push


@never_cache
@require_GET
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """What the person was told, latest first."""
    actor = request.actor  # type: ignore[attr-defined]
    rows = queries.recent(actor.user_id, limit=50)
    items = [
        {
            "title": each.title,
            "text": each.body,
            "href": reverse("portal:notification", args=[each.pk]),
            "at": each.created_at,
            "unread": each.read_at is None,
        }
        for each in rows
    ]
    return render(
        request,
        "portal/notifications.html",
        {
            "items": items,
            "unread": any(each.read_at is None for each in rows),
            "push": push.offer_user(actor),
        },
    )


@require_GET
@signed_in
def follow(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark one as read and go where it leads."""
    actor = request.actor  # type: ignore[attr-defined]
    target = queries.of_user(actor.user_id, notification_id).url
    actions.mark_read(user_id=actor.user_id, notification_ids=[notification_id])
    safe = target if target.startswith("/") and not target.startswith("//") else ""
    return HttpResponseRedirect(safe or reverse("portal:notifications"))


@require_POST
@signed_in
def read_all(request: HttpRequest) -> HttpResponse:
    actions.mark_read(user_id=request.actor.user_id)  # type: ignore[attr-defined]
    return HttpResponseRedirect(reverse("portal:notifications"))
