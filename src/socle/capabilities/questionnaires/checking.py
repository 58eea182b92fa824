"""What `packs check` says about a questionnaire: each mistake with the path of its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter

from django.utils.translation import gettext as _

from socle.capabilities.questionnaires import rules
from socle.capabilities.questionnaires.pack import Question, Questionnaire
from socle.foundations.packs.problems import suggestion
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
    "pattern_message": frozenset({"text"}),
    "unit": frozenset({"integer", "decimal"}),
    "within": frozenset({"address", "location"}),
    "accept": frozenset({"file"}),
    "max_files": frozenset({"file"}),
    "text": frozenset({"info"}),
}
_SUFFIXES = ("_day", "_month", "_year", "_lon", "_lat", "_text", "_citycode", "_score",
             "_accuracy", "_remove")  # fmt: skip
# Names that the forms themselves send.
_RESERVED = frozenset({"retour", "csrfmiddlewaretoken", "title"})
_PAGES = frozenset({"coordonnees", "verification", "envoi", "confirmation", "suppression"})


def mistakes(questionnaire: Questionnaire) -> Iterator[Mistake]:
    """Yield `(path, sentence, offset)` for every mistake that types alone cannot see."""
    yield from _identifiers(questionnaire)
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
        chain = " → ".join(f"« {name} »" for name in cycle)
        yield (
            _condition_path(questionnaire, cycle[0]),
            _("Ces questions dépendent les unes des autres en boucle : %(chain)s.")
            % {"chain": chain},
            0,
        )
    else:
        yield from _read_ahead(questionnaire)
    ids = {question.id: question for _page, question in rules.questions(questionnaire)}
    for c, constraint in enumerate(questionnaire.constraints):
        yield from _condition(constraint.condition, ("constraint", c, "condition"), known)
        if constraint.field not in ids:
            yield ("constraint", c, "field"), _unknown(constraint.field, ids), 0
        if not constraint.condition:
            yield ("constraint", c, "condition"), _("Cette règle ne vérifie rien."), 0
    yield from _place(questionnaire, ids)
    yield from _title(questionnaire, ids)


def _identifiers(questionnaire: Questionnaire) -> Iterator[Mistake]:
    pages: set[str] = set()
    fields: set[str] = set()
    for p, page in enumerate(questionnaire.pages):
        if page.id in pages:
            yield (
                ("page", p, "id"),
                _("Deux pages portent l’identifiant « %(id)s ».") % {"id": page.id},
                0,
            )
        if page.id in _PAGES:
            yield (
                ("page", p, "id"),
                _("« %(id)s » est le nom d’une page que toute démarche a déjà.") % {"id": page.id},
                0,
            )
        pages.add(page.id)
        if not page.field:
            yield (
                ("page", p),
                _("La page « %(id)s » ne pose aucune question.") % {"id": page.id},
                0,
            )
        for f, question in enumerate(page.field):
            if question.id in fields:
                yield (
                    ("page", p, "field", f, "id"),
                    _("Deux questions portent l’identifiant « %(id)s ».") % {"id": question.id},
                    0,
                )
            fields.add(question.id)
    for p, page in enumerate(questionnaire.pages):
        for f, question in enumerate(page.field):
            owner = next(
                (question.id.removesuffix(s) for s in _SUFFIXES if question.id.endswith(s)), None
            )
            if question.id in _RESERVED or (owner and owner in fields):
                yield (
                    ("page", p, "field", f, "id"),
                    _("« %(id)s » sert déjà au formulaire : choisissez un autre identifiant.")
                    % {"id": question.id},
                    0,
                )


def _question(question: Question, path: Path) -> Iterator[Mistake]:
    given = question.model_fields_set
    for limit, types in _LIMITS.items():
        if limit in given and question.type not in types:
            yield (
                (*path, limit),
                _("« %(limit)s » n’a pas de sens pour une question de type « %(type)s ».")
                % {"limit": limit, "type": question.type},
                0,
            )
    if question.type in ("choice", "choices") and len(question.options) < 2:
        yield (
            path,
            _("La question « %(id)s » doit proposer au moins deux choix.") % {"id": question.id},
            0,
        )
    values = [option.value for option in question.options]
    for o, value in enumerate(values):
        if value in values[:o]:
            yield (
                (*path, "options", o, "value"),
                _("Le choix « %(value)s » est proposé deux fois.") % {"value": value},
                0,
            )
    low, high = question.minimum, question.maximum
    if low is not None and high is not None and low > high:
        yield (*path, "minimum"), _("Le minimum est plus grand que le maximum."), 0
    if question.min_date and question.max_date and question.min_date > question.max_date:
        yield (*path, "min_date"), _("La première date est après la dernière."), 0
    if question.type == "info" and not question.text:
        yield path, _("Le paragraphe « %(id)s » n’a pas de texte.") % {"id": question.id}, 0
    if question.pattern:
        try:
            re.compile(question.pattern)
        except re.error as error:
            yield (
                (*path, "pattern"),
                _("Cette expression régulière est fausse : %(error)s.") % {"error": error.msg},
                error.pos or 0,
            )
        if not question.pattern_message:
            yield (
                (*path, "pattern"),
                _("« pattern » demande un « pattern_message » qui dit quoi faire."),
                0,
            )


def _reads(condition: str) -> frozenset[str]:
    try:
        return rules.condition_names(condition)
    except expressions.ExpressionError:
        return frozenset()


def _condition(
    condition: str, path: Path, known: Mapping[str, expressions.Type]
) -> Iterator[Mistake]:
    if not condition:
        return
    try:
        expressions.check_condition(expressions.parse(condition), known)
    except expressions.ExpressionError as error:
        yield path, str(error.message), error.position.offset


def _condition_path(questionnaire: Questionnaire, field_id: str) -> Path:
    """Where what decides of a question is written: its own condition, or its page's."""
    for p, page in enumerate(questionnaire.pages):
        for f, question in enumerate(page.field):
            if question.id == field_id:
                if question.visible_when:
                    return ("page", p, "field", f, "visible_when")
                return ("page", p, "visible_when")
    return ()


def _read_ahead(questionnaire: Questionnaire) -> Iterator[Mistake]:
    """Conditions over questions not asked yet: people would have to go back."""
    homes = {
        question.id: p for p, page in enumerate(questionnaire.pages) for question in page.field
    }
    for p, page in enumerate(questionnaire.pages):
        for name in sorted(_reads(page.visible_when)):
            if homes.get(name, -1) >= p:
                yield ("page", p, "visible_when"), _later(name), 0
        for f, question in enumerate(page.field):
            for name in sorted(_reads(question.visible_when)):
                if homes.get(name, -1) > p:
                    yield ("page", p, "field", f, "visible_when"), _later(name), 0


def _later(name: str) -> str:
    return _("Cette condition dépend de « %(id)s », qui est demandé plus loin.") % {"id": name}


def _unknown(name: str, ids: Mapping[str, Question]) -> str:
    return _("La question « %(id)s » n’existe pas.") % {"id": name} + suggestion(name, ids)


def _place(questionnaire: Questionnaire, ids: Mapping[str, Question]) -> Iterator[Mistake]:
    if not questionnaire.address_field:
        return
    question = ids.get(questionnaire.address_field)
    if question is None:
        yield ("address_field",), _unknown(questionnaire.address_field, ids), 0
    elif question.type not in ("address", "location"):
        yield ("address_field",), _("« address_field » doit nommer une adresse ou un lieu."), 0


def _title(questionnaire: Questionnaire, ids: Mapping[str, Question]) -> Iterator[Mistake]:
    template = questionnaire.title_template
    try:
        names = [name for _text, name, _spec, _how in Formatter().parse(template)]
    except ValueError:
        yield ("title_template",), _("Une accolade n’est pas fermée : écrivez « {champ} »."), 0
        return
    for name in names:
        if name is not None and name != "title" and name not in ids:
            yield (
                ("title_template",),
                _("« {%(id)s} » n’est pas une question de ce formulaire.") % {"id": name}
                + suggestion(name, ids),
                max(template.find("{" + name), 0),
            )
