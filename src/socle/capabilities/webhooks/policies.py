"""Who decides what an organisation's programs are told: its administrators."""

from __future__ import annotations

from socle.foundations.accounts import policies as accounts
from socle.foundations.accounts.actors import Actor


def can_manage(actor: Actor, organisation_id: int) -> bool:
    """Add, change, read and remove the endpoints of an organisation."""
    return accounts.can_integrate(actor, organisation_id)
