"""What `packs check` says about a questionnaire: each mistake with the path of the value at fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

from socle.capabilities.questionnaires import rules
from socle.capabilities.questionnaires.pack import Question, Questionnaire
from socle.kernel import expressions

Path = tuple[str | int, ...]
Mistake = tuple[Path, str, int]
"""Where, what is wrong, and how many characters into the value."""

# Which limits mean something for which type.
_LIMITS: dict[str, frozenset[str]] = {
    "options": frozenset({"choice", "choices"}),
    "minimum": frozenset({"integer", "decimal"}),
    "maximum": frozenset({"integer", "decimal"}),
    "min_date": frozenset({"date"}),
    "max_date": frozenset({"date"}),
    "max_length": frozenset({"text", "long_text"}),
    "pattern": frozenset({"text"}),
    "unit": frozenset({"integer", "decimal"}),
    "within": frozenset({"address", "location"}),
    "text": frozenset({"info"}),
}


def mistakes(questionnaire: Questionnaire) -> Iterator[Mistake]:
    """Yield `(path, sentence, offset)` for every mistake that types alone cannot see."""
    yield from _duplicates(questionnaire)
    known = rules.names(questionnaire)
    graph: dict[str, set[str]] = {}
    for p, page in enumerate(questionnaire.pages):
        yield from _condition(page.visible_when, ("page", p, "visible_when"), known)
        for f, question in enumerate(page.field):
            path: Path = ("page", p, "field", f)
            yield from _question(question, path)
            yield from _condition(question.visible_when, (*path, "visible_when"), known)
            graph[question.id] = set(_reads(page.visible_when)) | set(_reads(question.visible_when))
    cycle = expressions.find_cycle(graph)
    if cycle:
        where = _path_of(questionnaire, cycle[0])
        chain = " → ".join(f"« {name} »" for name in cycle)
        yield where, f"Ces questions dépendent les unes des autres en boucle : {chain}.", 0
    ids = {question.id: question for _page, question in rules.questions(questionnaire)}
    for c, constraint in enumerate(questionnaire.constraints):
        yield from _condition(constraint.condition, ("constraint", c, "condition"), known)
        if constraint.field not in ids:
            yield ("constraint", c, "field"), f"La question « {constraint.field} » n’existe pas.", 0
    yield from _place(questionnaire, ids)
    for _text, name, _spec, _conversion in Formatter().parse(questionnaire.title_template):
        if name is not None and name != "title" and name not in ids:
            yield ("title_template",), f"« {{{name}}} » n’est pas une question de ce formulaire.", 0


def _duplicates(questionnaire: Questionnaire) -> Iterator[Mistake]:
    pages: set[str] = set()
    fields: set[str] = set()
    for p, page in enumerate(questionnaire.pages):
        if page.id in pages:
            yield ("page", p, "id"), f"Deux pages portent l’identifiant « {page.id} ».", 0
        pages.add(page.id)
        if not page.field:
            yield ("page", p), f"La page « {page.id} » ne pose aucune question.", 0
        for f, question in enumerate(page.field):
            if question.id in fields:
                yield (
                    ("page", p, "field", f, "id"),
                    f"Deux questions portent l’identifiant « {question.id} ».",
                    0,
                )
            fields.add(question.id)


def _question(question: Question, path: Path) -> Iterator[Mistake]:
    given = question.model_fields_set
    for limit, types in _LIMITS.items():
        if limit in given and question.type not in types:
            yield (
                (*path, limit),
                f"« {limit} » n’a pas de sens pour une question de type « {question.type} ».",
                0,
            )
    if question.type in ("choice", "choices") and len(question.options) < 2:
        yield path, f"La question « {question.id} » doit proposer au moins deux choix.", 0
    values = [option.value for option in question.options]
    for o, value in enumerate(values):
        if value in values[:o]:
            yield (*path, "options", o), f"Le choix « {value} » est proposé deux fois.", 0
    low, high = question.minimum, question.maximum
    if low is not None and high is not None and low > high:
        yield (*path, "minimum"), "Le minimum est plus grand que le maximum.", 0
    if question.min_date and question.max_date and question.min_date > question.max_date:
        yield (*path, "min_date"), "La première date est après la dernière.", 0
    if question.type == "info" and not question.text:
        yield path, f"Le paragraphe « {question.id} » n’a pas de texte.", 0
    if question.pattern:
        try:
            re.compile(question.pattern)
        except re.error as error:
            yield (*path, "pattern"), f"Cette expression régulière est fausse : {error}.", 0
        if not question.pattern_message:
            yield (
                (*path, "pattern"),
                "« pattern » demande un « pattern_message » qui dit quoi faire.",
                0,
            )


def _reads(condition: str) -> frozenset[str]:
    try:
        return rules.condition_names(condition)
    except expressions.ExpressionError:
        return frozenset()


def _condition(condition: str, path: Path, known: dict[str, expressions.Type]) -> Iterator[Mistake]:
    if not condition:
        return
    try:
        expressions.check_condition(expressions.parse(condition), known)
    except expressions.ExpressionError as error:
        yield path, str(error.message), error.position.offset


def _path_of(questionnaire: Questionnaire, field_id: str) -> Path:
    for p, page in enumerate(questionnaire.pages):
        for f, question in enumerate(page.field):
            if question.id == field_id:
                return ("page", p, "field", f, "visible_when")
    return ()


def _place(questionnaire: Questionnaire, ids: dict[str, Question]) -> Iterator[Mistake]:
    if not questionnaire.address_field:
        return
    question = ids.get(questionnaire.address_field)
    if question is None:
        yield ("address_field",), f"La question « {questionnaire.address_field} » n’existe pas.", 0
    elif question.type not in ("address", "location"):
        yield ("address_field",), "« address_field » doit nommer une adresse ou un lieu.", 0
