"""Who answers for a case: its team, its agent, its organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history
from socle.capabilities.casework.actions import recording, telling
from socle.capabilities.casework.actions.moving import REASON_MAX, clean
from socle.capabilities.casework.events import CaseAssigned, CaseTransferred
from socle.capabilities.casework.models import Case
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories.models import Organisation
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

    Moving it to another team frees its agent unless one is given. Raises `NotFound`, `Conflict`,
    `Invalid` when the team or the agent is not of the case's organisation.
    """
    case = recording.for_agent(actor, recording.case_of(case_id))
    recording.at_version(case, version)
    target = assignment(case.organisation_id, team_id, assignee_id)
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


def assignment(organisation_id: int, team_id: int | None, assignee_id: int | None) -> Target:
    """Check that a team and an agent belong to an organisation; `Invalid` says which does not."""
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
    return Target(team, assignee)


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
    act = recording.Act(
        case,
        history.TRANSFERRED,
        changes={
            "organisation_id": target.pk,
            "team_id": team.pk if team else None,
            "assignee_id": None,
        },
        data={"from": case.organisation.name, "to": target.name, "reason": reason},
        facts={
            "from_organisation": case.organisation_id,
            "organisation": target.pk,
            "team": team.pk if team else None,
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
            )
        ],
    )
    recording.write(act, actor, clock, then=lambda: _tell_transferred(case, actor, clock))
    return case


def _tell_transferred(case: Case, actor: Actor, clock: Clock) -> None:
    """The new team, and the person: they must know who answers (CRPA, article L.114-2)."""
    key = f"case:{case.pk}:{case.version}"
    telling.tell_team(case, clock, key=key)
    letter = telling.builtin(telling.TRANSFERRED, case)
    telling.tell_person(case, letter, actor, clock, key=key, required=True)
