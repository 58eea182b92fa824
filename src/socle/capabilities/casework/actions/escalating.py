"""Telling those in charge that a deadline is near, while something can still be done. Once."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, links
from socle.capabilities.casework.actions import recording
from socle.capabilities.casework.events import DeadlineNear
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications import actions as notifications
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.kernel import clock as clocks
from socle.kernel.clock import SYSTEM, Clock


def due_warnings(*, limit: int = 200, clock: Clock = SYSTEM) -> list[tuple[int, int]]:
    """`(id, version)` of cases whose managers are to be told, the most pressing first."""
    rows = Case.objects.filter(
        warn_at__isnull=False, due_at__isnull=False, warn_at__lte=clock.now(), is_open=True
    )
    return list(rows.order_by("warn_at").values_list("pk", "version")[:limit])


@transaction.atomic
def warn(*, case_id: int, clock: Clock = SYSTEM) -> bool:
    """Tell the managers of a case's team, and its agent, that its deadline is near. Returns whether
    it was: a second call, or a case that moved meanwhile, tells nobody.
    """
    case = recording.locked(case_id)
    if not case.is_open or case.warn_at is None or case.due_at is None:
        return False
    if case.warn_at > clock.now():
        return False
    told = _in_charge(case)
    act = recording.Act(
        case,
        history.WARNED,
        changes={"warn_at": None},
        data={"due_at": case.due_at.isoformat()},
        facts={"told": sorted(told)},
        emits=[
            DeadlineNear(
                case_id=case.pk,
                organisation_id=case.organisation_id,
                kind=case.kind,
                version=case.version + 1,
                team_id=case.team_id,
                due_at=case.due_at,
            )
        ],
    )
    recording.write(act, SYSTEM_ACTOR, clock, then=lambda: _tell(case, told, clock))
    return True


def _in_charge(case: Case) -> set[int]:
    """Managers of the team; those of the organisation when it has none; and the agent."""
    members = list(accounts.managers_of(case.organisation_id, team_id=case.team_id))
    if not members and case.team_id is not None:
        members = list(accounts.managers_of(case.organisation_id))
    told = {user.pk for user in members}
    if case.assignee_id is not None:
        told.add(case.assignee_id)
    return told


def _tell(case: Case, told: set[int], clock: Clock) -> None:
    due = clocks.local(case.due_at or clock.now(), settings.TIME_ZONE)
    for user_id in sorted(told):
        notifications.notify(
            user_id=user_id,
            kind="case.deadline",
            title=_late(case.due_at is not None and case.due_at < clock.now())
            % {"reference": case.reference, "when": due.strftime("%d/%m/%Y %H:%M")},
            body=case.title,
            url=urlsplit(links.desk_url(case)).path,
            key=f"case:{case.pk}:{case.version}:deadline:{user_id}",
            email=True,
            clock=clock,
        )


def _late(passed: bool) -> str:
    if passed:
        return _("%(reference)s : échéance dépassée depuis le %(when)s")
    return _("%(reference)s : à traiter avant le %(when)s")
