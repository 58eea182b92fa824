"""Teams of agents."""

from __future__ import annotations

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts import policies
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team
from socle.foundations.journal.actions import chain_for, record
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Invalid, NotFound


@transaction.atomic
def create_team(
    *,
    organisation_id: int,
    name: str,
    slug: str = "",
    email: str = "",
    is_default: bool = False,
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Team:
    """Create a team; `slug` is made from the name when empty. The default team receives what no
    rule routes.

    Raises :class:`Invalid` without a name, :class:`Conflict` when the slug is taken.
    """
    organisation = _organisation(organisation_id, actor)
    name = _name(name)
    slug = slug or slugify(name)[:80] or "equipe"
    if Team.objects.filter(organisation=organisation, slug=slug).exists():
        raise Conflict(_("Une équipe de cette organisation porte déjà ce nom."), code="taken")
    if is_default:
        _no_other_default(organisation)
    team = Team.objects.create(
        organisation=organisation, slug=slug, name=name, email=email, is_default=is_default
    )
    _journal("team.created", team, actor, {"default": is_default}, clock)
    return team


@transaction.atomic
def update_team(
    *,
    team_id: int,
    name: str | None = None,
    email: str | None = None,
    is_default: bool | None = None,
    actor: Actor,
    clock: Clock = SYSTEM,
) -> Team:
    """Rename a team, change its address, make it the default one. None leaves a value as it is."""
    team = _team(team_id, actor)
    changed: list[str] = []
    if name is not None and (name := _name(name)) != team.name:
        team.name = name
        changed.append("name")
    if email is not None and email != team.email:
        team.email = email
        changed.append("email")
    if is_default is not None and is_default != team.is_default:
        if is_default:
            _no_other_default(team.organisation)
        team.is_default = is_default
        changed.append("is_default")
    if changed:
        team.save(update_fields=changed)
        _journal("team.updated", team, actor, {"fields": changed}, clock)
    return team


@transaction.atomic
def close_team(*, team_id: int, actor: Actor, clock: Clock = SYSTEM) -> Team:
    """Stop a team receiving anything; what it holds stays readable by the organisation's managers.

    Raises :class:`Conflict` for the default team: name another one first.
    """
    team = _team(team_id, actor)
    if team.is_default:
        raise Conflict(
            _("Cette équipe reçoit les demandes par défaut. Choisissez-en une autre d’abord."),
            code="default-team",
        )
    team.is_active = False
    team.save(update_fields=["is_active"])
    _journal("team.closed", team, actor, {}, clock)
    return team


def _organisation(organisation_id: int, actor: Actor) -> Organisation:
    organisation = (
        Organisation.objects.select_for_update().filter(pk=organisation_id, is_active=True).first()
    )
    if organisation is None or not policies.can_manage_teams(actor, organisation_id):
        raise NotFound
    return organisation


def _team(team_id: int, actor: Actor) -> Team:
    team = (
        Team.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk=team_id, is_active=True)
        .first()
    )
    if team is None or not policies.can_manage_teams(actor, team.organisation_id):
        raise NotFound
    return team


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 200:
        raise Invalid(fields={"name": _("Donnez à l’équipe un nom de 1 à 200 caractères.")})
    return name


def _no_other_default(organisation: Organisation) -> None:
    Team.objects.filter(organisation=organisation, is_default=True).update(is_default=False)


def _journal(action: str, team: Team, actor: Actor, data: dict[str, object], clock: Clock) -> None:
    record(
        chain=chain_for(team.organisation_id),
        action=action,
        actor=actor,
        subject=("team", str(team.pk)),
        data=data,
        clock=clock,
    )
