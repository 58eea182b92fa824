"""Facts that a domain adds to the history of its cases: handed over outside, work planned…"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from socle.capabilities.casework.actions import recording, telling
from socle.capabilities.casework.events import CaseChanged
from socle.capabilities.casework.models import Case
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock

KEPT = frozenset({"has_news", "priority"})
"""Columns that such a fact may change."""


@transaction.atomic
def note(
    *,
    actor: Actor,
    case_id: int,
    kind: str,
    data: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    public: bool = False,
    tell_team: bool = False,
    clock: Clock = SYSTEM,
) -> Case:
    """Add a fact to a case. `kind`: one that a domain taught to tell (`registry.teller`).

    `data` is for people (names allowed), `facts` for the journal (ids and states only); `changes`:
    `has_news`, `priority`. `public`: the person reads it too. `tell_team`: a word to the team and
    to the agent in charge. Raises `NotFound` outside the actor's organisations, `Denied` on the
    agent's own request.
    """
    wrong = set(changes or ()) - KEPT
    if wrong:
        raise ValueError(f"a fact does not change {sorted(wrong)}")
    case = recording.for_agent(actor, recording.locked(case_id))
    act = recording.Act(
        case,
        kind,
        changes=dict(changes or {}),
        data=dict(data or {}),
        facts=dict(facts or {}),
        public=public,
        emits=[
            CaseChanged(
                case_id=case.pk,
                organisation_id=case.organisation_id,
                kind=case.kind,
                version=case.version + 1,
            )
        ],
    )

    def told() -> None:
        if tell_team:
            key = f"case:{case.pk}:{case.version}"
            telling.tell_team(case, clock, key=key)
            telling.tell_assignee(case, actor, clock, key=key)

    recording.write(act, actor, clock, then=told)
    return case
