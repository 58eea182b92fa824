"""Keys of programs. The key itself is given once and never stored: only its SHA-256 is.

A key has 256 random bits, so a fast digest is enough: there is nothing to guess from it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from socle.foundations.accounts import policies, rules
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import ApiKey
from socle.foundations.journal.actions import chain_for, record
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import NotFound


@transaction.atomic
def create_api_key(
    *,
    organisation_id: int,
    name: str,
    scopes: Iterable[str],
    actor: Actor,
    clock: Clock = SYSTEM,
) -> tuple[ApiKey, str]:
    """Give a program a key; the row, and the key to show once.

    Raises :class:`Invalid` by field, :class:`NotFound` to who may not.
    """
    _integrator(actor, organisation_id)
    if not Organisation.objects.filter(pk=organisation_id, is_active=True).exists():
        raise NotFound
    name, granted = rules.api_key(name=name, scopes=scopes)
    secret = rules.KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        organisation_id=organisation_id,
        name=name,
        prefix=secret[: len(rules.KEY_PREFIX) + 6],
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=granted,
        created_by_id=actor.user_id,
        created_at=clock.now(),
    )
    _journal("api-key.created", key, actor, {"scopes": granted}, clock)
    return key, secret


@transaction.atomic
def revoke_api_key(
    *, key_id: int, organisation_id: int, actor: Actor, clock: Clock = SYSTEM
) -> ApiKey:
    """Refuse a key from now on; twice changes nothing. Raises :class:`NotFound` for a key of
    another organisation and to who may not.
    """
    _integrator(actor, organisation_id)
    key = (
        ApiKey.objects.select_for_update()
        .filter(pk=key_id, organisation_id=organisation_id)
        .first()
    )
    if key is None:
        raise NotFound
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        key.save(update_fields=["revoked_at"])
        _journal("api-key.revoked", key, actor, {}, clock)
    return key


def mark_key_used(*, key_id: int, clock: Clock = SYSTEM) -> None:
    """Note that a key served today: one write a day, so that administrators see dead keys."""
    today = clock.now().date()
    ApiKey.objects.filter(pk=key_id).filter(
        Q(last_used_on__isnull=True) | Q(last_used_on__lt=today)
    ).update(last_used_on=today)


def _integrator(actor: Actor, organisation_id: int) -> None:
    if not policies.can_integrate(actor, organisation_id):
        raise NotFound


def _journal(action: str, key: ApiKey, actor: Actor, data: dict[str, object], clock: Clock) -> None:
    record(
        chain=chain_for(key.organisation_id),
        action=action,
        actor=actor,
        subject=("api-key", str(key.pk)),
        data=data,
        clock=clock,
    )
