"""Reading the tables: one organisation's, then that of the organisation it hands over to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from socle.domains.reports.routing.compiling import Rule, Table
from socle.domains.reports.routing.language import Facts
from socle.kernel import expressions

UNTOLD = frozenset({"text", "address"})
"""Names whose value an explanation does not repeat: what somebody wrote stays in the report."""


@dataclass(frozen=True, slots=True)
class Default:
    """Who answers in an organisation when no rule does: a team, or nobody in particular.

    `fault`: why it is nobody, when somebody was to.
    """

    team_id: int | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a report goes and why. `fault`: what was wrong on the way, empty when nothing was."""

    team_id: int | None
    organisation_id: int
    priority: int
    rule_id: int | None = None
    explanation: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Tables:
    """The tables of all organisations, and who answers where nothing is said."""

    tables: Mapping[int, Table]
    defaults: Mapping[int, int | None]
    """Organisation → its default team. An organisation that is gone is not in it."""
    names: Mapping[int, str] = field(default_factory=dict)

    def decide(
        self,
        facts: Facts,
        organisation_id: int,
        default: Callable[[int], Default] | None = None,
    ) -> Decision:
        """Read the tables, beginning with those of an organisation; see `routing.route`."""
        values = facts.values()
        priority = facts.priority
        path: list[dict[str, Any]] = []
        seen: set[int] = set()
        here, fault = organisation_id, ""
        while True:
            seen.add(here)
            rule, raised = self._first(here, values, priority)
            priority = raised
            if rule is None:
                break
            path.append(self._told(here, rule, values))
            if rule.fault:
                fault = rule.fault
                break
            if rule.team_id is not None:
                return Decision(rule.team_id, here, priority, rule.id, self._explained(path), fault)
            target = rule.target_id
            if target is None or target not in self.defaults:
                fault = _("L’organisation de la règle « %(name)s » n’existe plus.") % {
                    "name": rule.name
                }
                break
            if target in seen:
                fault = _("La règle « %(name)s » renvoie à une organisation déjà consultée.") % {
                    "name": rule.name
                }
                # Nobody wants it: it stays where it began, in sight of those who wrote the rule.
                here = organisation_id
                break
            here = target
        team_id, fault = self._default(here, default, fault)
        last = path[-1]["rule_id"] if path and fault else None
        explanation = self._explained(path, default=self.names.get(here, ""))
        return Decision(team_id, here, priority, last, explanation, fault)

    def _first(
        self, organisation_id: int, values: Mapping[str, Any], priority: int
    ) -> tuple[Rule | None, int]:
        """The rule that decides, and the priority raised by those that held up to it."""
        table = self.tables.get(organisation_id)
        if table is None:
            return None, priority
        for rule in table.holding(values):
            if rule.priority is not None:
                priority = max(priority, rule.priority)
            if rule.decides:
                return rule, priority
        return None, priority

    def _default(
        self, organisation_id: int, default: Callable[[int], Default] | None, fault: str
    ) -> tuple[int | None, str]:
        """The team that gets what no rule sends, and what is wrong so far."""
        if default is not None and not fault:
            found = default(organisation_id)
            if found.team_id is not None:
                return found.team_id, ""
            fault = found.fault
        return self.defaults.get(organisation_id), fault

    def _told(self, organisation_id: int, rule: Rule, values: Mapping[str, Any]) -> dict[str, Any]:
        read = sorted(expressions.names(rule.node))
        return {
            "organisation": self.names.get(organisation_id, ""),
            "rule_id": rule.id,
            "rule": rule.name,
            "condition": rule.condition,
            "values": {name: values[name] for name in read if name not in UNTOLD},
        }

    def _explained(self, path: list[dict[str, Any]], default: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {"path": path}
        if default:
            found["default"] = default
        return found
