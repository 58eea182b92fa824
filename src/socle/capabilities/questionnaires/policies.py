"""Whose draft it is. Pure: the last rule is "no"."""

from __future__ import annotations

from typing import Protocol

from django.utils.crypto import constant_time_compare

from socle.foundations.accounts import policies as accounts
from socle.foundations.accounts.actors import Actor


class DraftLike(Protocol):
    """What a policy reads of a draft."""

    owner_id: int | None
    helper_id: int | None
    claim: str


def can_edit(actor: Actor, claim_hash: str, draft: DraftLike) -> bool:
    """Read, fill in and file a draft: the person, the agent who helps, the browser that began it.

    `claim_hash`: see `actions.claim_hash`. What belongs to somebody is never opened by a browser's
    token, and an agent who no longer helps people no longer opens what they were filling in.
    """
    if draft.helper_id is not None:
        return draft.helper_id == actor.user_id and accounts.can_assist(actor)
    if draft.owner_id is not None:
        return draft.owner_id == actor.user_id
    return bool(claim_hash and draft.claim) and constant_time_compare(claim_hash, draft.claim)


def can_help(actor: Actor) -> bool:
    """Fill in a form for somebody else."""
    return accounts.can_assist(actor)
