"""Questionnaires for tests, and places that need no territory."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import QueryDict

from socle.capabilities.questionnaires import parsing
from socle.capabilities.questionnaires.pack import Page, Question, Questionnaire

TODAY = date(2026, 3, 4)


def question(id: str = "q", type: str = "text", **given: Any) -> Question:
    return Question.model_validate({"id": id, "type": type, "label": f"Question {id}"} | given)


def page(id: str, *questions: Question, **given: Any) -> Page:
    return Page.model_validate(
        {
            "id": id,
            "title": f"Page {id}",
            "field": [each.model_dump(exclude_unset=True) for each in questions],
        }
        | given
    )


def questionnaire(*pages: Page, constraints: Any = (), **given: Any) -> Questionnaire:
    return Questionnaire.model_validate(
        {
            "title": "Demander un arbre",
            "intro": "Trois questions.",
            "duration_minutes": 3,
            "page": [each.model_dump(exclude_unset=True) for each in pages],
            "constraint": list(constraints),
        }
        | given
    )


def one(question: Question, **given: Any) -> Questionnaire:
    """A questionnaire of one question."""
    return questionnaire(page("p", question), **given)


def raw(text: str = "", **values: Any) -> QueryDict:
    """What a form sends: `raw(garden="true", models=["a", "b"])`."""
    sent = QueryDict(text, mutable=True)
    for name, value in values.items():
        sent.setlist(name, value if isinstance(value, list) else [value])
    return sent


CHOICES = [{"value": "wood", "label": "En bois"}, {"value": "plastic", "label": "En plastique"}]


def tree() -> Questionnaire:
    """A home with a branch for gardens, and a branch of it for large ones."""
    return questionnaire(
        page(
            "home",
            question("people", "integer", minimum=1, maximum=20),
            question("garden", "boolean"),
        ),
        page(
            "garden",
            question("area", "integer", minimum=1, unit="m²"),
            question("trees", "integer", visible_when="area >= 500"),
            question("model", "choice", options=CHOICES, visible_when="trees is known"),
            visible_when="garden == true",
        ),
        page("end", question("note", "long_text", required=False)),
        title_template="Arbre pour {people} ({area})",
    )


class Town:
    """One square commune, 10001, from (0, 0) to (1, 1); knows one street."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def geocode(self, text: str) -> parsing.Place | None:
        self.asked.append(text)
        if "lac" in text.lower():
            return parsing.Place("1 Rue du Lac 10001 Saint-Test", 0.5, 0.5, "10001")
        if "loin" in text.lower():
            return parsing.Place("Rue Loin", 5.0, 5.0, "20000")
        if "saint" in text.lower():
            return parsing.Place(text, 0.25, 0.25, "10001", precise=False)
        return None

    def citycode(self, lon: float, lat: float) -> str | None:
        return "10001" if 0 <= lon <= 1 and 0 <= lat <= 1 else None
