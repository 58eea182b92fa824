"""The section of packs that declares procedures, and what `packs check` says of them."""

from __future__ import annotations

from collections.abc import Iterator

from socle.capabilities.casework import checking as casework
from socle.capabilities.questionnaires import checking, rules
from socle.domains.procedures import examples
from socle.domains.procedures.pack import Procedure
from socle.foundations.packs.context import Context
from socle.foundations.packs.parts import Texts, Toml
from socle.foundations.packs.problems import Problem
from socle.foundations.packs.registry import Item, Name, Section


def _check(item: Item[Procedure], context: Context) -> Iterator[Problem]:
    found = list(_declarations(item))
    yield from context.known(item, "service", item.key)
    yield from found
    # Examples run on a sound procedure only.
    if not any(problem.is_error for problem in found):
        for path, sentence in examples.failures(item.document):
            yield item.problem(sentence, *path)


def _declarations(item: Item[Procedure]) -> Iterator[Problem]:
    procedure = item.document
    for path, sentence, offset in checking.mistakes(procedure.questionnaire):
        yield item.problem(sentence, "questionnaire", *path, offset=offset)
    types = rules.names(procedure.questionnaire)
    for found in casework.problems(procedure.workflow, types, set(procedure.letters)):
        yield item.problem(
            found.message, "workflow", *found.path, offset=found.offset, severity=found.severity
        )
    for found in casework.check_letters(procedure.letters, types):
        yield item.problem(found.message, "letters", *found.path, offset=found.offset)


SECTION = Section(
    name="procedures.procedure",
    where="services/*",
    parts=(
        Toml("questionnaire.toml", "questionnaire"),
        Toml("workflow.toml", "workflow"),
        Texts("letters/*.md", "letters"),
        Toml("examples.toml", "examples", required=False),
    ),
    model=Procedure,
    check=_check,
    names=lambda item: [Name("procedure", item.key)],
    provides=("procedure",),
)
