"""Endpoints, and what they are told. An organisation's administrators decide; tasks send."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.core.cache import caches
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from socle.capabilities.webhooks import calling, policies, registry, rules
from socle.capabilities.webhooks.models import Delivery, Endpoint
from socle.foundations.accounts.actors import Actor
from socle.foundations.journal.actions import chain_for, record
from socle.kernel import outgoing
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Invalid, NotFound
from socle.kernel.outgoing import CallFailed, Forbidden

_LISTENING = "webhooks.listening"
_LISTENING_SECONDS = 2


def create_endpoint(
    *,
    organisation_id: int,
    url: str,
    description: str = "",
    events: Iterable[str] = (),
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Endpoint:
    """Have an address called for these events (none: all). Its `secret` is to be shown once.

    Raises :class:`Invalid` by field: an address that may not be called, an unknown event;
    :class:`NotFound` to who may not; :class:`Conflict` beyond twenty addresses.
    """
    _manager(actor, organisation_id)
    url, description, events = _checked(url, description, events)
    with transaction.atomic():
        present = Endpoint.objects.filter(organisation_id=organisation_id).count()
        if present >= rules.PER_ORGANISATION:
            raise Conflict(_("Cette organisation a déjà vingt adresses : retirez-en une d’abord."))
        endpoint = Endpoint.objects.create(
            organisation_id=organisation_id,
            url=url,
            description=description,
            secret=_new_secret(),
            events=events,
            created_at=clock.now(),
        )
        _journal("webhook.created", endpoint, actor, {"events": events}, clock)
    return endpoint


def update_endpoint(
    *,
    endpoint_id: int,
    organisation_id: int,
    url: str,
    description: str = "",
    events: Iterable[str] = (),
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Endpoint:
    """Change where an endpoint is and what it is told of. Raises like :func:`create_endpoint`."""
    _manager(actor, organisation_id)
    url, description, events = _checked(url, description, events)
    with transaction.atomic():
        endpoint = _locked(actor, organisation_id, endpoint_id)
        endpoint.url, endpoint.description, endpoint.events = url, description, events
        endpoint.save(update_fields=["url", "description", "events"])
        _journal("webhook.updated", endpoint, actor, {"events": events}, clock)
    return endpoint


@transaction.atomic
def set_active(
    *,
    endpoint_id: int,
    organisation_id: int,
    active: bool,
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Endpoint:
    """Stop calling an endpoint, or call it again (also after it was suspended)."""
    endpoint = _locked(actor, organisation_id, endpoint_id)
    if endpoint.active != active or (active and endpoint.suspended_at is not None):
        endpoint.active = active
        if active:
            endpoint.suspended_at = None
        endpoint.save(update_fields=["active", "suspended_at"])
        action = "webhook.resumed" if active else "webhook.paused"
        _journal(action, endpoint, actor, {}, clock)
    return endpoint


@transaction.atomic
def rotate_secret(
    *, endpoint_id: int, organisation_id: int, actor: Actor, clock: Clock = SYSTEM
) -> Endpoint:
    """Give an endpoint a new `secret`, to be shown once; for a day both sign every call."""
    endpoint = _locked(actor, organisation_id, endpoint_id)
    endpoint.previous_secret, endpoint.secret = endpoint.secret, _new_secret()
    endpoint.previous_until = clock.now() + rules.OVERLAP
    endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
    _journal("webhook.secret-rotated", endpoint, actor, {}, clock)
    return endpoint


@transaction.atomic
def delete_endpoint(
    *, endpoint_id: int, organisation_id: int, actor: Actor, clock: Clock = SYSTEM
) -> None:
    """Forget an endpoint and what it was told."""
    endpoint = _locked(actor, organisation_id, endpoint_id)
    _journal("webhook.deleted", endpoint, actor, {}, clock)
    endpoint.delete()


@transaction.atomic
def send_test(
    *, endpoint_id: int, organisation_id: int, actor: Actor, clock: Clock = SYSTEM
) -> Delivery:
    """Call an endpoint with a test event, paused or not. Raises :class:`Conflict` while a former
    test still waits.
    """
    endpoint = _locked(actor, organisation_id, endpoint_id)
    waiting = endpoint.deliveries.filter(event=rules.TEST, state=Delivery.State.QUEUED)
    if waiting.exists():
        raise Conflict(_("L’appel d’essai précédent n’est pas encore terminé."))
    _journal("webhook.tested", endpoint, actor, {}, clock)
    return _write([endpoint], rules.TEST, {"organisation": endpoint.organisation.slug}, clock)[0]


@transaction.atomic
def replay(
    *, delivery_id: int, organisation_id: int, actor: Actor, clock: Clock = SYSTEM
) -> Delivery:
    """Send a delivery again, under the same identifier. Raises :class:`Conflict` for one that still
    waits, :class:`NotFound` for another organisation's.
    """
    _manager(actor, organisation_id)
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .filter(pk=delivery_id, endpoint__organisation_id=organisation_id)
        .select_related("endpoint")
        .first()
    )
    if delivery is None:
        raise NotFound
    if delivery.state == Delivery.State.QUEUED:
        raise Conflict(_("Cet envoi attend déjà son tour."))
    delivery.state, delivery.attempts, delivery.error = Delivery.State.QUEUED, 0, ""
    delivery.save(update_fields=["state", "attempts", "error"])
    _journal("webhook.replayed", delivery.endpoint, actor, {"delivery": delivery.pk}, clock)
    _enqueue(delivery)
    return delivery


def publish(
    *,
    organisation_ids: Collection[int],
    event: str,
    data: Callable[[], Mapping[str, Any] | None],
    clock: Clock = SYSTEM,
) -> list[Delivery]:
    """Tell the endpoints of these organisations, in the transaction of the act itself.

    `data` gives JSON: ids and what anybody may know; asked only when somebody listens, None tells
    nothing. Give the deliveries written. Acts on many cases ask once who listens: an endpoint just
    made by another process is told within two seconds.
    """
    endpoints = _listeners(organisation_ids, event)
    payload = data() if endpoints else None
    return [] if payload is None else _write(endpoints, event, payload, clock)


def _listeners(organisation_ids: Collection[int], event: str) -> list[Endpoint]:
    listening: frozenset[int] | None = caches["local"].get(_LISTENING)
    if listening is None:
        rows = Endpoint.objects.filter(active=True, suspended_at__isnull=True)
        listening = frozenset(rows.values_list("organisation_id", flat=True))
        caches["local"].set(_LISTENING, listening, _LISTENING_SECONDS)
    if listening.isdisjoint(organisation_ids):
        return []
    found = Endpoint.objects.filter(
        organisation_id__in=organisation_ids, active=True, suspended_at__isnull=True
    ).order_by("pk")
    return [each for each in found if rules.wants(each.events, event)]


def forget_listeners(**_signal: object) -> None:
    """An endpoint changed in this process; others see it within seconds."""
    caches["local"].delete(_LISTENING)


def deliver(*, delivery_id: int, clock: Clock = SYSTEM) -> timedelta | None:
    """Try a delivery that still waits. Give the wait before the next attempt, None when it is over.

    Outside any transaction. Killed after the call and before its outcome is kept, it calls again
    under the same identifier: receivers tell a repetition by it.
    """
    delivery = (
        Delivery.objects.filter(pk=delivery_id, state=Delivery.State.QUEUED)
        .select_related("endpoint")
        .first()
    )
    if delivery is None:
        return None
    endpoint = delivery.endpoint
    stopped = endpoint.suspended_at is not None or not endpoint.active
    if stopped and delivery.event != rules.TEST:
        _close(delivery, Delivery.State.FAILED, error="paused")
        return None
    outcome = calling.call(delivery, endpoint, clock.now())
    attempts = delivery.attempts + 1
    if outcome.received:
        _close(
            delivery,
            Delivery.State.DELIVERED,
            attempts=attempts,
            status=outcome.status,
            error="",
            delivered_at=clock.now(),
        )
        return None
    # A test is for somebody who watches: they are told at once.
    final = outcome.final or delivery.event == rules.TEST
    wait = None if final else rules.wait_after(attempts, secrets.randbelow(100) / 100)
    facts = {"attempts": attempts, "status": outcome.status, "error": outcome.error}
    if wait is None:
        with transaction.atomic():
            if _close(delivery, Delivery.State.FAILED, **facts):
                _suspend_if_dead(delivery, outcome, clock)
        return None
    Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.QUEUED).update(**facts)
    return max(wait, outcome.wait or wait)


@transaction.atomic
def purge(*, clock: Clock = SYSTEM, limit: int = 50_000) -> int:
    """Forget deliveries finished for thirty days; give how many."""
    old = (
        Delivery.objects.exclude(state=Delivery.State.QUEUED)
        .filter(created_at__lt=clock.now() - rules.KEPT_FOR)
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )
    return Delivery.objects.filter(pk__in=list(old)).delete()[0]


def _close(delivery: Delivery, state: str, **facts: Any) -> bool:
    """Write an outcome, unless somebody has written one meanwhile."""
    waiting = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.QUEUED)
    return waiting.update(state=state, **facts) == 1


def _suspend_if_dead(delivery: Delivery, outcome: calling.Outcome, clock: Clock) -> None:
    """Nothing was received since this delivery was written, three days ago: stop calling."""
    if delivery.event == rules.TEST:
        return
    alive = Delivery.objects.filter(
        endpoint_id=delivery.endpoint_id,
        state=Delivery.State.DELIVERED,
        delivered_at__gte=delivery.created_at,
    )
    if outcome.status != calling.GONE and alive.exists():
        return
    Endpoint.objects.filter(pk=delivery.endpoint_id, suspended_at__isnull=True).update(
        suspended_at=clock.now()
    )


def _write(
    endpoints: list[Endpoint], event: str, data: Mapping[str, Any], clock: Clock
) -> list[Delivery]:
    if not endpoints:
        return []
    event_id = f"evt_{uuid4().hex}"
    now = clock.now()
    written = []
    for endpoint in endpoints:
        delivery = Delivery.objects.create(
            endpoint=endpoint, event_id=event_id, event=event, payload=dict(data), created_at=now
        )
        _enqueue(delivery)
        written.append(delivery)
    return written


def _enqueue(delivery: Delivery) -> None:
    from socle.capabilities.webhooks import tasks

    tasks.deliver.enqueue(delivery_id=delivery.pk)


def _manager(actor: Actor, organisation_id: int) -> None:
    if not policies.can_manage(actor, organisation_id):
        raise NotFound


def _locked(actor: Actor, organisation_id: int, endpoint_id: int) -> Endpoint:
    _manager(actor, organisation_id)
    endpoint = (
        Endpoint.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk=endpoint_id, organisation_id=organisation_id)
        .first()
    )
    if endpoint is None:
        raise NotFound
    return endpoint


def _checked(url: str, description: str, events: Iterable[str]) -> tuple[str, str, list[str]]:
    url, description = url.strip(), " ".join(description.split())
    wanted = set(events)
    errors: dict[str, Any] = {}
    if len(url) > rules.URL_MAX or not _may_call(url):
        errors["url"] = _(
            "Donnez une adresse https publique que la plateforme peut appeler, sans identifiant."
        )
    if len(description) > rules.DESCRIPTION_MAX:
        errors["description"] = _("Ce texte est trop long : 200 caractères au plus.")
    if not wanted <= registry.events().keys():
        errors["events"] = _("Cet évènement n’existe pas.")
    if errors:
        raise Invalid(fields=errors)
    return url, description, [name for name in registry.events() if name in wanted]


def _may_call(url: str) -> bool:
    """Whether an address may be called. One that does not resolve today may tomorrow."""
    policy = calling.policy()
    try:
        parts = outgoing.check(url, policy)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        outgoing.addresses(host, port, policy)
    except (Forbidden, ValueError):
        return False
    except CallFailed:
        return True
    return True


def _new_secret() -> str:
    key = secrets.token_bytes(rules.SECRET_BYTES)
    return rules.SECRET_PREFIX + base64.b64encode(key).decode()


def _journal(
    action: str, endpoint: Endpoint, actor: Actor, data: dict[str, Any], clock: Clock
) -> None:
    record(
        chain=chain_for(endpoint.organisation_id),
        action=action,
        actor=actor,
        subject=("webhook", str(endpoint.pk)),
        data=data,
        clock=clock,
    )
