"""The section of packs that declares reporting, and what `packs check` says of it."""

from __future__ import annotations

from collections.abc import Iterator

from socle.capabilities.casework import checking as casework
from socle.domains.reports.pack import Reporting
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
    for problem in casework.problems(item.document.workflow, {}, set(item.document.letters)):
        yield item.problem(
            problem.message, "workflow", *problem.path,
            offset=problem.offset, severity=problem.severity,
        )  # fmt: skip
    for problem in casework.check_letters(item.document.letters, {}):
        yield item.problem(problem.message, "letters", *problem.path, offset=problem.offset)


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
