"""Reads: an organisation's endpoints and what became of what they were told."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from socle.capabilities.webhooks import policies
from socle.capabilities.webhooks.models import Delivery, Endpoint
from socle.foundations.accounts.actors import Actor
from socle.kernel.errors import NotFound

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliveries, newest first; `next_before`: what to ask for those before, if any."""

    rows: list[Delivery]
    next_before: int | None


def endpoints(actor: Actor, organisation_id: int) -> QuerySet[Endpoint]:
    """The endpoints of an organisation, oldest first; none to who may not see them."""
    if not policies.can_manage(actor, organisation_id):
        return Endpoint.objects.none()
    return Endpoint.objects.filter(organisation_id=organisation_id).order_by("pk")


def endpoint(actor: Actor, organisation_id: int, endpoint_id: int) -> Endpoint:
    """One endpoint of an organisation. Raises :class:`NotFound`."""
    found = endpoints(actor, organisation_id).filter(pk=endpoint_id).first()
    if found is None:
        raise NotFound
    return found


def deliveries(found: Endpoint, before: int | None = None, limit: int = PAGE) -> Page:
    """What an endpoint was told, newest first, before the delivery of that id."""
    rows = Delivery.objects.filter(endpoint_id=found.pk)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-pk")[: limit + 1])
    return Page(page[:limit], page[limit - 1].pk if len(page) > limit else None)
