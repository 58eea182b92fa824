"""Saved filters: the inboxes an agent or a team comes back to."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from socle.capabilities.casework import policies
from socle.capabilities.casework.filters import InboxFilter
from socle.capabilities.casework.models import SavedFilter
from socle.capabilities.casework.queries.inbox import saved_filter
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied, Invalid, NotFound

MAX_FILTERS = 30
"""Saved filters per agent or team: each one is counted on every page of the desk."""


@transaction.atomic
def save_filter(
    *,
    actor: Actor,
    name: str,
    filter: InboxFilter,
    team_id: int | None = None,
    filter_id: int | None = None,
    clock: Clock = SYSTEM,
) -> SavedFilter:
    """Save a filter for oneself, or for a team; with `filter_id`, change one.

    Raises `Invalid` for an empty name or when there are too many, `NotFound` for somebody else's
    filter or a team out of sight, `Denied` when the team is not the agent's.
    """
    name = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(name) <= 80:
        raise Invalid(
            _("Donnez un nom à ce filtre."), fields={"name": [_("De 1 à 80 caractères.")]}
        )
    if actor.user_id is None or not actor.is_agent:
        raise Denied()
    team = None
    if team_id is not None:
        team = Team.objects.filter(pk=team_id, is_active=True).first()
        if team is None or not policies.can_handle_in(actor, team.organisation_id):
            raise NotFound()
        if not policies.can_share_filter(actor, team.organisation_id, team.pk):
            raise Denied(_("Seuls les membres de cette équipe peuvent partager un filtre."))
    if filter_id is not None:
        row = _owned(actor, filter_id)
    else:
        mine = SavedFilter.objects.filter(
            **({"team": team} if team else {"owner_id": actor.user_id})
        )
        if mine.count() >= MAX_FILTERS:
            raise Invalid(_("Vous avez déjà %(n)s filtres : supprimez-en un.") % {"n": MAX_FILTERS})
        last = mine.aggregate(last=Max("position"))["last"]
        row = SavedFilter(created_at=clock.now(), position=0 if last is None else last + 1)
    row.name, row.query, row.team = name, filter.to_json(), team
    row.owner_id = None if team else actor.user_id
    row.save()
    return row


@transaction.atomic
def delete_filter(*, actor: Actor, filter_id: int) -> None:
    """Delete a saved filter. Raises `NotFound` for somebody else's, `Denied` for a team's that the
    agent may not change.
    """
    _owned(actor, filter_id).delete()


def _owned(actor: Actor, filter_id: int) -> SavedFilter:
    row = saved_filter(actor, filter_id)
    if row.team is not None and not policies.can_share_filter(
        actor, row.team.organisation_id, row.team.pk
    ):
        raise Denied()
    return row
