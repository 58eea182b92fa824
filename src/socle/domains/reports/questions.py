"""Extra questions of a category: checked in packs, asked of people, read back for agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from socle.capabilities.questionnaires import checking, parsing, rules
from socle.capabilities.questionnaires.pack import Page, Question, Questionnaire
from socle.capabilities.questionnaires.parsing import Cleaned, Raw

if TYPE_CHECKING:
    from socle.domains.reports.pack import Category
    from socle.foundations.packs.problems import Problem
    from socle.foundations.packs.registry import Item, Path

TYPES = frozenset(
    {"text", "long_text", "integer", "decimal", "boolean", "choice", "choices", "date", "info"}
)
"""Places, photos and contacts are asked by the report itself."""
ASSET = "asset"
"""Under this name, answers hold the equipment that was picked: no question may be called so."""


class _Nowhere:
    """Questions about places are not asked here."""

    def geocode(self, text: str) -> parsing.Place | None:
        return None

    def citycode(self, lon: float, lat: float) -> str | None:
        return None


def check_questions(item: Item[Any], category: Category, path: Path) -> Iterator[Problem]:
    """What `packs check` says of the questions of a category, placed in its file."""
    found = questionnaire(category)
    if found is None:
        return
    for index, question in enumerate(category.questions):
        at = (*path, "question", index)
        if question.type not in TYPES:
            message = _("Une question d’un signalement ne peut pas être de type « %(type)s ».")
            yield item.problem(message % {"type": question.type}, *at, "type")
        if question.id == ASSET:
            message = _("« %(id)s » sert déjà au formulaire : choisissez un autre identifiant.")
            yield item.problem(message % {"id": ASSET}, *at, "id")
    for where, sentence, offset in checking.mistakes(found):
        # ("page", 0, "field", n, …) of the page made below is ("question", n, …) of the category.
        rest = where[3:] if where[:3] == ("page", 0, "field") else ()
        yield item.problem(sentence, *path, "question", *rest, offset=offset)


@lru_cache(maxsize=512)
def _made(label: str, questions: tuple[Question, ...]) -> Questionnaire:
    page = Page.model_construct(
        id="precisions", title=label, help="", visible_when="", field=questions
    )
    return Questionnaire.model_construct(
        title=label, intro=label, duration_minutes=1, pages=(page,), constraints=(),
        title_template="{title}", address_field="",
    )  # fmt: skip


def questionnaire(category: Category) -> Questionnaire | None:
    """The questions of a category as a questionnaire of one page; None when it has none."""
    return _made(category.label, category.questions) if category.questions else None


def read(category: Category, raw: Raw, answers: Mapping[str, Any], today: date) -> Cleaned:
    """What a form answered, and what is wrong with it by question."""
    found = questionnaire(category)
    if found is None:
        return Cleaned()
    known = {name: value for name, value in answers.items() if name != ASSET}
    return parsing.clean_page(
        found, found.pages[0], raw, known, files={}, places=_Nowhere(), today=today
    )


def checked(
    category: Category, answers: Mapping[str, Any], today: date, *, complete: bool = True
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The answers that count, and what is wrong by ``answers.<question>``.

    What is not a question of the category, or of a closed branch, is left out. Without `complete`
    (a channel that could not ask), missing answers are accepted.
    """
    found = questionnaire(category)
    if found is None:
        return {}, {}
    given = {name: value for name, value in answers.items() if value not in (None, "", [])}
    faults: dict[str, list[str]] = {}
    for _page, question, message in parsing.incomplete(
        found, given, places=_Nowhere(), today=today
    ):
        if complete or question.id in given:
            faults.setdefault(f"answers.{question.id}", []).append(message)
    return rules.Reading(found, given, today).effective(), faults


def readable(
    category: Category | None, answers: Mapping[str, Any], today: date, language: str = "fr"
) -> list[tuple[str, str]]:
    """(question, answer) as agents read them, unanswered ones left out."""
    if category is None:
        return []
    found = questionnaire(category)
    if found is None:
        return []
    known = {name: value for name, value in answers.items() if name != ASSET}
    return [
        (row.label, row.value)
        for row in rules.rows(found, known, today, language)
        if row.value is not None
    ]
