"""Tables as agents read them, why a report is where it is, what past reports were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from socle.capabilities.casework.models import Case
from socle.domains.reports import policies
from socle.domains.reports.models import Routed, RoutingRule
from socle.domains.reports.questions import ASSET
from socle.domains.reports.routing import checking, snapshot
from socle.domains.reports.routing.deciding import Decision
from socle.domains.reports.routing.language import Facts, moment, names
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import NotFound
from socle.kernel.expressions import Type


def names_now() -> dict[str, Type]:
    """What conditions may read, with today's categories, groups and communes."""
    from socle.domains.reports import queries

    categories = queries.every_category()
    return names(
        categories=tuple(sorted(each.id for each in categories)),
        groups=tuple(sorted({each.group for each in categories})),
        areas=tuple(sorted(each.code for each in territories.areas("commune"))),
        channels=checking.CHANNELS,
    )


def groups_now() -> dict[str, str]:
    """The group of each category in force."""
    from socle.domains.reports import queries

    return {each.id: each.group for each in queries.every_category()}


def facts_of(case: Case) -> Facts:
    """What rules read of a report there already is."""
    from socle.domains.reports import queries

    declared = queries.category(case.category)
    hour, weekday = moment(case.created_at, settings.TIME_ZONE)
    asset = case.answers.get(ASSET) if isinstance(case.answers, dict) else None
    return Facts(
        category=case.category,
        group=declared.group if declared else "",
        area=case.area_code,
        text=case.description,
        address=case.address,
        asset=str(asset.get("id", "")) if isinstance(asset, dict) else "",
        hour=hour,
        weekday=weekday,
        channel=case.channel,
        source=case.source,
        priority=case.priority,
    )


def decide_again(case: Case) -> Decision:
    """Where today's rules would send a report."""
    from socle.domains.reports import owners

    start = owners.first(case.category, case.area_code)
    if start is None:
        here = case.organisation_id
        return snapshot.current().decide(facts_of(case), here)
    return snapshot.current().decide(
        facts_of(case),
        start.organisation_id,
        lambda organisation_id: owners.default(start, case.category, organisation_id),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A rule as its table shows it; `fault`: what is wrong with it today."""

    rule: RoutingRule
    team: str
    target: str
    fault: str


def rules_of(actor: Actor, organisation_id: int) -> list[Line]:
    """The table of an organisation, in order: four queries. Raises `NotFound`."""
    if not policies.can_see_rules(actor, organisation_id):
        raise NotFound()
    teams = dict(Team.objects.filter(is_active=True).values_list("pk", "organisation_id"))
    bodies = dict(Organisation.objects.filter(is_active=True).values_list("pk", "name"))
    rows = RoutingRule.objects.filter(organisation_id=organisation_id).select_related(
        "team", "target"
    )
    return [
        Line(
            row,
            row.team.name if row.team else "",
            row.target.name if row.target else "",
            snapshot.as_rule(row, teams, bodies).fault,
        )
        for row in rows.order_by("position", "id")
    ]


def why_routed(case: Case) -> Routed | None:
    """Why a report is where it is; None for one that came before the rules."""
    return Routed.objects.select_related("rule").filter(case_id=case.pk).first()


def faults(actor: Actor, organisation_id: int, limit: int = 50) -> list[Routed]:
    """The latest reports that a faulty rule left to the default team, newest first."""
    if not policies.can_see_rules(actor, organisation_id):
        raise NotFound()
    return list(
        Routed.objects.exclude(fault="")
        .filter(case__organisation_id=organisation_id)
        .select_related("case", "rule")
        .order_by("-at")[:limit]
    )


def labels(explanation: Mapping[str, Any]) -> list[str]:
    """The path of an explanation, one sentence for each rule followed."""
    return [
        f"{step.get('organisation', '')} : {step.get('rule', '')}"
        for step in explanation.get("path", [])
    ]


def default_team_id(organisation_id: int) -> int | None:
    """The team that receives what no rule sends elsewhere."""
    found = accounts.default_team(organisation_id)
    return found.pk if found else None
