"""`reports/communes/<slug>.toml`: what a commune answers for, its categories, teams and rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from django.utils.translation import gettext as _
from pydantic import Field

from socle.domains.reports.pack import Category, Group, WorkingHours
from socle.domains.reports.questions import check_questions
from socle.domains.reports.routing.pack import RuleDeclaration, check_rules, teams_of
from socle.foundations.packs.document import Document, Key
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.registry import Item, Name, Path, Section

if TYPE_CHECKING:
    from socle.foundations.packs.applying import Applying
    from socle.foundations.packs.context import Context
    from socle.foundations.packs.problems import Problem

NAME = "reports.communes"
Colour = Annotated[str, Field(pattern=r"^(#[0-9a-f]{6})?$")]


class Answer(Document):
    """A category of the common tree that the commune sees to itself, and its own promise."""

    category: Key
    team: Key
    days: Annotated[int, Field(ge=1, le=365)] | None = None
    working_hours: WorkingHours | None = None
    urgent_hours: WorkingHours | None = None


class Commune(Document):
    """The name of the file is the slug of the commune's organisation."""

    title: Annotated[str, Field(max_length=200)] = ""
    intro: str = ""
    colour: Colour = ""
    answers: Annotated[tuple[Answer, ...], Field(alias="answer")] = ()
    """What is not listed is seen to by the métropole."""
    closed: tuple[Key, ...] = ()
    """Categories of the common tree that are not offered there."""
    groups: Annotated[tuple[Group, ...], Field(alias="group")] = ()
    categories: Annotated[tuple[Category, ...], Field(alias="category")] = ()
    """Its own, beside the common tree; `team` is one of its teams."""
    rules: Annotated[tuple[RuleDeclaration, ...], Field(alias="rule")] = ()


def _check(item: Item[Commune], context: Context) -> Iterator[Problem]:
    document = item.document
    yield from context.known(item, "organisation", item.key)
    teams = teams_of(context)
    own = None if teams is None else teams.get(item.key, set())
    common, groups = _common(context)
    for index, answer in enumerate(document.answers):
        path: Path = ("answer", index)
        yield from _check_common(item, answer.category, common, *path, "category")
        yield from _check_team(item, answer.team, own, *path, "team")
    yield from context.unique(
        item,
        [
            (answer.category, ("answer", index, "category"))
            for index, answer in enumerate(document.answers)
        ],
        _("Catégorie"),
    )
    for index, closed in enumerate(document.closed):
        yield from _check_common(item, closed, common, "closed", index)
        if any(answer.category == closed for answer in document.answers):
            message = _("Cette catégorie est à la fois traitée et fermée.")
            yield item.problem(message, "closed", index)
    groups = groups | {group.id for group in document.groups}
    for index, category in enumerate(document.categories):
        path = ("category", index)
        yield from _check_team(item, category.team, own, *path, "team")
        if groups and category.group not in groups:
            message = _("Le groupe « %(group)s » n’existe pas.") % {"group": category.group}
            yield item.problem(message, *path, "group")
        yield from context.known(item, "asset_layer", category.asset_layer, *path, "asset_layer")
        yield from check_questions(item, category, path)
    yield from context.unique(
        item,
        [(rule.name, ("rule", index, "name")) for index, rule in enumerate(document.rules)],
        _("Règle"),
    )
    rules = [(("rule", index), item.key, rule) for index, rule in enumerate(document.rules)]
    yield from check_rules(item, context, rules)


def _common(context: Context) -> tuple[set[str], set[str]]:
    """Categories and groups of the common tree."""
    reporting = context.item("reports.reporting", "reports")
    if reporting is None:
        return set(), set()
    taxonomy = reporting.document.categories
    return {each.id for each in taxonomy.categories}, {each.id for each in taxonomy.groups}


def _check_common(
    item: Item[Commune], category: str, common: set[str], *path: str | int
) -> Iterator[Problem]:
    if common and category not in common:
        message = _("« %(category)s » n’est pas une catégorie de l’arbre commun.")
        yield item.problem(message % {"category": category}, *path)


def _check_team(
    item: Item[Commune], team: str, own: set[str] | None, *path: str | int
) -> Iterator[Problem]:
    if own is not None and team not in own:
        message = _("« %(organisation)s » n’a pas d’équipe « %(team)s ».")
        yield item.problem(message % {"organisation": item.key, "team": team}, *path)


def _apply(item: Item[Commune], applying: Applying) -> None:
    from socle.domains.reports.routing import actions

    actions.apply_declared(slug=item.key, rules=item.document.rules, now=applying.now)


def _withdraw(key: str, applying: Applying) -> None:
    from socle.domains.reports.routing import actions

    actions.apply_declared(slug=key, rules=(), now=applying.now)


SECTION = Section(
    name=NAME,
    where="reports/communes/*.toml",
    parts=(Toml(""),),
    model=Commune,
    check=_check,
    apply=_apply,
    withdraw=_withdraw,
    names=lambda item: [
        Name("category", category.id, ("category", index, "id"))
        for index, category in enumerate(item.document.categories)
    ],
    after=("reports.reporting", "reports.routing", "teams", "territory"),
)
