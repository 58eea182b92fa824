"""Closing with ready-made words, and putting aside what is no report at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import policies
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case
from socle.capabilities.casework.queries import Reply
from socle.capabilities.casework.queries.cases import placeholders
from socle.domains.reports.models import PublicReport
from socle.domains.reports.public import moderating
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock, local_date
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound

SPAM = "spam"
"""Id of the transition that puts a report aside as no report: a pack that wants it declares it."""
LIMIT = 500


def closing_texts(
    actor: Actor, case: Case, transition_id: str, *, clock: Clock = SYSTEM
) -> list[Reply]:
    """The pack's texts for an act on a report of this category, placeholders filled.

    Texts of the category come before those for all.
    """
    from socle.capabilities.casework.letters import fill
    from socle.domains.reports import queries

    try:
        closings = queries.in_force().categories.closings
    except NotFound:
        return []
    fitting = [
        each
        for each in closings
        if (not each.transitions or transition_id in each.transitions)
        and (not each.categories or case.category in each.categories)
    ]
    today = local_date(clock.now(), settings.TIME_ZONE)
    values = placeholders(case, agent=actor.label, today=today)
    fitting.sort(key=lambda each: not each.categories)
    return [Reply(each.id, each.label, fill(each.body, values)) for each in fitting]


@dataclass
class Marked:
    """What came of a mark on several reports: `skipped` says why some were left alone."""

    done: list[int] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)


def mark_spam(*, actor: Actor, case_ids: Sequence[int], clock: Clock = SYSTEM) -> Marked:
    """Close reports as spam and hide them from everybody; nobody is written to.

    By the workflow's own transition « spam », so that it can be undone like any other; each report
    on its own, at most 500.
    """
    result = Marked()
    for case_id in list(dict.fromkeys(case_ids))[:LIMIT]:
        try:
            _mark(actor, case_id, clock)
        except (NotFound, Denied, Conflict, Invalid) as error:
            result.skipped[case_id] = str(error.message)
        else:
            result.done.append(case_id)
    return result


@transaction.atomic
def _mark(actor: Actor, case_id: int, clock: Clock) -> None:
    case = Case.objects.filter(pk=case_id, kind=Case.Kind.REPORT).first()
    if case is None or not policies.can_see(actor, case):
        raise NotFound()
    offered = cases.transitions_for(actor, case, clock=clock)
    if not any(each.id == SPAM for each in offered):
        raise Denied(_("Le parcours de ce signalement ne permet pas de le classer indésirable."))
    casework.perform(
        actor=actor,
        case_id=case.pk,
        transition_id=SPAM,
        version=case.version,
        reason=_("Indésirable"),
        clock=clock,
    )
    if PublicReport.objects.filter(pk=case.pk).exists():
        moderating.moderate(
            actor=actor, case_id=case.pk, moderation=PublicReport.Moderation.HIDDEN, clock=clock
        )
