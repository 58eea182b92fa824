"""Who may do what with accounts. Pure functions of the actor; the last rule of each is "no".

Roles, from least to most: ``agent`` answers cases of their teams; ``counter`` also acts for people
at a counter or by phone; ``manager`` also runs the organisation's teams; ``administrator`` also
decides who is a member and with which role. A platform administrator holds every right.
"""

from __future__ import annotations

from socle.foundations.accounts.actors import Actor

AGENT, COUNTER, MANAGER, ADMINISTRATOR = "agent", "counter", "manager", "administrator"


def _platform(actor: Actor) -> bool:
    return actor.is_administrator or actor.kind == "system"


def can_enter_desk(actor: Actor) -> bool:
    """Agents of any organisation and administrators."""
    return actor.is_agent


def can_administer_platform(actor: Actor) -> bool:
    """Packs, failed tasks, the whole journal, platform administrators."""
    return _platform(actor)


def can_administer(actor: Actor, organisation_id: int) -> bool:
    """Members and their roles, how agents are admitted, the organisation's journal."""
    return _platform(actor) or actor.has_role(organisation_id, ADMINISTRATOR)


def can_integrate(actor: Actor, organisation_id: int) -> bool:
    """Give programs keys, and have them called: the organisation's administrators."""
    return can_administer(actor, organisation_id)


def can_manage_teams(actor: Actor, organisation_id: int) -> bool:
    """Teams, and who belongs to them; not roles."""
    return _platform(actor) or actor.has_role(organisation_id, ADMINISTRATOR, MANAGER)


def can_assist(actor: Actor, organisation_id: int | None = None) -> bool:
    """Act for a person at a counter or by phone (in one organisation, or anywhere)."""
    if _platform(actor):
        return True
    wanted = (COUNTER, MANAGER, ADMINISTRATOR)
    if organisation_id is not None:
        return actor.has_role(organisation_id, *wanted)
    return any(role in wanted for role in actor.roles.values())


def can_verify_representations(actor: Actor, claimant_id: int) -> bool:
    """Confirm that someone acts for a company or association; nobody confirms themselves."""
    return can_assist(actor) and actor.user_id != claimant_id


def can_read_person(actor: Actor, user_id: int) -> bool:
    """Read a person's profile, consents and data: the person only."""
    return actor.kind == "system" or (actor.user_id is not None and actor.user_id == user_id)


def can_edit_person(actor: Actor, user_id: int) -> bool:
    """Change a person's profile and choices: the person only."""
    return can_read_person(actor, user_id)


def can_close_account(actor: Actor, user_id: int) -> bool:
    """Close an account: the person, or a platform administrator at their written request."""
    return _platform(actor) or can_read_person(actor, user_id)
