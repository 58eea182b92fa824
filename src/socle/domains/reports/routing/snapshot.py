"""The tables in force, kept in each process; looked at again when anything they rest on changed.

A stamp of the rules, teams and organisations (three aggregates) is read at most every `RECHECK`
seconds; the process that saves a rule forgets at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils.translation import gettext as _

from socle.domains.reports.models import RoutingRule
from socle.domains.reports.routing.compiling import Rule, compiled
from socle.domains.reports.routing.deciding import Tables
from socle.domains.reports.routing.language import folded, read
from socle.foundations.accounts.models import Team
from socle.foundations.packs.stamps import Stamped
from socle.foundations.territories.models import Organisation
from socle.kernel import expressions
from socle.kernel.expressions import ExpressionError

RECHECK = 2.0
"""Seconds during which another process's change may go unnoticed."""

Stamp = tuple[object, ...]

_lock = threading.Lock()
_epoch = Stamped(object)
"""A new object after each application of a pack: whatever was loaded before is out of date."""
_kept: tuple[object, Stamp, Tables] | None = None
_next_check = 0.0


def current() -> Tables:
    """The tables in force. No query, once warm and within `RECHECK` seconds."""
    global _kept, _next_check
    epoch, kept, now = _epoch.get(), _kept, time.monotonic()
    if kept is not None and kept[0] is epoch and now < _next_check:
        return kept[2]
    with _lock:
        stamp = _read_stamp()
        if kept is None or kept[0] is not epoch or kept[1] != stamp:
            kept = (epoch, stamp, load())
        _kept, _next_check = kept, now + RECHECK
        return kept[2]


def forget() -> None:
    """Forget now, and again once others can see the change."""
    _forget()
    transaction.on_commit(_forget)


def _forget() -> None:
    global _kept
    _kept = None


def _read_stamp() -> Stamp:
    rules = RoutingRule.objects.aggregate(n=Count("id"), last=Max("updated_at"))
    teams = Team.objects.filter(is_active=True).aggregate(n=Count("id"), sum=Sum("id"))
    bodies = Organisation.objects.filter(is_active=True).aggregate(n=Count("id"), sum=Sum("id"))
    defaults = Team.objects.filter(is_active=True, is_default=True).aggregate(sum=Sum("id"))
    return (*rules.values(), *teams.values(), *bodies.values(), *defaults.values())


def load() -> Tables:
    """The tables as the database has them now: three queries."""
    organisations = dict(Organisation.objects.filter(is_active=True).values_list("pk", "name"))
    teams = {
        pk: (organisation_id, default)
        for pk, organisation_id, default in Team.objects.filter(is_active=True)
        .order_by("organisation_id", "-is_default", "name", "pk")
        .values_list("pk", "organisation_id", "is_default")
    }
    defaults: dict[int, int | None] = dict.fromkeys(organisations)
    for pk, (organisation_id, _default) in teams.items():
        if organisation_id in defaults and defaults[organisation_id] is None:
            defaults[organisation_id] = pk
    rows: dict[int, list[Rule]] = {}
    for row in RoutingRule.objects.filter(enabled=True).order_by(
        "organisation_id", "position", "id"
    ):
        rows.setdefault(row.organisation_id, []).append(
            as_rule(row, {pk: home for pk, (home, _default) in teams.items()}, organisations)
        )
    tables = {here: compiled(rules) for here, rules in rows.items()}
    return Tables(tables, defaults, organisations)


def as_rule(row: RoutingRule, teams: dict[int, int], organisations: Iterable[int]) -> Rule:
    """A row as the tables read it, with what is wrong with it today.

    `teams`: active team → its organisation; `organisations`: active ones.
    """
    fault, node = "", None
    try:
        # The tree was made when it was saved; the text is read again only without one.
        stored = row.tree.get("when") if isinstance(row.tree, dict) else None
        node = folded(expressions.from_json(stored)) if stored else read(row.condition)
    except ExpressionError:
        fault = _("La condition de la règle « %(name)s » n’est plus lisible.")
    kind = row.tree.get("to", "") if isinstance(row.tree, dict) else ""
    if node is not None and (row.team_id or kind == "team"):
        if row.team_id not in teams or teams[row.team_id] != row.organisation_id:
            fault = _("L’équipe de la règle « %(name)s » n’existe plus.")
    elif node is not None and (row.target_id or kind == "target"):
        if row.target_id not in set(organisations):
            fault = _("L’organisation de la règle « %(name)s » n’existe plus.")
    elif node is not None and row.priority is None:
        fault = _("La règle « %(name)s » n’a plus de destination.")
    return Rule(
        id=row.pk,
        name=row.name,
        condition=row.condition,
        # A condition that cannot be read holds for nothing: its fault is shown in the table.
        node=node if node is not None else expressions.Literal(False),
        team_id=None if fault else row.team_id,
        target_id=None if fault else row.target_id,
        priority=row.priority,
        fault=fault % {"name": row.name} if fault else "",
    )
