"""Choices about the use of one’s data (RGPD, article 7): as easy to withdraw as to give."""

from __future__ import annotations

from django.db import transaction

from socle.foundations.accounts import policies, rules
from socle.foundations.accounts.actions.people import CHAIN, locked_user
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.events import ConsentGranted, ConsentWithdrawn
from socle.foundations.accounts.models import Consent
from socle.foundations.journal.actions import record
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import NotFound
from socle.kernel.events import emit


@transaction.atomic
def grant_consent(
    *,
    user_id: int,
    purpose: str,
    wording_version: str = "1",
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Consent:
    """Record that a person agrees to `purpose` as worded in `wording_version`.

    Granting what is in force changes nothing; a newer wording closes the former choice and opens a
    new one, so that the proof of what was agreed to stays. Only the person consents.
    """
    if not policies.can_edit_person(actor, user_id):
        raise NotFound
    purpose = rules.purpose(purpose)
    locked_user(user_id)
    present = Consent.objects.filter(
        user_id=user_id, purpose=purpose, withdrawn_at__isnull=True
    ).first()
    if present is not None:
        if present.wording_version == wording_version:
            return present
        present.withdrawn_at = clock.now()
        present.save(update_fields=["withdrawn_at"])
    consent = Consent.objects.create(
        user_id=user_id,
        purpose=purpose,
        wording_version=wording_version,
        granted_at=clock.now(),
    )
    record(
        chain=CHAIN,
        action="consent.granted",
        actor=actor,
        subject=("user", str(user_id)),
        data={"purpose": purpose, "wording": wording_version},
        clock=clock,
    )
    emit(ConsentGranted(user_id=user_id, purpose=purpose))
    return consent


@transaction.atomic
def withdraw_consent(*, user_id: int, purpose: str, actor: Actor, clock: Clock = SYSTEM) -> bool:
    """End a consent from now on. True when one was in force; the history keeps both dates."""
    if not policies.can_edit_person(actor, user_id):
        raise NotFound
    locked_user(user_id)
    ended = Consent.objects.filter(
        user_id=user_id, purpose=purpose, withdrawn_at__isnull=True
    ).update(withdrawn_at=clock.now())
    if not ended:
        return False
    record(
        chain=CHAIN,
        action="consent.withdrawn",
        actor=actor,
        subject=("user", str(user_id)),
        data={"purpose": purpose},
        clock=clock,
    )
    emit(ConsentWithdrawn(user_id=user_id, purpose=purpose))
    return True
