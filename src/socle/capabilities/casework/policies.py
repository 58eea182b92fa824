"""Who may see a case and act on it. Pure functions of the actor; the last rule of each is "no".

An agent sees the cases of the organisations where they hold a role, a platform administrator sees
them all. What lies outside is not found, rather than denied. A person sees the cases they filed,
those of the entities they represent, and the one whose private link they hold. Nobody handles a
case of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from socle.capabilities.casework import registry, tokens
from socle.capabilities.casework.pack import Who
from socle.foundations.accounts import policies as accounts
from socle.foundations.accounts.actors import Actor

if TYPE_CHECKING:
    from socle.capabilities.casework.models import Case


class CaseLike(Protocol):
    """What a policy reads of a case."""

    organisation_id: int
    applicant_id: int | None
    entity_id: int | None
    follow_hash: str
    follow_nonce: str


class DocumentLike(Protocol):
    internal: bool


def everywhere(actor: Actor) -> bool:
    """Whether the actor's scope is every organisation."""
    return actor.is_administrator or actor.kind == "system"


def scope(actor: Actor) -> frozenset[int] | None:
    """Organisations whose cases the actor sees at the desk; `None` means all of them."""
    return None if everywhere(actor) else actor.organisation_ids


def can_see(actor: Actor, case: CaseLike) -> bool:
    """See a case at the desk."""
    return everywhere(actor) or actor.has_role(case.organisation_id)


def concerns(actor: Actor, case: CaseLike) -> bool:
    """Whether it is the actor's own: they asked, or an entity they represent did."""
    if actor.user_id is not None and case.applicant_id == actor.user_id:
        return True
    return case.entity_id is not None and case.entity_id in actor.entity_ids


def is_party(actor: Actor, case: CaseLike, follow_token: str = "") -> bool:
    """Whether the actor follows the case as a person: owner, representative, holder of the link."""
    return concerns(actor, case) or tokens.matches(case, follow_token)


def can_handle(actor: Actor, case: CaseLike) -> bool:
    """Reply, assign, move a case at the desk: agents of its organisation, except on their own."""
    return can_see(actor, case) and not concerns(actor, case)


def can_handle_in(actor: Actor, organisation_id: int) -> bool:
    """Handle cases of an organisation in general (team filters, imports)."""
    return everywhere(actor) or actor.has_role(organisation_id)


def can_manage_in(actor: Actor, organisation_id: int) -> bool:
    """Decide for a whole organisation's inbox: its managers and administrators."""
    return accounts.can_manage_teams(actor, organisation_id)


def can_share_filter(actor: Actor, organisation_id: int, team_id: int) -> bool:
    """Save a filter for a whole team: its members, and those who manage teams there."""
    member = team_id in actor.team_ids and actor.has_role(organisation_id)
    return member or can_manage_in(actor, organisation_id)


def can_open_for(actor: Actor, applicant_id: int | None) -> bool:
    """File for oneself (or without an account), or for someone else at a counter or by phone."""
    if applicant_id is None or applicant_id == actor.user_id:
        return True
    return accounts.can_assist(actor)


def can_open_by(actor: Actor, channel: str) -> bool:
    """File by a channel: the counter, the phone and mail are held by agents."""
    return channel not in {"counter", "phone", "email"} or accounts.can_assist(actor)


def can_file_for(actor: Actor, filed_by_id: int) -> bool:
    """Sign as the agent who typed it for someone: only in one's own name."""
    if actor.kind == "system":
        return True
    return filed_by_id == actor.user_id and accounts.can_assist(actor)


def can_open_as(actor: Actor, entity_id: int | None) -> bool:
    """File in the name of an entity: its representatives, and agents helping them."""
    return entity_id is None or entity_id in actor.entity_ids or accounts.can_assist(actor)


def can_follow(actor: Actor, case: Case) -> bool:
    """Be told how a case goes on: agents who see it, anybody when it is public."""
    if case.anonymised_at is not None:
        return False
    return can_see(actor, case) or registry.kind(case.kind).followable(case)


def can_import(actor: Actor, organisation_id: int) -> bool:
    """Load historic cases: managers, administrators and commands."""
    return can_manage_in(actor, organisation_id)


def can_anonymise(actor: Actor) -> bool:
    """Erase who a case was about: the retention task and platform administrators."""
    return everywhere(actor)


def capacities(actor: Actor, case: CaseLike, follow_token: str = "") -> frozenset[Who]:
    """The capacities in which the actor stands towards a case, as workflows name them."""
    found: set[Who] = set()
    if actor.kind == "system":
        found.add("system")
    elif can_handle(actor, case):
        found.add("agent")
        if can_manage_in(actor, case.organisation_id):
            found.add("manager")
    if is_party(actor, case, follow_token):
        found.add("applicant")
    return frozenset(found)


def can_see_document(
    actor: Actor, case: CaseLike, document: DocumentLike, follow_token: str = ""
) -> bool:
    """Agents see every document of a case, the person all but internal ones."""
    if can_see(actor, case) and not concerns(actor, case):
        return True
    return not document.internal and is_party(actor, case, follow_token)
