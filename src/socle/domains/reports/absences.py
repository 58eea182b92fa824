"""Who is away, and who answers for them."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from socle.domains.reports.models import Absence
from socle.foundations.accounts import policies as accounts_policies
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.journal import actions as journal
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied, Invalid, NotFound

MAX_DAYS = 400


def cover_of(user_id: int, organisation_id: int, day: date) -> int | None:
    """Who answers for an agent on a day; themselves when they are away and nobody does; `None` when
    they are there. Of two absences on one day, the one with a cover, then the latest written, wins.
    """
    rows = Absence.objects.filter(
        user_id=user_id, organisation_id=organisation_id, begins__lte=day, ends__gte=day
    )
    found = sorted(rows, key=lambda row: (row.cover_id is not None, row.pk))
    if not found:
        return None
    return found[-1].cover_id or user_id


def may_plan(actor: Actor, user_id: int, organisation_id: int) -> bool:
    """Say that an agent is away: themselves, and those who manage the organisation's teams."""
    mine = actor.user_id == user_id and actor.has_role(organisation_id)
    return mine or accounts_policies.can_manage_teams(actor, organisation_id)


@transaction.atomic
def plan_absence(
    *,
    actor: Actor,
    user_id: int,
    organisation_id: int,
    begins: date,
    ends: date,
    cover_id: int | None = None,
    clock: Clock = SYSTEM,
) -> Absence:
    """Say that an agent is away, days included, and who answers for them.

    Raises `Denied`, `Invalid` when the end precedes the beginning, when the absence is endless, or
    when either is not an agent of the organisation.
    """
    if not may_plan(actor, user_id, organisation_id):
        raise Denied()
    agents = accounts.agents_of(organisation_id)
    fields: dict[str, list[str]] = {}
    if ends < begins:
        fields["ends"] = [_("La fin précède le début.")]
    elif (ends - begins).days > MAX_DAYS:
        fields["ends"] = [_("Cette absence est trop longue.")]
    if not agents.filter(pk=user_id).exists():
        fields["user"] = [_("Cet agent n’est pas de la même organisation.")]
    if cover_id is not None and (cover_id == user_id or not agents.filter(pk=cover_id).exists()):
        fields["cover"] = [_("Choisissez un autre agent de la même organisation.")]
    if fields:
        raise Invalid(_("Cette absence ne peut pas être enregistrée."), fields=fields)
    row = Absence.objects.create(
        user_id=user_id, organisation_id=organisation_id, begins=begins, ends=ends,
        cover_id=cover_id,
    )  # fmt: skip
    _record(actor, row, "absence.planned", clock)
    return row


@transaction.atomic
def cancel_absence(*, actor: Actor, absence_id: int, clock: Clock = SYSTEM) -> None:
    """Forget an absence. Raises `NotFound` for one the actor may not know of."""
    row = Absence.objects.filter(pk=absence_id).first()
    if row is None or not may_plan(actor, row.user_id, row.organisation_id):
        raise NotFound()
    _record(actor, row, "absence.cancelled", clock)
    row.delete()


def absences(actor: Actor, organisation_id: int, since: date, until: date) -> list[Absence]:
    """The absences of an organisation's agents between two days, for its agents. Two queries."""
    if not (actor.has_role(organisation_id) or actor.is_administrator):
        raise NotFound()
    rows = Absence.objects.filter(
        organisation_id=organisation_id, begins__lte=until, ends__gte=since
    )
    return list(rows.select_related("user", "cover").order_by("begins", "pk"))


def _record(actor: Actor, row: Absence, action: str, clock: Clock) -> None:
    journal.record(
        chain=journal.chain_for(row.organisation_id),
        action=action,
        actor=actor,
        subject=("absence", str(row.pk)),
        data={"user": row.user_id, "cover": row.cover_id},
        clock=clock,
    )
