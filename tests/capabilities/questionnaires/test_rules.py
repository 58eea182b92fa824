"""What is asked and what counts, whatever was answered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capabilities.questionnaires.samples import (
    CHOICES,
    TODAY,
    one,
    page,
    question,
    questionnaire,
    tree,
)

from socle.capabilities.questionnaires import rules
from socle.capabilities.questionnaires.pack import Questionnaire
from socle.capabilities.questionnaires.rules import Reading


def visible(found: Questionnaire, answers: dict[str, Any]) -> list[str]:
    return [page.id for page in Reading(found, answers, TODAY).pages()]


def test_a_branch_opens_with_its_answer_and_closes_again() -> None:
    assert visible(tree(), {}) == ["home", "end"]
    assert visible(tree(), {"garden": False}) == ["home", "end"]
    assert visible(tree(), {"garden": True}) == ["home", "garden", "end"]


def test_answers_of_a_closed_branch_vanish_and_so_does_what_hangs_on_them() -> None:
    answers = {"people": 2, "garden": True, "area": 600, "trees": 3, "model": "wood"}
    assert Reading(tree(), answers, TODAY).effective() == answers
    closed = answers | {"garden": False}
    assert Reading(tree(), closed, TODAY).effective() == {"people": 2, "garden": False}
    # Two steps away: the trees are hidden by the area, the model by the trees.
    small = answers | {"area": 100}
    assert Reading(tree(), small, TODAY).effective() == {"people": 2, "garden": True, "area": 100}


def test_a_page_whose_questions_are_all_hidden_is_not_asked() -> None:
    found = questionnaire(
        page("a", question("x", "boolean")),
        page("b", question("y", visible_when="x == true"), question("z", visible_when="x == true")),
    )
    assert visible(found, {"x": False}) == ["a"]
    assert visible(found, {"x": True}) == ["a", "b"]


_NAMES = ["f0", "f1", "f2", "f3", "f4", "f5"]


@st.composite
def forms(draw: st.DrawFn) -> Questionnaire:
    """Forms whose conditions read earlier questions, of the same page or of earlier ones."""
    pages = []
    known: list[str] = []

    def condition() -> str:
        if not known or draw(st.booleans()):
            return ""
        name = draw(st.sampled_from(known))
        other = draw(st.sampled_from(known))
        return draw(
            st.sampled_from(
                [f"{name} >= 3", f"{name} is empty", f"{name} == {other}", f"not ({name} < 2)",
                 f"{name} is known and {other} > 1", f"{name} > 2 or {other} is empty"]
            )
        )  # fmt: skip

    names = iter(_NAMES)
    for rank in range(draw(st.integers(1, 3))):
        opened = condition()
        fields = []
        for _each in range(2):
            name = next(names)
            fields.append(question(name, "integer", required=False, visible_when=condition()))
            known.append(name)
        pages.append(page(f"p{rank}", *fields, visible_when=opened))
    return questionnaire(*pages)


_answers = st.dictionaries(st.sampled_from(_NAMES), st.integers(0, 5))


@given(forms(), _answers)
def test_hidden_answers_never_count(found: Questionnaire, answers: dict[str, Any]) -> None:
    reading = Reading(found, answers, TODAY)
    effective = reading.effective()
    assert all(reading.visible(name) for name in effective)
    # What counts decides alone: without the hidden answers the same questions are asked.
    again = Reading(found, effective, TODAY)
    ids = [each.id for _page, each in rules.questions(found)]
    assert [again.visible(name) for name in ids] == [reading.visible(name) for name in ids]
    assert again.effective() == effective
    shown = {row.field_id for row in rules.rows(found, answers, TODAY)}
    assert set(effective) <= shown


@given(forms(), _answers, st.integers(0, 5))
def test_what_a_hidden_question_was_answered_changes_nothing(
    found: Questionnaire, answers: dict[str, Any], other: int
) -> None:
    reading = Reading(found, answers, TODAY)
    hidden = [each.id for _page, each in rules.questions(found) if not reading.visible(each.id)]
    changed = answers | dict.fromkeys(hidden, other)
    assert Reading(found, changed, TODAY).effective() == reading.effective()
    assert rules.title(found, changed, TODAY) == rules.title(found, answers, TODAY)


def test_a_circle_that_was_never_checked_asks_nothing_rather_than_looping() -> None:
    found = questionnaire(
        page(
            "a", question("x", visible_when="y is known"), question("y", visible_when="x is known")
        )
    )
    assert visible(found, {"x": "1", "y": "2"}) == []


# --- Rules over several answers ---


def broken(condition: str, answers: dict[str, Any], *pages: Any) -> list[str]:
    found = questionnaire(
        *(pages or (page("a", question("low", "integer"), question("high", "integer")),)),
        constraints=[{"condition": condition, "message": "Non.", "field": "low"}],
    )
    return [each.message for each in Reading(found, answers, TODAY).broken()]


def test_a_rule_says_nothing_until_its_answers_are_there() -> None:
    assert broken("low <= high", {"low": 5}) == []
    assert broken("low <= high", {"low": 5, "high": 4}) == ["Non."]
    assert broken("low <= high", {"low": 4, "high": 4}) == []


def test_a_rule_that_asks_whether_an_answer_is_given_is_heard_without_it() -> None:
    condition = "low is known or high is known"
    assert broken(condition, {}) == ["Non."]
    assert broken(condition, {"high": 1}) == []


def test_a_rule_over_a_closed_branch_does_not_stop_anybody() -> None:
    pages = (
        page("a", question("low", "integer"), question("open", "boolean")),
        page("b", question("high", "integer"), visible_when="open == true"),
    )
    answers = {"low": 9, "high": 1}
    assert broken("low <= high", answers | {"open": True}, *pages) == ["Non."]
    assert broken("low <= high", answers | {"open": False}, *pages) == []


def test_a_rule_whose_field_is_hidden_does_not_apply() -> None:
    hidden = page(
        "a", question("low", "integer", visible_when="high > 100"), question("high", "integer")
    )
    assert broken("high > 50", {"low": 1, "high": 3}, hidden) == []


def test_the_number_of_files_is_zero_when_there_is_none() -> None:
    pages = page("a", question("low", "file", required=False), question("high", "integer"))
    assert broken("low.count >= 1", {}, pages) == ["Non."]
    assert broken("low.count >= 1", {"low": [{"id": "1", "name": "a"}]}, pages) == []


# --- Words ---


def test_answers_read_as_people_write_them() -> None:
    def read(type: str, answer: Any, language: str = "fr", **given: Any) -> str | None:
        return rules.readable(question(type=type, **given), answer, language)

    assert read("boolean", True) == "Oui"
    assert read("boolean", False, "en") == "No"
    assert read("choice", "wood", options=CHOICES) == "En bois"
    assert read("choices", ["plastic", "wood"], options=CHOICES) == "En plastique, En bois"
    assert read("date", "2024-02-29") == "29/02/2024"
    assert read("decimal", "1234.5", unit="m²") == "1234,5 m²"
    assert read("decimal", "1234.5", "en") == "1234.5"
    assert read("integer", 0) == "0"
    assert read("location", {"label": "", "lon": 5.4, "lat": 43.3}) == "43.30000, 5.40000"
    assert read("file", [{"name": "a.pdf"}, {"name": "b.pdf"}]) == "a.pdf, b.pdf"
    assert read("text", "") is None
    assert read("file", []) is None


@pytest.mark.parametrize(
    ("template", "answers", "expected"),
    [
        ("Arbre pour {people}", {"people": 3}, "Arbre pour 3"),
        ("Arbre pour {people}", {}, "Arbre pour"),
        ("{note} – {title}", {}, "Demander un arbre"),
        ("{note}", {}, "Demander un arbre"),
        ("{note}", {"note": "{people} {title}", "people": 9}, "{people} {title}"),
        ("{note}", {"note": "a\n\n  b"}, "a b"),
        ("{note}", {"note": "é" * 500}, "é" * 200),
    ],
)
def test_a_title_is_made_from_answers(
    template: str, answers: dict[str, Any], expected: str
) -> None:
    found = questionnaire(
        page("a", question("people", "integer"), question("note", "long_text")),
        title_template=template,
    )
    assert rules.title(found, answers, TODAY) == expected


def test_an_answer_of_the_wrong_shape_counts_as_missing() -> None:
    for type, answer in [
        ("integer", "3"), ("integer", True), ("boolean", "true"), ("date", "not a day"),
        ("date", 3), ("decimal", "abc"), ("text", {"a": 1}), ("choices", "wood"),
    ]:  # fmt: skip
        given: dict[str, Any] = {"options": CHOICES} if type == "choices" else {}
        assert rules.typed(question(type=type, **given), answer) is None, (type, answer)


def test_dates_and_decimals_compare_as_such() -> None:
    found = questionnaire(
        page("a", question("born", "date"), question("rate", "decimal")),
        page("b", question("x"), visible_when="years_since(born) >= 18 and rate > 1.25"),
    )
    assert visible(found, {"born": "2008-03-04", "rate": "1.3"}) == ["a", "b"]
    assert visible(found, {"born": "2008-03-05", "rate": "1.3"}) == ["a"]
    assert visible(found, {"born": "2008-03-04", "rate": "1.25"}) == ["a"]


def test_a_condition_on_a_place_reads_its_commune() -> None:
    found = questionnaire(
        page("a", question("home", "address")),
        page("b", question("x"), visible_when='home.citycode == "10001"'),
    )
    place = {"label": "x", "lon": 0.0, "lat": 0.0, "citycode": "10001"}
    assert visible(found, {"home": place}) == ["a", "b"]
    assert visible(found, {"home": place | {"citycode": ""}}) == ["a"]
    assert visible(found, {"home": "1 rue"}) == ["a"]


def test_the_sample_reads_whole() -> None:
    assert one(question()).pages[0].field[0].id == "q"
