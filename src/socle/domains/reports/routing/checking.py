"""Is a rule right? The same questions when a pack is checked and when a rule is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from socle.capabilities.casework.models import Case
from socle.domains.reports.routing import loops
from socle.domains.reports.routing.compiling import Rule
from socle.domains.reports.routing.language import names
from socle.domains.reports.routing.loops import Loop
from socle.kernel.expressions import Type

if TYPE_CHECKING:
    from socle.foundations.packs.context import Context

CHANNELS = tuple(Case.Channel.values)


def names_in(context: Context) -> dict[str, Type]:
    """What conditions may read, with the categories, groups and areas that the pack declares."""
    groups = {
        group.id
        for section in ("reports.reporting", "reports.communes")
        for item in context.items(section).values()
        for group in (
            item.document.categories.groups
            if section == "reports.reporting"
            else item.document.groups
        )
    }
    return names(
        categories=_sorted(context, "category"),
        groups=tuple(sorted(groups)),
        areas=_sorted(context, "area"),
        channels=CHANNELS,
    )


def _sorted(context: Context, kind: str) -> tuple[str, ...]:
    return tuple(sorted(context.names(kind))) if context.is_sure_of(kind) else ()


def groups_in(context: Context) -> dict[str, str]:
    """The group of each category of a pack."""
    found: dict[str, str] = {}
    for item in context.items("reports.reporting").values():
        found |= {each.id: each.group for each in item.document.categories.categories}
    for item in context.items("reports.communes").values():
        found |= {each.id: each.group for each in item.document.categories}
    return found


def circle(tables: Mapping[int, Sequence[Rule]], groups: Mapping[str, str]) -> Loop | None:
    """A report that would go round, if there is one."""
    return loops.find(tables, groups)


def told(loop: Loop, labels: Mapping[int, str]) -> str:
    """The circle in one sentence, for who wrote the rule."""
    steps = " → ".join(
        _("%(organisation)s (règle « %(rule)s »)")
        % {"organisation": labels.get(here, str(here)), "rule": rule.name}
        for here, rule in loop.path
    )
    first = labels.get(loop.path[0][0], str(loop.path[0][0]))
    about = loop.category or _("d’une autre catégorie")
    where = loop.area or _("un autre lieu")
    return _(
        "Un signalement tournerait en rond (catégorie : %(category)s, commune : %(area)s) : "
        "%(steps)s → %(first)s. Précisez l’une de ces conditions."
    ) % {"category": about, "area": where, "steps": steps, "first": first}
