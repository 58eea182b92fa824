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
    procedure = item.document
    mistakes = list(checking.mistakes(procedure.questionnaire))
    yield from context.known(item, "service", item.key)
    for path, sentence, offset in mistakes:
        yield item.problem(sentence, "questionnaire", *path, offset=offset)
    types = rules.names(procedure.questionnaire)
    for problem in casework.problems(procedure.workflow, types, set(procedure.letters)):
        yield item.problem(
            problem.message, "workflow", *problem.path,
            offset=problem.offset, severity=problem.severity,
        )  # fmt: skip
    for problem in casework.check_letters(procedure.letters, types):
        yield item.problem(problem.message, "letters", *problem.path, offset=problem.offset)
    if mistakes:
        # Examples run on a sound questionnaire only.
        return
    for path, sentence in examples.failures(procedure):
        yield item.problem(sentence, *path)


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
