"""Drafts a person may go on with."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from socle.capabilities.questionnaires.models import Draft
from socle.foundations.accounts.actors import Actor
from socle.kernel.errors import NotFound


def _mine(actor: Actor, claim: str) -> Q:
    mine = Q(pk__in=[])
    if actor.user_id:
        mine |= Q(owner_id=actor.user_id) | Q(helper_id=actor.user_id)
    if claim:
        mine |= Q(
            claim=hashlib.sha256(claim.encode()).hexdigest(),
            owner__isnull=True,
            helper__isnull=True,
        )
    return mine


def draft_for(actor: Actor, claim: str, draft_id: UUID) -> Draft:
    """The draft, if it is the actor's or this browser's. Raises NotFound otherwise."""
    found = (
        Draft.objects.select_related("definition").filter(_mine(actor, claim), pk=draft_id).first()
    )
    if found is None:
        raise NotFound(
            _("Cette demande en cours n’existe pas, ou elle appartient à quelqu’un d’autre.")
        )
    return found


def open_draft(actor: Actor, claim: str, service_key: str) -> Draft | None:
    """The latest unfiled draft of a service, the actor's own (not one they help with)."""
    return (
        Draft.objects.select_related("definition")
        .filter(_mine(actor, claim), service_key=service_key, case_reference="", helper=None)
        .order_by("-updated_at")
        .first()
    )


def open_drafts(actor: Actor, claim: str, limit: int = 20) -> list[Draft]:
    """Drafts a person can resume, latest first."""
    return list(
        Draft.objects.select_related("definition")
        .filter(_mine(actor, claim), case_reference="", helper=None)
        .order_by("-updated_at")[:limit]
    )
