"""What a table would have done with past reports: nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.utils.translation import gettext as _

from socle.capabilities.casework.models import Case
from socle.domains.reports import owners, policies
from socle.domains.reports.routing import queries, snapshot
from socle.domains.reports.routing.compiling import Rule, compiled
from socle.domains.reports.routing.deciding import Decision, Default, Tables
from socle.domains.reports.routing.language import read
from socle.foundations.accounts.actors import Actor
from socle.kernel import expressions
from socle.kernel.errors import Invalid, NotFound
from socle.kernel.expressions import ExpressionError

LIMIT = 20_000
SAMPLES = 50
_COLUMNS = (
    "pk", "kind", "category", "area_code", "description", "address", "answers", "created_at",
    "channel", "source", "priority", "organisation_id", "team_id",
)  # fmt: skip

Place = tuple[int, int | None]
"""Organisation, team."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule that is not saved. `rule_id`: the one it would replace; `index`: its place (last)."""

    name: str
    condition: str
    team_id: int | None = None
    target_id: int | None = None
    priority: int | None = None
    rule_id: int | None = None
    index: int | None = None


@dataclass
class Trial:
    """How many reports go where, with the rules of today (`before`) and those tried (`after`)."""

    read: int = 0
    changed: int = 0
    before: Counter[Place] = field(default_factory=Counter)
    after: Counter[Place] = field(default_factory=Counter)
    moves: Counter[tuple[Place, Place]] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    """Rules of the table tried → reports they decide."""
    uncovered: int = 0
    """Reports that no rule decides: they go to who answers for the category."""
    faults: Counter[str] = field(default_factory=Counter)
    samples: list[int] = field(default_factory=list)
    """Some of the reports that would go elsewhere, newest first."""


def dry_run(
    *,
    actor: Actor,
    organisation_id: int,
    rule: Draft | None = None,
    table: Sequence[Draft] | None = None,
    since: datetime | None = None,
    limit: int = LIMIT,
) -> Trial:
    """Read past reports of an organisation, newest first, with a rule more or with another table.

    `rule` is added to today's table or replaces one of its rules; `table` stands for the whole of
    it; neither: today's table, for its coverage. At most `limit` reports (20,000), open and closed.
    Raises `NotFound` outside the actor's scope, `Invalid` for a condition that makes no sense.
    """
    if not policies.can_see_rules(actor, organisation_id):
        raise NotFound()
    today = snapshot.current()
    present = today.tables.get(organisation_id)
    rules = list(present.rules) if present else []
    if table is not None:
        rules = [_rule(-number, each) for number, each in enumerate(table, 1)]
    elif rule is not None:
        rules = _with(rules, rule)
    tried = Tables({**today.tables, organisation_id: compiled(rules)}, today.defaults, today.names)
    result = Trial()
    rows = Case.objects.filter(organisation_id=organisation_id, kind=Case.Kind.REPORT)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    known: dict[tuple[str, str], owners.Owner | None] = {}
    teams: dict[tuple[str, int], int | None] = {}
    for is_open in (True, False):
        found = rows.filter(is_open=is_open).order_by("-created_at", "-id").only(*_COLUMNS)
        for case in islice(found.iterator(chunk_size=1000), max(limit - result.read, 0)):
            _read(case, today, tried, known, teams, result)
    return result


def _read(
    case: Case,
    today: Tables,
    tried: Tables,
    known: dict[tuple[str, str], owners.Owner | None],
    teams: dict[tuple[str, int], int | None],
    result: Trial,
) -> None:
    """Send one report through both tables."""
    place = (case.category, case.area_code)
    if place not in known:
        known[place] = owners.first(*place)
    start = known[place]
    facts = queries.facts_of(case)

    def default(organisation_id: int) -> Default:
        key = (case.category, organisation_id)
        if start is not None and organisation_id == start.organisation_id:
            return owners.default(start, case.category, organisation_id)
        if key not in teams:
            teams[key] = owners.team(*key)
        return Default(teams[key])

    here = start.organisation_id if start else case.organisation_id
    before = today.decide(facts, here, default)
    after = tried.decide(facts, here, default)
    result.read += 1
    first, second = _place(before), _place(after)
    result.before[first] += 1
    result.after[second] += 1
    if after.explanation.get("path") and "default" not in after.explanation:
        result.covered[after.explanation["path"][-1]["rule"]] += 1
    else:
        result.uncovered += 1
    if after.fault:
        result.faults[after.fault] += 1
    if first != second:
        result.changed += 1
        result.moves[first, second] += 1
        if len(result.samples) < SAMPLES:
            result.samples.append(case.pk)


def _place(decision: Decision) -> Place:
    return decision.organisation_id, decision.team_id


def _with(rules: list[Rule], draft: Draft) -> list[Rule]:
    """Today's table with a draft in its place."""
    made = _rule(draft.rule_id or -1, draft)
    index = next((i for i, each in enumerate(rules) if each.id == draft.rule_id), len(rules))
    rest = [each for each in rules if each.id != draft.rule_id]
    index = index if draft.index is None else max(0, min(draft.index, len(rest)))
    return [*rest[:index], made, *rest[index:]]


def _rule(number: int, draft: Draft) -> Rule:
    try:
        node = read(draft.condition)
        expressions.check_condition(node, queries.names_now())
    except ExpressionError as error:
        message = _("La règle « %(name)s » n’est pas comprise : %(why)s") % {
            "name": draft.name,
            "why": error.message,
        }
        raise Invalid(message, fields={"condition": [str(error.message)]}) from None
    return Rule(
        number, draft.name, draft.condition, node, draft.team_id, draft.target_id, draft.priority
    )
