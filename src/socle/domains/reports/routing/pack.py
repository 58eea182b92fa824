"""`reports/routing.toml`: the tables of organisations, as the pack declares them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field

from socle.domains.reports.routing import checking
from socle.domains.reports.routing.compiling import Rule
from socle.domains.reports.routing.language import read
from socle.foundations.accounts.pack import Teams
from socle.foundations.packs.document import Condition, Document, Key, Line
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.registry import Item, Path, Section
from socle.foundations.territories.models import Organisation
from socle.foundations.territories.pack import Territory
from socle.kernel.expressions import ExpressionError

if TYPE_CHECKING:
    from socle.foundations.packs.applying import Applying
    from socle.foundations.packs.context import Context
    from socle.foundations.packs.problems import Problem

Priority = Annotated[int, Field(ge=0, le=2)]
COMMUNES = "reports.communes"
NAME = "reports.routing"


class RuleDeclaration(Document):
    """One line of a table: a team, or an organisation that is asked next, or only a priority."""

    name: Annotated[Line, Field(max_length=120)]
    when: Condition = ""
    """Over the report (see `routing.NAMES`); empty: always."""
    team: Annotated[str, Field(max_length=80)] = ""
    """Slug of a team of the organisation."""
    transfer: Annotated[str, Field(max_length=80)] = ""
    """Slug of the organisation whose rules are read next."""
    priority: Priority | None = None


class OwnedRule(RuleDeclaration):
    organisation: Key


class Routing(Document):
    rules: Annotated[tuple[OwnedRule, ...], Field(alias="rule", min_length=1)]


Declared = tuple[Item[Any], Path, str, RuleDeclaration]
"""The file, the path inside it, the organisation, the rule."""


def declared(context: Context) -> dict[str, list[Declared]]:
    """Every rule of the pack, by organisation, in order: those of `routing.toml`, of communes."""
    found: dict[str, list[Declared]] = {}
    for item in context.items(NAME).values():
        for index, rule in enumerate(item.document.rules):
            found.setdefault(rule.organisation, []).append(
                (item, ("rule", index), rule.organisation, rule)
            )
    for slug, item in context.items(COMMUNES).items():
        for index, rule in enumerate(item.document.rules):
            found.setdefault(slug, []).append((item, ("rule", index), slug, rule))
    return found


def check_rules(
    item: Item[Any], context: Context, rules: Iterable[tuple[Path, str, RuleDeclaration]]
) -> Iterator[Problem]:
    """Conditions, teams, targets and circles of the rules of one file."""
    names = checking.names_in(context)
    teams = teams_of(context)
    wrong = False
    for path, organisation, rule in rules:
        for problem in context.condition(item, rule.when, names, *path, "when"):
            wrong = True
            yield problem
        yield from _check_destination(item, context, path, organisation, rule, teams)
    if not wrong:
        yield from _check_circles(item, context)


def _check_destination(
    item: Item[Any],
    context: Context,
    path: Path,
    organisation: str,
    rule: RuleDeclaration,
    teams: dict[str, set[str]] | None,
) -> Iterator[Problem]:
    if rule.team and rule.transfer:
        message = _("Une règle donne à une équipe ou à une autre organisation, pas aux deux.")
        yield item.problem(message, *path, "transfer")
    if not rule.team and not rule.transfer and rule.priority is None:
        message = _("Cette règle ne fait rien : écrivez « team », « transfer » ou « priority ».")
        yield item.problem(message, *path)
    if rule.transfer == organisation:
        message = _("Une organisation ne se renvoie pas un signalement à elle-même.")
        yield item.problem(message, *path, "transfer")
    yield from context.known(item, "organisation", rule.transfer, *path, "transfer")
    if rule.team and teams is not None and rule.team not in teams.get(organisation, set()):
        message = _("« %(organisation)s » n’a pas d’équipe « %(team)s ».")
        values = {"organisation": organisation, "team": rule.team}
        yield item.problem(message % values, *path, "team")


def teams_of(context: Context) -> dict[str, set[str]] | None:
    """The teams of each organisation; None when the pack's files could not all be read."""
    territory = context.item("territory", "territory")
    teams = context.item("teams", "teams")
    if territory is None or teams is None:
        return None
    places: Territory = territory.document
    document: Teams = teams.document
    kinds = {kind: places.slugs(kind) for kind in Organisation.Kind.values}
    found: dict[str, set[str]] = {}
    for index, slug in document.places(kinds):
        found.setdefault(slug, set()).add(document.teams[index].slug)
    return found


def _check_circles(item: Item[Any], context: Context) -> Iterator[Problem]:
    """A report that would go round, told in the file of the rule that closes the circle."""
    by_slug = declared(context)
    ids = {slug: number for number, slug in enumerate(sorted(by_slug), 1)}
    homes: dict[int, Declared] = {}
    tables: dict[int, list[Rule]] = {}
    for slug, rules in by_slug.items():
        table = tables.setdefault(ids[slug], [])
        for each in rules:
            number = len(homes) + 1
            homes[number] = each
            rule = each[3]
            try:
                node = read(rule.when)
            except ExpressionError:
                continue
            target = ids.get(rule.transfer)
            table.append(
                Rule(
                    number, rule.name, rule.when, node,
                    team_id=1 if rule.team or (rule.transfer and target is None) else None,
                    target_id=target, priority=rule.priority,
                )
            )  # fmt: skip
    labels = {number: slug for slug, number in ids.items()}
    loop = checking.circle(tables, checking.groups_in(context))
    if loop is None:
        return
    home, path, _slug, _rule = homes[loop.path[-1][1].id]
    if home is item:
        yield item.problem(checking.told(loop, labels), *path, "transfer")


def _check(item: Item[Routing], context: Context) -> Iterator[Problem]:
    document = item.document
    for index, rule in enumerate(document.rules):
        path: Path = ("rule", index)
        yield from context.known(item, "organisation", rule.organisation, *path, "organisation")
        if context.item(COMMUNES, rule.organisation) is not None:
            message = _("Écrivez les règles de cette commune dans reports/communes/%(slug)s.toml.")
            yield item.problem(message % {"slug": rule.organisation}, *path, "organisation")
    yield from context.unique(
        item,
        [
            (f"{rule.organisation} : {rule.name}", ("rule", index, "name"))
            for index, rule in enumerate(document.rules)
        ],
        _("Règle"),
    )
    yield from check_rules(
        item,
        context,
        [(("rule", index), rule.organisation, rule) for index, rule in enumerate(document.rules)],
    )


def _apply(item: Item[Routing], applying: Applying) -> None:
    from socle.domains.reports.routing import actions

    by_slug: dict[str, list[RuleDeclaration]] = {}
    for rule in item.document.rules:
        by_slug.setdefault(rule.organisation, []).append(rule)
    gone: set[str] = set()
    if applying.previous is not None:
        from socle.foundations.packs import queries as packs

        before: Routing = packs.document(applying.previous)
        gone = {rule.organisation for rule in before.rules} - by_slug.keys()
    for slug in sorted({*by_slug, *gone}):
        if slug not in applying.items.get(COMMUNES, {}):
            actions.apply_declared(slug=slug, rules=by_slug.get(slug, []), now=applying.now)


def _withdraw(key: str, applying: Applying) -> None:
    from socle.domains.reports.routing import actions
    from socle.foundations.packs import queries as packs

    if applying.previous is None:
        return
    before: Routing = packs.document(applying.previous)
    for slug in sorted({rule.organisation for rule in before.rules}):
        if slug not in applying.items.get(COMMUNES, {}):
            actions.apply_declared(slug=slug, rules=[], now=applying.now)


SECTION = Section(
    name=NAME,
    where="reports",
    parts=(Toml("routing.toml"),),
    model=Routing,
    check=_check,
    apply=_apply,
    withdraw=_withdraw,
    after=("reports.reporting", "teams", "territory"),
)
