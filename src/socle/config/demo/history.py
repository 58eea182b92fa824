"""Reports of the years before: closed long ago, taken over in bulk."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.config.demo.pack import Demonstration
from socle.config.demo.scenery import Scenery
from socle.domains.reports import actions as reports
from socle.domains.reports import queries, statistics
from socle.foundations.accounts.actors import SYSTEM
from socle.kernel.clock import FixedClock
from socle.kernel.errors import NotFound

_CLOSED = ("resolved", "closed", "not_ours", "refused")
_WEIGHTS = (80, 8, 8, 4)


def create(plan: Demonstration, now: datetime, advance: Callable[[int], None]) -> int:
    """Write the historic reports; gives how many."""
    try:
        revision = queries.revision_in_force()
    except NotFound:
        return 0
    rng = random.Random(plan.seed + 1)
    scenery = Scenery(rng, plan.streets)
    reporting = queries.reporting_of(revision)
    final = {state.public.value: state for state in reporting.workflow.states if not state.open}
    outcomes = [
        (final[name], weight)
        for name, weight in zip(_CLOSED, _WEIGHTS, strict=True)
        if name in final
    ]
    sayings = {each.category: each.texts for each in plan.sayings}
    categories = reporting.categories.categories

    @cache
    def owner(category_id: str, area_organisation_id: int | None) -> tuple[int, int | None]:
        chosen = next(each for each in categories if each.id == category_id)
        organisation_id, team = reports.owner(reporting.categories, chosen, area_organisation_id)
        return organisation_id, team.pk if team else None

    batch: list[Case] = []
    for rank in range(plan.historic_reports):
        category = rng.choice(categories)
        area, lon, lat, address = scenery.place()
        organisation_id, team_id = owner(category.id, area.organisation_id)
        created = scenery.moment(now - timedelta(days=45), plan.months)
        closed = created + timedelta(hours=rng.expovariate(1 / (24 * category.days * 0.7)) + 1)
        state = rng.choices([each for each, _w in outcomes], [w for _each, w in outcomes])[0]
        batch.append(
            Case(
                kind=Case.Kind.REPORT,
                service_key=reports.SERVICE_KEY,
                definition_id=revision.pk,
                title=f"{category.label} – {address}"[:200],
                description=rng.choice(sayings.get(category.id, (category.label,))),
                category=category.id,
                state=state.id,
                public_status=state.public,
                is_open=False,
                organisation_id=organisation_id,
                team_id=team_id,
                lon=lon,
                lat=lat,
                address=address,
                area_code=area.code,
                created_at=created,
                updated_at=min(closed, now),
                closed_at=min(closed, now),
                source_id=f"demo-{rank}",
            )
        )
    for start in range(0, len(batch), 1000):
        casework.add_historic(
            actor=SYSTEM,
            cases=batch[start : start + 1000],
            source="reprise",
            prefix=reporting.categories.reference_prefix,
            rng=rng,
            clock=FixedClock(now),
        )
        advance(min(start + 1000, len(batch)))
    reports.rebuild_public()
    statistics.count_all()
    return len(batch)
