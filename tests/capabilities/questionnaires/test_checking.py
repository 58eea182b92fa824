"""Mistakes of a questionnaire, each at the value that must change."""

from __future__ import annotations

from typing import Any

import pytest
from tests.capabilities.questionnaires.samples import (
    CHOICES,
    one,
    page,
    question,
    questionnaire,
    tree,
)

from socle.capabilities.questionnaires.checking import mistakes
from socle.capabilities.questionnaires.pack import Questionnaire


def found(form: Questionnaire) -> list[tuple[Any, str, int]]:
    return list(mistakes(form))


def the(form: Questionnaire) -> tuple[Any, str, int]:
    only = found(form)
    assert len(only) == 1, only
    return only[0]


def test_a_sound_questionnaire_has_none() -> None:
    assert found(tree()) == []


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"type": "text", "minimum": 1}, ("minimum",)),
        ({"type": "integer", "max_length": 9}, ("max_length",)),
        ({"type": "text", "options": CHOICES}, ("options",)),
        ({"type": "text", "within": "territory"}, ("within",)),
        ({"type": "text", "max_files": 2}, ("max_files",)),
        ({"type": "text", "accept": ["pdf"]}, ("accept",)),
        ({"type": "text", "text": "Un paragraphe"}, ("text",)),
        ({"type": "long_text", "unit": "m"}, ("unit",)),
        ({"type": "integer", "min_date": "2026-01-01"}, ("min_date",)),
        ({"type": "text", "pattern_message": "x", "pattern": ""}, None),
        ({"type": "choice", "options": CHOICES[:1]}, ()),
        ({"type": "choice", "options": [*CHOICES, CHOICES[0]]}, ("options", 2, "value")),
        ({"type": "integer", "minimum": 5, "maximum": 4}, ("minimum",)),
        ({"type": "date", "min_date": "2026-02-01", "max_date": "2026-01-01"}, ("min_date",)),
        ({"type": "info"}, ()),
        ({"type": "text", "pattern": "[0-9"}, ("pattern",)),
        ({"type": "text", "pattern": "[0-9]"}, ("pattern",)),
    ],
)
def test_a_limit_out_of_place_or_wrong(given: dict[str, Any], path: tuple[Any, ...] | None) -> None:
    given = {"id": "q", "label": "Q"} | given
    form = questionnaire(page("p", question("other")), title="x")
    form = Questionnaire.model_validate(
        form.model_dump(by_alias=True) | {"page": [{"id": "p", "title": "P", "field": [given]}]}
    )
    places = [each[0] for each in found(form)]
    if path is None:
        assert places == []
    else:
        assert ("page", 0, "field", 0, *path) in places


def test_a_wrong_pattern_is_placed_on_its_mistake() -> None:
    path, sentence, offset = found(
        one(question(pattern="ab[0-9", pattern_message="Écrivez ab puis un chiffre."))
    )[0]
    assert path == ("page", 0, "field", 0, "pattern")
    assert "expression régulière" in sentence
    assert offset == 2


def test_two_questions_or_two_pages_of_one_name() -> None:
    form = questionnaire(page("a", question("x")), page("a", question("x")))
    assert [each[0] for each in found(form)] == [("page", 1, "id"), ("page", 1, "field", 0, "id")]


@pytest.mark.parametrize("name", ["retour", "csrfmiddlewaretoken", "day_day", "proof_remove"])
def test_names_that_the_form_itself_sends_are_taken(name: str) -> None:
    form = questionnaire(
        page("a", question("day", "date"), question("proof", "file"), question(name))
    )
    assert the(form)[0] == ("page", 0, "field", 2, "id")


def test_a_suffix_alone_is_no_mistake() -> None:
    assert found(one(question("birth_day", "date"))) == []


def test_pages_every_procedure_has_are_taken() -> None:
    assert the(questionnaire(page("verification", question("x"))))[0] == ("page", 0, "id")


def test_a_condition_is_placed_on_its_wrong_word() -> None:
    form = questionnaire(
        page("a", question("garden", "boolean")),
        page("b", question("x", visible_when="garden == true and gardn == true")),
    )
    path, sentence, offset = the(form)
    assert path == ("page", 1, "field", 0, "visible_when")
    assert "gardn" in sentence
    assert offset == len("garden == true and ")


@pytest.mark.parametrize(
    "condition",
    ["garden ==", "garden == 3", "garden", "(garden == true", "1 + 1", "garden == true;"],
)
def test_conditions_that_cannot_be_read_or_are_not_yes_or_no(condition: str) -> None:
    form = questionnaire(
        page("a", question("garden", "boolean")),
        page("b", question("x"), visible_when=condition),
    )
    problems = found(form)
    if condition == "garden":
        assert problems == []
    else:
        assert [each[0] for each in problems] == [("page", 1, "visible_when")]


def test_a_circle_is_placed_on_a_condition_of_it() -> None:
    form = questionnaire(
        page(
            "a", question("x", visible_when="y is known"), question("y", visible_when="x is known")
        )
    )
    path, sentence, _offset = the(form)
    assert path[-1] == "visible_when"
    assert "« x »" in sentence
    assert "« y »" in sentence


def test_a_question_that_depends_on_itself_or_on_its_own_page() -> None:
    assert the(one(question("x", visible_when="x is known")))[0][-1] == "visible_when"
    form = questionnaire(page("a", question("x"), visible_when="x is known"))
    assert the(form)[0] == ("page", 0, "visible_when")


def test_a_condition_over_a_later_page_is_a_mistake_over_the_same_page_is_not() -> None:
    form = questionnaire(
        page("a", question("x", visible_when="z is known"), question("z")),
        page("b", question("y", visible_when="late is known")),
        page("c", question("late"), visible_when="y is known"),
    )
    assert [each[0][-1] for each in found(form)] == ["visible_when"]
    form = questionnaire(
        page("a", question("x"), visible_when="late is known"), page("b", question("late"))
    )
    path, sentence, _offset = the(form)
    assert path == ("page", 0, "visible_when")
    assert "plus loin" in sentence


def test_rules_over_several_answers_are_checked() -> None:
    form = one(
        question("people", "integer"),
        constraints=[
            {"condition": "people > 3", "message": "Non", "field": "peple"},
            {"condition": "people > ", "message": "Non", "field": "people"},
            {"condition": "", "message": "Non", "field": "people"},
        ],
    )
    problems = found(form)
    assert [each[0] for each in problems] == [
        ("constraint", 0, "field"), ("constraint", 1, "condition"), ("constraint", 2, "condition"),
    ]  # fmt: skip
    assert "people" in problems[0][1]


def test_the_field_that_places_the_case_must_be_a_place() -> None:
    assert the(one(question("x"), address_field="y"))[0] == ("address_field",)
    assert "adresse" in the(one(question("x"), address_field="x"))[1]
    assert found(one(question("x", "location"), address_field="x")) == []


@pytest.mark.parametrize("template", ["{people} {", "}", "{people", "{wrong}", "{}", "{0}"])
def test_a_title_names_questions_of_the_form(template: str) -> None:
    path, _sentence, _offset = the(one(question("people"), title_template=template))
    assert path == ("title_template",)


def test_a_page_without_questions() -> None:
    form = questionnaire(page("a", question("x")), page("b"))
    assert the(form)[0] == ("page", 1)
