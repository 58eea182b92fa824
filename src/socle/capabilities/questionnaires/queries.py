"""Drafts a person may go on with."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from socle.capabilities.questionnaires import policies
from socle.capabilities.questionnaires.models import Draft
from socle.foundations.accounts.actors import Actor
from socle.kernel.errors import NotFound


def claim_hash(token: str) -> str:
    """What is stored of the token a browser keeps: its SHA-256, so that a leak opens no draft."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""


def _drafts() -> QuerySet[Draft]:
    # The definition's content is large, and already in the process: see `packs.queries.document`.
    return Draft.objects.select_related("definition").defer("definition__content")


def draft_for(actor: Actor, claim: str, draft_id: UUID) -> Draft:
    """The draft, if it is the actor's or this browser's. Raises NotFound otherwise.

    `claim`: the browser's token, not its hash.
    """
    found = _drafts().filter(pk=draft_id).first()
    if found is None or not policies.can_edit(actor, claim_hash(claim), found):
        raise NotFound(
            _("Cette demande en cours n’existe pas, ou elle appartient à quelqu’un d’autre.")
        )
    return found


def open_draft(actor: Actor, claim: str, service_key: str) -> Draft | None:
    """The latest unfiled draft of a service, the actor's own (not one they help with)."""
    return (
        _drafts()
        .filter(_own(actor, claim), service_key=service_key, case_reference="")
        .order_by("-updated_at", "pk")
        .first()
    )


def open_drafts(actor: Actor, claim: str, limit: int = 20) -> list[Draft]:
    """Drafts a person can resume, latest first."""
    return list(
        _drafts()
        .filter(_own(actor, claim), case_reference="")
        .order_by("-updated_at", "pk")[:limit]
    )


def _own(actor: Actor, claim: str) -> Q:
    """The same rule as `policies.can_edit`, for a list, without the drafts of people helped."""
    own = Q(pk__in=[])
    if actor.user_id:
        own |= Q(owner_id=actor.user_id)
    if claim:
        own |= Q(claim=claim_hash(claim), owner=None)
    return own & Q(helper=None)


def of_person(user_id: int) -> list[dict[str, Any]]:
    """Forms a person has not sent yet: their share of the export of their data."""
    return [
        {
            "service": draft.service_key,
            "begun_at": draft.created_at.isoformat(),
            "changed_at": draft.updated_at.isoformat(),
            "answers": draft.answers,
            "contact": draft.contact,
        }
        for draft in Draft.objects.filter(owner_id=user_id, case_reference="").order_by(
            "created_at", "pk"
        )
    ]


def files_still_used(file_ids: Collection[UUID]) -> set[UUID]:
    """Those of these files that an unfinished draft still refers to."""
    wanted = {str(each): each for each in file_ids}
    used: set[UUID] = set()
    if not wanted:
        return used
    drafts = Draft.objects.filter(case_reference="").values_list("answers", flat=True)
    for answers in drafts.iterator():
        for answer in answers.values():
            for file in answer if isinstance(answer, list) else ():
                if isinstance(file, dict) and file.get("id") in wanted:
                    used.add(wanted[file["id"]])
    return used
