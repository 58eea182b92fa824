"""Who may decide how reports are shared out and treated. Pure functions of the actor."""

from __future__ import annotations

from socle.capabilities.casework import policies as cases
from socle.foundations.accounts.actors import Actor


def can_see_rules(actor: Actor, organisation_id: int) -> bool:
    """Read an organisation's routing table: its agents (it explains what they receive)."""
    return cases.can_handle_in(actor, organisation_id)


def can_write_rules(actor: Actor, organisation_id: int) -> bool:
    """Change it: managers and administrators."""
    return cases.can_manage_in(actor, organisation_id)


def can_plan(actor: Actor, organisation_id: int) -> bool:
    """Plan, start, finish an intervention: agents of the organisation."""
    return cases.can_handle_in(actor, organisation_id)


def can_manage_contractors(actor: Actor, organisation_id: int) -> bool:
    """Choose the companies an organisation works with: its managers and administrators."""
    return cases.can_manage_in(actor, organisation_id)


def can_see_statistics(actor: Actor, organisation_id: int) -> bool:
    """An organisation's figures: its agents."""
    return cases.can_handle_in(actor, organisation_id)
