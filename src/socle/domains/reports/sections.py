"""The section of packs that declares reporting, and what `packs check` says of it."""

from __future__ import annotations

from collections.abc import Iterator

from socle.capabilities.casework import checking as casework
from socle.domains.reports.pack import Reporting
from socle.domains.reports.questions import check_questions
from socle.foundations.packs.context import Context
from socle.foundations.packs.parts import Texts, Toml
from socle.foundations.packs.problems import Problem
from socle.foundations.packs.registry import Item, Name, Section


def _check(item: Item[Reporting], context: Context) -> Iterator[Problem]:
    taxonomy = item.document.categories
    at = "categories"
    yield from context.known(item, "organisation", taxonomy.organisation, at, "organisation")
    yield from context.unique(
        item, [(group.id, (at, "group", g, "id")) for g, group in enumerate(taxonomy.groups)],
        "Groupe",
    )  # fmt: skip
    yield from context.unique(
        item,
        [
            (category.id, (at, "category", c, "id"))
            for c, category in enumerate(taxonomy.categories)
        ],
        "Catégorie",
    )
    groups = {group.id for group in taxonomy.groups}
    for c, category in enumerate(taxonomy.categories):
        if category.group not in groups:
            yield item.problem(
                f"Le groupe « {category.group} » n’existe pas.", at, "category", c, "group"
            )
        yield from context.known(item, "team", category.team, at, "category", c, "team")
        yield from context.known(
            item, "team", category.commune_team, at, "category", c, "commune_team"
        )
        yield from context.known(
            item, "asset_layer", category.asset_layer, at, "category", c, "asset_layer"
        )
        yield from check_questions(item, category, (at, "category", c))
    yield from _check_closings(item)
    for problem in casework.problems(item.document.workflow, {}, set(item.document.letters)):
        yield item.problem(
            problem.message, "workflow", *problem.path,
            offset=problem.offset, severity=problem.severity,
        )  # fmt: skip
    for problem in casework.check_letters(item.document.letters, {}):
        yield item.problem(problem.message, "letters", *problem.path, offset=problem.offset)


def _check_closings(item: Item[Reporting]) -> Iterator[Problem]:
    """The texts ready to be sent: transitions and categories that there are, known placeholders."""
    taxonomy, workflow = item.document.categories, item.document.workflow
    transitions = {each.id for each in workflow.transitions}
    categories = {each.id for each in taxonomy.categories}
    for c, closing in enumerate(taxonomy.closings):
        path = ("categories", "closing", c)
        for t, transition in enumerate(closing.transitions):
            if transition not in transitions:
                message = f"La transition « {transition} » n’existe pas."
                yield item.problem(message, *path, "transitions", t)
        for k, category in enumerate(closing.categories):
            if category not in categories:
                message = f"La catégorie « {category} » n’existe pas."
                yield item.problem(message, *path, "categories", k)
        for message in casework.check_text(closing.body):
            yield item.problem(message, *path, "body")


SECTION = Section(
    name="reports.reporting",
    where="reports",
    parts=(
        Toml("categories.toml", "categories"),
        Toml("workflow.toml", "workflow"),
        Texts("letters/*.md", "letters"),
    ),
    model=Reporting,
    check=_check,
    names=lambda item: [
        Name("category", category.id, ("categories", "category", c, "id"))
        for c, category in enumerate(item.document.categories.categories)
    ],
    provides=("category",),
)
