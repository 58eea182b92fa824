"""Writing routing tables, and sending reports through them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import policies as cases
from socle.capabilities.casework.models import Case
from socle.domains.reports import policies
from socle.domains.reports.models import Routed, RoutingRule
from socle.domains.reports.routing import checking, loops, snapshot
from socle.domains.reports.routing.deciding import Decision
from socle.domains.reports.routing.language import read
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team
from socle.foundations.journal import actions as journal
from socle.foundations.territories.models import Organisation
from socle.kernel import expressions
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound, SocleError
from socle.kernel.expressions import ExpressionError, Node

if TYPE_CHECKING:
    from socle.domains.reports.routing.pack import RuleDeclaration

STEP = 10
MAX_RULES = 2000
REROUTE_LIMIT = 500


@transaction.atomic
def save_rule(
    *,
    actor: Actor,
    organisation_id: int,
    name: str,
    condition: str,
    team_id: int | None = None,
    target_id: int | None = None,
    priority: int | None = None,
    enabled: bool = True,
    rule_id: int | None = None,
    clock: Clock = SYSTEM,
) -> RoutingRule:
    """Write a rule of an organisation: a new one comes last.

    A team of the organisation, or another organisation (`target_id`), or only a `priority` (0 to
    2). Raises `NotFound` outside the actor's scope, `Denied` for those who do not manage it,
    `Invalid` with the reason: a condition that makes no sense, a team or an organisation that is
    gone, a report that would go round in circles.
    """
    _may_write(actor, organisation_id)
    row = RoutingRule(organisation_id=organisation_id, condition="")
    if rule_id is not None:
        row = _rule(rule_id, organisation_id)
    name, condition = " ".join(name.split())[:120], condition.strip()
    node, fields = _checked(organisation_id, name, condition, team_id, target_id, priority)
    if fields or node is None:
        raise Invalid(_("Cette règle ne peut pas être enregistrée."), fields=fields)
    row.name, row.condition, row.enabled = name, condition, enabled
    row.team_id, row.target_id, row.priority = team_id, target_id, priority
    row.tree = _tree(node, team_id, target_id)
    row.fault, row.from_pack, row.updated_at = "", False, clock.now()
    if rule_id is None:
        table = RoutingRule.objects.filter(organisation_id=organisation_id)
        if table.count() >= MAX_RULES:
            raise Invalid(_("Cette table a trop de règles : réunissez-en quelques-unes."))
        row.position = (table.aggregate(last=Max("position"))["last"] or 0) + STEP
    row.save()
    if enabled:
        _refuse_circles(row)
    _record(actor, organisation_id, "routing.saved", row.pk, {"enabled": enabled}, clock)
    snapshot.forget()
    return row


@transaction.atomic
def move_rule(
    *, actor: Actor, rule_id: int, index: int, clock: Clock = SYSTEM
) -> list[RoutingRule]:
    """Put a rule at a place of its table (from 0); gives the whole table in its new order.

    Raises like `save_rule`: an order may make a report go round.
    """
    row = _rule(rule_id)
    _may_write(actor, row.organisation_id)
    rows = [each for each in _table(row.organisation_id) if each.pk != row.pk]
    rows.insert(max(0, min(index, len(rows))), row)
    _renumber(rows, clock.now())
    if row.enabled:
        _refuse_circles(row)
    _record(actor, row.organisation_id, "routing.moved", row.pk, {"index": index}, clock)
    snapshot.forget()
    return rows


@transaction.atomic
def delete_rule(*, actor: Actor, rule_id: int, clock: Clock = SYSTEM) -> None:
    """Remove a rule. What it routed keeps its explanation. Raises `NotFound`, `Denied`."""
    row = _rule(rule_id)
    _may_write(actor, row.organisation_id)
    row.delete()
    # A rule may have broken a circle that others make.
    _refuse_circles(row)
    _record(actor, row.organisation_id, "routing.deleted", rule_id, {}, clock)
    snapshot.forget()


def _may_write(actor: Actor, organisation_id: int) -> None:
    if not policies.can_see_rules(actor, organisation_id):
        raise NotFound()
    if not policies.can_write_rules(actor, organisation_id):
        raise Denied(_("Seuls les responsables changent les règles."))


def _rule(rule_id: int, organisation_id: int | None = None) -> RoutingRule:
    rows = RoutingRule.objects.filter(pk=rule_id)
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    found = rows.first()
    if found is None:
        raise NotFound()
    return found


def _table(organisation_id: int) -> list[RoutingRule]:
    return list(
        RoutingRule.objects.filter(organisation_id=organisation_id).order_by("position", "id")
    )


def _renumber(rows: Sequence[RoutingRule], now: datetime) -> None:
    for number, each in enumerate(rows, 1):
        each.position, each.updated_at = number * STEP, now
    RoutingRule.objects.bulk_update(rows, ["position", "updated_at"], batch_size=200)


def _tree(node: Node, team_id: int | None, target_id: int | None) -> dict[str, Any]:
    """The parsed condition, and what the rule was for: a team that is deleted leaves no trace."""
    to = "team" if team_id else "target" if target_id else "priority"
    return {"when": expressions.to_json(node), "to": to}


def _checked(
    organisation_id: int,
    name: str,
    condition: str,
    team_id: int | None,
    target_id: int | None,
    priority: int | None,
) -> tuple[Node | None, dict[str, list[str]]]:
    from socle.domains.reports.routing import queries

    fields: dict[str, list[str]] = {}
    node = None
    if not name:
        fields["name"] = [_("Donnez un nom à cette règle.")]
    try:
        if len(condition) > 2000:
            raise ExpressionError(_("Cette condition est trop longue."))
        node = read(condition)
        expressions.check_condition(node, queries.names_now())
    except ExpressionError as error:
        fields["condition"] = [str(error.message)]
    if team_id is not None and target_id is not None:
        fields["target"] = [
            _("Une règle donne à une équipe ou à une autre organisation, pas aux deux.")
        ]
    elif team_id is None and target_id is None and priority is None:
        fields["team"] = [_("Choisissez une équipe, une organisation ou une priorité.")]
    if team_id is not None and not (
        Team.objects.filter(pk=team_id, organisation_id=organisation_id, is_active=True).exists()
    ):
        fields["team"] = [_("Cette équipe n’existe pas, ou n’existe plus, dans l’organisation.")]
    if target_id is not None and (
        target_id == organisation_id
        or not Organisation.objects.filter(pk=target_id, is_active=True).exists()
    ):
        fields["target"] = [_("Choisissez une autre organisation, qui existe encore.")]
    if priority is not None and priority not in (0, 1, 2):
        fields["priority"] = [_("La priorité est 0, 1 ou 2.")]
    return node, fields


def _refuse_circles(row: RoutingRule) -> None:
    """Raise `Invalid` when, with this change, a report would go round in circles."""
    from socle.domains.reports.routing import queries

    tables = {here: list(table.rules) for here, table in snapshot.load().tables.items()}
    if row.organisation_id not in loops.circles(tables):
        return
    loop = checking.circle(tables, queries.groups_now())
    if loop is not None and any(here == row.organisation_id for here, _rule in loop.path):
        labels = dict(Organisation.objects.values_list("pk", "name"))
        message = checking.told(loop, labels)
        raise Invalid(message, code="routing-loop", fields={"condition": [message]})


def _record(
    actor: Actor,
    organisation_id: int,
    action: str,
    rule_id: int,
    data: dict[str, Any],
    clock: Clock,
) -> None:
    journal.record(
        chain=journal.chain_for(organisation_id),
        action=action,
        actor=actor,
        subject=("routing_rule", str(rule_id)),
        data=data,
        clock=clock,
    )


def apply_declared(*, slug: str, rules: Iterable[RuleDeclaration], now: datetime) -> None:
    """Bring the pack's rules of an organisation in line, inside the pack's transaction.

    Rules that people wrote stay, at their place among the others; the pack's own are in its order.
    """
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        return
    present = _table(organisation.pk)
    known = {row.name: row for row in present if row.from_pack}
    teams = dict(Team.objects.filter(organisation=organisation).values_list("slug", "pk"))
    targets = dict(Organisation.objects.values_list("slug", "pk"))
    # A rule of the pack that somebody changed is theirs: it stands for the pack's.
    changed = {row.name for row in present if not row.from_pack}
    wanted: list[RoutingRule] = []
    for declared in rules:
        if declared.name in changed:
            continue
        row = known.pop(declared.name, None) or RoutingRule(
            organisation=organisation, name=declared.name, from_pack=True, position=0
        )
        row.condition = declared.when.strip()
        row.team_id = teams.get(declared.team) if declared.team else None
        row.target_id = targets.get(declared.transfer) if declared.transfer else None
        row.priority, row.enabled, row.fault, row.updated_at = declared.priority, True, "", now
        row.tree = {
            "when": expressions.to_json(read(row.condition)),
            "to": "team" if declared.team else "target" if declared.transfer else "priority",
        }
        row.save()
        wanted.append(row)
    RoutingRule.objects.filter(pk__in=[row.pk for row in known.values()]).delete()
    merged: list[RoutingRule] = []
    left = iter(wanted)
    last = 0
    for row in present:
        if not row.from_pack:
            merged.append(row)
        elif (following := next(left, None)) is not None:
            merged.append(following)
            last = len(merged)
    rest = list(left)
    merged[last:last] = rest
    _renumber(merged, now)
    snapshot.forget()


def keep(case: Case, decision: Decision, now: datetime) -> Routed:
    """Store why a report is where it is."""
    found, _made = Routed.objects.update_or_create(
        case=case,
        defaults={
            "rule_id": decision.rule_id,
            "explanation": dict(decision.explanation),
            "fault": decision.fault[:200],
            "at": now,
        },
    )
    return found


@dataclass
class Rerouted:
    """What came of sending reports through the rules again."""

    moved: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)
    """Case → why it was left alone."""


def reroute(*, actor: Actor, case_ids: Sequence[int], clock: Clock = SYSTEM) -> Rerouted:
    """Send open reports through today's rules again; each on its own, at most 500.

    Those that a rule gives to another organisation are transferred, with the rule as the reason.
    Reports the actor does not handle are left alone, as are closed ones.
    """
    from socle.domains.reports.routing import queries

    result = Rerouted()
    for case_id in list(dict.fromkeys(case_ids))[:REROUTE_LIMIT]:
        case = Case.objects.select_related("organisation").filter(pk=case_id).first()
        if case is None or not cases.can_see(actor, case):
            result.skipped[case_id] = _("Introuvable, ou hors de votre périmètre")
        elif not cases.can_handle(actor, case):
            result.skipped[case_id] = _("Ce dossier vous concerne : un collègue doit le traiter")
        elif not case.is_open or case.kind != Case.Kind.REPORT:
            result.skipped[case_id] = _("Ce signalement est clos")
        else:
            decision = queries.decide_again(case)
            try:
                moved = _reroute(actor, case, decision, clock)
            except (Conflict, Invalid, Denied, NotFound) as error:
                result.skipped[case_id] = _sentence(error)
            else:
                (result.moved if moved else result.unchanged).append(case_id)
    return result


def _sentence(error: SocleError) -> str:
    return str(error.message)


@transaction.atomic
def _reroute(actor: Actor, case: Case, decision: Decision, clock: Clock) -> bool:
    moved = False
    if decision.organisation_id != case.organisation_id:
        rule = decision.explanation.get("path", [{}])[-1].get("rule", "")
        casework.transfer(
            actor=actor,
            case_id=case.pk,
            organisation_id=decision.organisation_id,
            team_id=decision.team_id,
            version=case.version,
            reason=_("Règle « %(rule)s »") % {"rule": rule} if rule else _("Règles de répartition"),
            clock=clock,
        )
        moved = True
    elif decision.team_id is not None and decision.team_id != case.team_id:
        casework.assign(
            actor=actor,
            case_id=case.pk,
            version=case.version,
            team_id=decision.team_id,
            clock=clock,
        )
        moved = True
    keep(case, decision, clock.now())
    return moved
