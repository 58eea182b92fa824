"""Which questions are asked, and whether the answers hold. Pure: no database, no clock.

Answers are JSON values: text, integers, decimals as text, ISO dates, booleans, option values (or
lists of them), `{"label", "lon", "lat", "citycode"}` for places, lists of `{"id", "name", "size"}`
for files. A question that is not visible has no answer, whatever was typed before the branch
changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from socle.capabilities.questionnaires.pack import Constraint, Page, Question, Questionnaire
from socle.kernel import expressions
from socle.kernel.expressions import Node, Type

Answers = dict[str, Any]

PLACEHOLDER = re.compile(r"\{([a-z0-9_-]+)\}")
"""`{field_id}` in a title."""

_TYPES: Mapping[str, Type] = {
    "text": expressions.TEXT,
    "long_text": expressions.TEXT,
    "integer": expressions.INTEGER,
    "decimal": expressions.DECIMAL,
    "boolean": expressions.BOOLEAN,
    "choice": expressions.TEXT,
    "choices": expressions.ListOf(expressions.TEXT),
    "date": expressions.DATE,
    "email": expressions.TEXT,
    "phone": expressions.TEXT,
    "siret": expressions.TEXT,
}


def questions(questionnaire: Questionnaire) -> Iterator[tuple[Page, Question]]:
    """Every question with its page, in order."""
    for page in questionnaire.pages:
        for question in page.field:
            yield page, question


def names(questionnaire: Questionnaire) -> dict[str, Type]:
    """The names conditions may use, with their types.

    A place gives `field.citycode` and `field.label`; files give `field.count`.
    """
    known: dict[str, Type] = {}
    for _page, question in questions(questionnaire):
        if question.type in _TYPES:
            known[question.id] = _TYPES[question.type]
        elif question.type in ("address", "location"):
            known[f"{question.id}.citycode"] = expressions.TEXT
            known[f"{question.id}.label"] = expressions.TEXT
        elif question.type == "file":
            known[f"{question.id}.count"] = expressions.INTEGER
    return known


@lru_cache(maxsize=4096)
def parsed(condition: str) -> Node:
    """The tree of a condition; parsed once per process."""
    return expressions.parse(condition)


@lru_cache(maxsize=4096)
def tested(condition: str) -> frozenset[str]:
    """Names a condition asks to be given or not (`is known`, `is empty`)."""
    found: set[str] = set()

    def walk(tree: Any, asking: bool) -> None:
        if not isinstance(tree, list):
            return
        if asking and tree[0] == "name":
            found.add(tree[1])
        for each in tree[1:]:
            walk(each, asking or tree[0] in ("is known", "is empty"))

    walk(expressions.to_json(parsed(condition)), False)
    return frozenset(found)


def condition_names(condition: str) -> frozenset[str]:
    """Field ids a condition reads (without the part after the dot)."""
    if not condition:
        return frozenset()
    return frozenset(name.partition(".")[0] for name in expressions.names(parsed(condition)))


def typed(question: Question, answer: Any) -> Any:
    """An answer as the value a condition compares: dates and decimals leave their JSON form.

    None when it is missing, or not of the shape its type has.
    """
    if answer in (None, "", []):
        return None
    if question.type == "choices":
        return [each for each in answer if isinstance(each, str)] if _is(answer, list) else None
    if question.type == "boolean":
        return answer if _is(answer, bool) else None
    if question.type == "integer":
        return answer if _is(answer, int) and not _is(answer, bool) else None
    if not isinstance(answer, str):
        return None
    try:
        if question.type == "date":
            return date.fromisoformat(answer)
        if question.type == "decimal":
            return Decimal(answer)
    except (ValueError, InvalidOperation):
        return None
    return answer


_is = isinstance


class Reading:
    """One reading of the answers: what is visible, with which values.

    Visibility is computed on demand and remembered: a question hidden by its condition counts as
    unanswered for the conditions that read it. Packs are checked to be free of cycles.
    """

    def __init__(self, questionnaire: Questionnaire, answers: Answers, today: date) -> None:
        self.questionnaire = questionnaire
        self.answers = answers
        self.today = today
        self._home = {question.id: (page, question) for page, question in questions(questionnaire)}
        self._visible: dict[str, bool] = {}
        self._pages: dict[str, bool] = {}
        self._asking: set[str] = set()

    def holds(self, condition: str) -> bool:
        """Whether a condition is true of the visible answers; an empty one is."""
        if not condition:
            return True
        node = parsed(condition)
        values = {name: self.value(name) for name in expressions.names(node)}
        return expressions.evaluate(node, values, today=self.today) is True

    def page_visible(self, page: Page) -> bool:
        if page.id not in self._pages:
            self._pages[page.id] = self.holds(page.visible_when)
        return self._pages[page.id]

    def visible(self, field_id: str) -> bool:
        home = self._home.get(field_id)
        if home is None or field_id in self._asking:
            return False
        if field_id not in self._visible:
            self._asking.add(field_id)
            page, question = home
            self._visible[field_id] = self.page_visible(page) and self.holds(question.visible_when)
            self._asking.discard(field_id)
        return self._visible[field_id]

    def value(self, name: str) -> Any:
        """The typed value of a name in a condition; None when hidden or unanswered."""
        field_id, _dot, attribute = name.partition(".")
        if not self.visible(field_id):
            return None
        answer = self.answers.get(field_id)
        question = self._home[field_id][1]
        if attribute == "count":
            return len(answer) if isinstance(answer, list) else 0
        if attribute:
            return answer.get(attribute) or None if isinstance(answer, dict) else None
        return typed(question, answer)

    def pages(self) -> list[Page]:
        """Visible pages that have at least one visible question, in order."""
        return [
            page
            for page in self.questionnaire.pages
            if self.page_visible(page) and any(self.visible(q.id) for q in page.field)
        ]

    def fields(self, page: Page) -> list[Question]:
        return [question for question in page.field if self.visible(question.id)]

    def effective(self) -> Answers:
        """The answers that count: those of visible questions."""
        return {
            question.id: self.answers[question.id]
            for _page, question in questions(self.questionnaire)
            if question.id in self.answers and self.visible(question.id)
        }

    def broken(self) -> list[Constraint]:
        """Constraints that do not hold; one whose field is hidden does not apply."""
        return [
            constraint
            for constraint in self.questionnaire.constraints
            if self.visible(constraint.field)
            and self._applies(constraint)
            and not self.holds(constraint.condition)
        ]

    def _applies(self, constraint: Constraint) -> bool:
        # A rule over answers not given, or of a branch that is closed, says nothing; unless it asks
        # by itself whether they are given.
        names = expressions.names(parsed(constraint.condition)) - tested(constraint.condition)
        return all(self.value(name) is not None for name in names)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of check-your-answers."""

    page_id: str
    field_id: str
    label: str
    value: str | None


def title(questionnaire: Questionnaire, answers: Answers, today: date, language: str = "fr") -> str:
    """The case's title from the template; a missing answer leaves nothing behind."""
    reading = Reading(questionnaire, answers, today)
    values = {"title": questionnaire.title}
    for _page, question in questions(questionnaire):
        if reading.visible(question.id):
            values[question.id] = readable(question, answers.get(question.id), language) or ""
    # In one pass: braces somebody typed in an answer are not a placeholder.
    text = PLACEHOLDER.sub(lambda name: values.get(str(name[1]), ""), questionnaire.title_template)
    # Spaces that must not break, before a colon, stay what they are.
    return re.sub(r"[ \t\n]+", " ", text).strip("\u00a0\u202f —–-·:,")[:200] or questionnaire.title


def readable(question: Question, answer: Any, language: str = "fr") -> str | None:
    """An answer as a person reads it; None when there is none."""
    if answer is None or answer == "" or answer == []:
        return None
    if question.type == "boolean":
        return {"fr": ("Non", "Oui")}.get(language, ("No", "Yes"))[bool(answer)]
    if question.type in ("choice", "choices"):
        labels: dict[str, str] = {option.value: option.label for option in question.options}
        chosen: list[str] = answer if isinstance(answer, list) else [answer]
        return ", ".join(labels.get(value, value) for value in chosen)
    if question.type == "date":
        return date.fromisoformat(answer).strftime("%d/%m/%Y")
    if question.type in ("address", "location"):
        return str(answer.get("label") or "") or f"{answer['lat']:.5f}, {answer['lon']:.5f}"
    if question.type == "file":
        return ", ".join(str(file["name"]) for file in answer)
    text = str(answer)
    if question.type == "decimal" and language == "fr":
        text = text.replace(".", ",")
    return f"{text} {question.unit}".strip()


def rows(
    questionnaire: Questionnaire, answers: Answers, today: date, language: str = "fr"
) -> list[Row]:
    """Check-your-answers: the visible questions in order (information paragraphs left out)."""
    reading = Reading(questionnaire, answers, today)
    return [
        Row(
            page.id,
            question.id,
            question.label,
            readable(question, answers.get(question.id), language),
        )
        for page in reading.pages()
        for question in reading.fields(page)
        if question.type != "info"
    ]
