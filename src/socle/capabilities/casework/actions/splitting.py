"""One case shared out among several: each part is treated apart, the whole is answered once.

Parts say nothing to the person: their own case does. By default it cannot be closed before they
are; the workflow may say otherwise, or have it closed by itself with the last of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import calendars, history, registry, rules
from socle.capabilities.casework.actions import moving, recording
from socle.capabilities.casework.actions.assigning import assignment
from socle.capabilities.casework.actions.opening import RNG, insert
from socle.capabilities.casework.events import CaseOpened, CaseSplit
from socle.capabilities.casework.models import Case, CaseEvent
from socle.capabilities.casework.queries.cases import available_to
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.kernel import events
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Invalid

MAX_PARTS = 20
"""Parts that one act may make."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what is to be done, and by whom. `category` empty: the whole's."""

    title: str
    description: str = ""
    category: str = ""
    team_id: int | None = None


@transaction.atomic
def split(
    *,
    actor: Actor,
    case_id: int,
    parts: Sequence[Part],
    version: int,
    rng: random.Random = RNG,
    clock: Clock = SYSTEM,
) -> list[Case]:
    """Share a case out. The parts are open, of its organisation, at its place; may be done again.

    Raises `NotFound`, `Denied`, `Conflict` as every act, `Invalid` for a part without a title, a
    team of another organisation, a closed case, or one that is itself a part.
    """
    case = recording.for_agent(actor, recording.locked(case_id))
    recording.at_version(case, version)
    recording.not_merged(case)
    if not case.is_open or case.parent_id is not None:
        raise Invalid(_("Ce dossier ne peut pas être réparti."), code="unsplittable")
    if not 1 <= len(parts) <= MAX_PARTS:
        raise Invalid(_("Faites de 1 à %(n)s sous-dossiers.") % {"n": MAX_PARTS})
    children = [_opened(case, part, actor, rng, clock) for part in parts]
    ids = tuple(each.pk for each in children)
    act = recording.Act(
        case,
        history.SPLIT,
        data={"children": [each.reference for each in children]},
        facts={"children": list(ids)},
        public=True,
        emits=[
            CaseSplit(
                case_id=case.pk,
                organisation_id=case.organisation_id,
                kind=case.kind,
                version=case.version + 1,
                child_ids=ids,
            )
        ],
    )
    recording.write(act, actor, clock)
    return children


def _opened(case: Case, part: Part, actor: Actor, rng: random.Random, clock: Clock) -> Case:
    title = moving.clean(part.title)
    if not title:
        raise Invalid(
            _("Donnez un titre à chaque sous-dossier."), fields={"title": [_("Donnez un titre.")]}
        )
    target = assignment(case.organisation_id, part.team_id, None)
    workflow = registry.definition(case).workflow
    initial = rules.state_of(workflow, workflow.initial)
    if initial is None:
        raise LookupError("a workflow must have its initial state")
    now = clock.now()
    clocks = rules.clocks_on_entry(
        workflow, initial.id, now=now, before=rules.Clocks(),
        calendar=calendars.calendar_of(case.organisation_id),
    )  # fmt: skip
    child = Case(
        kind=case.kind,
        service_key=case.service_key,
        definition_id=case.definition_id,
        title=title[:200],
        description=moving.clean(part.description),
        category=part.category or case.category,
        state=initial.id,
        public_status=initial.public,
        organisation_id=case.organisation_id,
        team_id=target.team.pk if target.team else case.team_id,
        filed_by_id=actor.user_id,
        channel=case.channel,
        language=case.language,
        lon=case.lon,
        lat=case.lat,
        cell=case.cell,
        address=case.address,
        area_code=case.area_code,
        created_at=now,
        updated_at=now,
        due_at=clocks.due_at or case.due_at,
        warn_at=clocks.warn_at or case.warn_at,
        timer_at=clocks.timer_at,
        parent_id=case.pk,
        priority=case.priority,
    )
    if not insert(child, case.reference.split("-")[0], rng):
        raise Conflict(_("Aucune référence libre n’a été trouvée : recommencez."))
    act = recording.Act(
        child,
        history.OPENED,
        data={"channel": case.channel, "parent": case.reference},
        facts={"parent": case.pk, "team": child.team_id, "state": initial.id},
    )
    CaseEvent.objects.bulk_create([recording.event_of(act, actor, now)])
    events.emit(
        CaseOpened(
            case_id=child.pk,
            organisation_id=child.organisation_id,
            kind=child.kind,
            version=child.version,
            channel=child.channel,
        )
    )
    recording.journal_acts([act], actor, clock)
    return child


def part_closed(case_id: int, clock: Clock = SYSTEM) -> bool:
    """A part was closed, in this transaction: with the last one, the whole moves as its workflow
    says. Returns whether it did.
    """
    child = Case.objects.filter(pk=case_id).first()
    if child is None or child.parent_id is None or child.is_open:
        return False
    # Locked: of two parts closed at once, the second sees the first.
    parent = recording.locked(child.parent_id)
    wanted = registry.definition(parent).workflow.parts.transition
    if not wanted or not parent.is_open or parent.children.filter(is_open=True).exists():
        return False
    offered = available_to(parent, frozenset({"system"}), clock)
    transition = next((each for each in offered if each.id == wanted), None)
    if transition is None:
        return False
    act = moving.transition_act(parent, transition, SYSTEM_ACTOR, clock)
    recording.write(
        act,
        SYSTEM_ACTOR,
        clock,
        then=lambda: moving.tell(act, transition, SYSTEM_ACTOR, clock),
    )
    return True
