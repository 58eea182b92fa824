"""Who may read a file that is not (yet) part of a case. Once attached, the case's own policy also
decides.
"""

from __future__ import annotations

from django.utils.crypto import constant_time_compare

from socle.foundations.accounts.actors import Actor
from socle.foundations.files.models import StoredFile


def is_holder(actor: Actor, stored: StoredFile, claim: str = "") -> bool:
    """Whether the file is the actor's own: its uploader, or who holds the claim of the draft it was
    sent for.
    """
    if actor.kind == "system":
        return True
    if stored.owner_id is not None and stored.owner_id == actor.user_id:
        return True
    return bool(claim and stored.claim) and constant_time_compare(claim, stored.claim)


def can_download(actor: Actor, stored: StoredFile, claim: str = "") -> bool:
    """Clean, and the actor's own. The claim opens it only until it is attached: a case has its own
    keys.
    """
    if not stored.is_clean:
        return False
    return is_holder(actor, stored, claim if stored.attached_at is None else "")
