"""Who answers for a case: its team, its agent, its organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, registry
from socle.capabilities.casework.actions import following, recording, telling
from socle.capabilities.casework.actions.moving import REASON_MAX, clean
from socle.capabilities.casework.events import CaseAssigned, CaseTransferred
from socle.capabilities.casework.models import Case
from socle.capabilities.casework.queries.bonds import came_from
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team, User
from socle.foundations.territories.models import Organisation
from socle.kernel import clock as clocks
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid

KEEP: Any = object()
"""Leave as it is: `None` means nobody."""


@transaction.atomic
def assign(
    *,
    actor: Actor,
    case_id: int,
    version: int,
    team_id: int | None = KEEP,
    assignee_id: int | None = KEEP,
    clock: Clock = SYSTEM,
) -> Case:
    """Give a case to a team, to an agent, to nobody (`None`). What is not given stays.

    Moving it to another team frees its agent unless one is given. An agent who is away is replaced
    by who answers for them, and the history tells so. Raises `NotFound`, `Conflict`,
    `Invalid` when the team or the agent is not of the case's organisation.
    """
    case = recording.for_agent(actor, recording.case_of(case_id))
    recording.at_version(case, version)
    recording.not_merged(case)
    target = assignment(case.organisation_id, team_id, assignee_id, today(clock))
    act = assign_act(case, target)
    if act is None:
        return case
    recording.write(act, actor, clock, then=lambda: tell_assigned(act, actor, clock))
    return case


@dataclass(frozen=True, slots=True)
class Target:
    """A checked assignment: a team and an agent, `None` for nobody, `KEEP` to leave as it is."""

    team: Any
    assignee: Any
    instead_of: str = ""
    """Name of the agent who was asked for, and is away."""
    away: bool = False
    """They are away and nobody answers for them: it is theirs all the same."""


def today(clock: Clock) -> date:
    """The local day, by which agents are there or away."""
    return clocks.local_date(clock.now(), settings.TIME_ZONE)


def assignment(
    organisation_id: int,
    team_id: int | None,
    assignee_id: int | None,
    day: date | None = None,
) -> Target:
    """Check that a team and an agent belong to an organisation; `Invalid` says which does not.

    `day`: the one on which an agent who is away is replaced by who answers for them.
    """
    fields: dict[str, list[str]] = {}
    team: Any = team_id
    if isinstance(team_id, int):
        team = accounts.teams_in(organisation_id).filter(pk=team_id).first()
        if team is None:
            fields["team"] = [_("Cette équipe n’est pas de la même organisation.")]
    assignee: Any = assignee_id
    if isinstance(assignee_id, int):
        assignee = accounts.agents_of(organisation_id).filter(pk=assignee_id).first()
        if assignee is None:
            fields["assignee"] = [_("Cet agent n’est pas de la même organisation.")]
    if fields:
        raise Invalid(_("Cette attribution n’est pas possible."), fields=fields)
    if day is None or assignee is KEEP or assignee is None:
        return Target(team, assignee)
    return _covered(organisation_id, team, assignee, day)


def _covered(organisation_id: int, team: Any, assignee: User, day: date) -> Target:
    """Follow covers until somebody is there; a circle of people away ends with who was asked for.

    A cover who left the organisation, or lost their account, covers nobody.
    """
    agents = accounts.agents_of(organisation_id)
    current, seen = assignee, {assignee.pk}
    while True:
        cover_id = registry.cover_of(current.pk, organisation_id, day)
        if cover_id is None:
            break
        cover = None if cover_id in seen else agents.filter(pk=cover_id).first()
        if cover is None:
            return Target(team, assignee, away=True)
        seen.add(cover.pk)
        current = cover
    if current.pk == assignee.pk:
        return Target(team, assignee)
    return Target(team, current, instead_of=assignee.display_name)


def assign_act(case: Case, target: Target) -> recording.Act | None:
    """What an assignment changes; `None` when it is so already."""
    team, assignee = target.team, target.assignee
    changes: dict[str, Any] = {}
    data: dict[str, Any] = {}
    if team is not KEEP and (team.pk if team else None) != case.team_id:
        changes["team_id"] = team.pk if team else None
        data["team"] = team.name if team else ""
        if assignee is KEEP and case.assignee_id is not None:
            assignee = None
    if assignee is not KEEP and (assignee.pk if assignee else None) != case.assignee_id:
        changes["assignee_id"] = assignee.pk if assignee else None
        data["assignee"] = assignee.display_name if assignee else ""
        if target.instead_of:
            data["instead_of"] = target.instead_of
        if target.away:
            data["away"] = True
    if not changes:
        return None
    return recording.Act(
        case,
        history.ASSIGNED,
        changes=changes,
        data=data,
        facts={name.removesuffix("_id"): value for name, value in changes.items()},
        emits=[
            CaseAssigned(
                case_id=case.pk,
                organisation_id=case.organisation_id,
                kind=case.kind,
                version=case.version + 1,
                team_id=changes.get("team_id", case.team_id),
                assignee_id=changes.get("assignee_id", case.assignee_id),
            )
        ],
    )


def tell_assigned(act: recording.Act, actor: Actor, clock: Clock) -> None:
    """Tell the agent who just received a case."""
    if act.changes.get("assignee_id"):
        case = act.case
        telling.tell_assignee(case, actor, clock, key=f"case:{case.pk}:{case.version}")


@transaction.atomic
def transfer(
    *,
    actor: Actor,
    case_id: int,
    organisation_id: int,
    version: int,
    team_id: int | None = None,
    reason: str = "",
    clock: Clock = SYSTEM,
) -> Case:
    """Hand a case over to another organisation: another competence, the neighbouring commune.

    Its history, thread and documents go with it; its team becomes `team_id` or the new owner's
    default one, nobody is in charge. Raises `NotFound`, `Conflict`, `Invalid` without a reason, for
    an unknown organisation or a team that is not its own.
    """
    case = recording.for_agent(actor, recording.case_of(case_id))
    recording.at_version(case, version)
    recording.not_merged(case)
    target = Organisation.objects.filter(pk=organisation_id, is_active=True).first()
    fields: dict[str, list[str]] = {}
    reason = clean(reason)
    if not reason or len(reason) > REASON_MAX:
        fields["reason"] = [_("Expliquez en quelques mots pourquoi.")]
    if target is None or target.pk == case.organisation_id:
        fields["organisation"] = [_("Choisissez une autre organisation.")]
    if fields or target is None:
        raise Invalid(_("Ce transfert n’est pas possible."), fields=fields)
    team = (
        assignment(target.pk, team_id, None).team if team_id else accounts.default_team(target.pk)
    )
    _hand(case, target, team, reason, actor, clock)
    return case


@transaction.atomic
def return_transfer(
    *, actor: Actor, case_id: int, version: int, reason: str, clock: Clock = SYSTEM
) -> Case:
    """Give a case back to the organisation that handed it over, to the team that had it.

    Its history goes with it; who had it before sees it again. Raises `NotFound`, `Conflict`,
    `Invalid` without a reason, or when nobody handed it over.
    """
    case = recording.for_agent(actor, recording.case_of(case_id))
    recording.at_version(case, version)
    recording.not_merged(case)
    reason = clean(reason)
    if not reason or len(reason) > REASON_MAX:
        raise Invalid(
            _("Ce transfert n’est pas possible."),
            fields={"reason": [_("Expliquez en quelques mots pourquoi.")]},
        )
    origin = came_from(case)
    if origin is None:
        raise Invalid(_("Personne ne vous a transmis ce dossier."), code="not-transferred")
    teams = accounts.teams_in(origin.organisation.pk)
    team = teams.filter(pk=origin.team_id).first() if origin.team_id else None
    team = team or accounts.default_team(origin.organisation.pk)
    _hand(case, origin.organisation, team, reason, actor, clock, returned=True)
    return case


def _hand(
    case: Case,
    target: Organisation,
    team: Team | None,
    reason: str,
    actor: Actor,
    clock: Clock,
    *,
    returned: bool = False,
) -> None:
    act = recording.Act(
        case,
        history.TRANSFERRED,
        changes={
            "organisation_id": target.pk,
            "team_id": team.pk if team else None,
            "assignee_id": None,
        },
        data={
            "from": case.organisation.name,
            "to": target.name,
            "reason": reason,
            "from_id": case.organisation_id,
            "from_team_id": case.team_id,
            "to_id": target.pk,
            **({"returned": True} if returned else {}),
        },
        facts={
            "from_organisation": case.organisation_id,
            "organisation": target.pk,
            "team": team.pk if team else None,
            **({"returned": True} if returned else {}),
        },
        public=True,
        former_organisation_id=case.organisation_id,
        emits=[
            CaseTransferred(
                case_id=case.pk,
                organisation_id=target.pk,
                kind=case.kind,
                version=case.version + 1,
                from_organisation_id=case.organisation_id,
                returned=returned,
            )
        ],
    )
    recording.write(act, actor, clock, then=lambda: _tell_transferred(case, actor, clock))


def _tell_transferred(case: Case, actor: Actor, clock: Clock) -> None:
    """The new team, and the person: they must know who answers (CRPA, article L.114-2)."""
    key = f"case:{case.pk}:{case.version}"
    telling.tell_team(case, clock, key=key)
    following.queue_telling(case)
    letter = telling.builtin(telling.TRANSFERRED, case)
    telling.tell_person(case, letter, actor, clock, key=key, required=True)
