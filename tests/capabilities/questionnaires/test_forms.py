"""A page of questions as the design system shows it: every kind through the real templates."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.capabilities.questionnaires.samples import (
    CHOICES,
    TODAY,
    page,
    question,
    questionnaire,
    raw,
    tree,
)

from socle.capabilities.questionnaires import forms
from socle.capabilities.questionnaires.pack import Question
from socle.design.environment import environment

Attributes = dict[str, str]


class Elements(HTMLParser):
    """Every element of a fragment and its attributes; `text`: what one reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Attributes]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, name: str) -> list[Attributes]:
        return [attributes for _tag, attributes in self.found if attributes.get("name") == name]

    def one(self, name: str) -> Attributes:
        only = self.named(name)
        assert len(only) == 1, (name, only)
        return only[0]


@pytest.fixture(scope="module")
def ui() -> Any:
    return environment().get_template("design/ui.html").module


def shown(
    ui: Any, *questions: Question, answers: Any = None, sent: Any = None, **given: Any
) -> Elements:
    form = questionnaire(page("p", *questions))
    built = forms.fields(form, form.pages[0], answers or {}, today=TODAY, raw=sent, **given)
    return Elements("".join(str(ui.field(each)) for each in built))


def test_every_type_of_question_has_its_control(ui: Any) -> None:
    questions = [
        question(type, type, **({"options": CHOICES} if type.startswith("choice") else {}),
                 **({"text": "Un **mot**."} if type == "info" else {}))
        for type in ("text", "long_text", "integer", "decimal", "boolean", "choice", "choices",
                     "date", "email", "phone", "siret", "address", "location", "file", "info")
    ]  # fmt: skip
    page_ = shown(ui, *questions)
    names = {attributes["name"] for _tag, attributes in page_.found if "name" in attributes}
    assert names == {
        "text", "long_text", "integer", "decimal", "boolean", "choice", "choices", "date_day",
        "date_month", "date_year", "email", "phone", "siret", "address", "address_lon",
        "address_lat", "address_citycode", "address_score", "location_lon", "location_lat",
        "location_accuracy", "location_text", "file",
    }  # fmt: skip
    assert "Un mot." in page_.text
    assert page_.one("integer")["inputmode"] == "numeric"
    assert page_.one("decimal")["inputmode"] == "decimal"
    assert page_.one("email")["type"] == "email"


ANSWERS = {
    "text": "a <b>&", "long_text": "un\ndeux", "integer": 0, "decimal": "1.5", "boolean": False,
    "choice": "wood", "choices": ["plastic"], "date": "2024-02-29",
    "address": {"label": "1 rue", "lon": 5.5, "lat": 43.25, "citycode": "10001"},
    "location": {"label": "là", "lon": 5.5, "lat": 43.25, "citycode": "10001"},
}  # fmt: skip


@pytest.fixture
def kept(ui: Any) -> Elements:
    given = {"choice": {"options": CHOICES}, "choices": {"options": CHOICES}}
    asked = [question(type, type, **given.get(type, {})) for type in ANSWERS]
    return shown(ui, *asked, answers=ANSWERS)


def test_kept_answers_are_shown_again(kept: Elements) -> None:
    assert kept.one("text")["value"] == "a <b>&"
    assert "un\ndeux" in kept.text
    assert kept.one("integer")["value"] == "0"
    assert kept.one("decimal")["value"] == "1,5"
    checked = [each["value"] for _tag, each in kept.found if "checked" in each]
    assert checked == ["false", "wood", "plastic"]
    assert [kept.one(f"date_{part}")["value"] for part in ("day", "month", "year")] == [
        "29", "02", "2024",
    ]  # fmt: skip
    assert kept.one("address")["value"] == "1 rue"
    assert kept.one("address_lon")["value"] == "5.5"
    assert kept.one("address_citycode")["value"] == "10001"
    assert kept.one("location_text")["value"] == "là"
    assert kept.one("location_lat")["value"] == "43.25"


def test_what_was_typed_comes_back_right_or_wrong(ui: Any) -> None:
    sent = raw(
        integer="beaucoup", date_day="31", date_month="2", date_year="2026", address="2 rue",
        address_lon="NaN", location_text="ici", location_lon="", location_lat="1e999",
        choices="plastic", boolean="",
    )  # fmt: skip
    asked = [question(type, type) for type in ("integer", "date", "address", "location", "boolean")]
    again = shown(
        ui, *asked, question("choices", "choices", options=CHOICES), answers=ANSWERS, sent=sent,
        errors={"integer": ["« beaucoup » n’est pas un nombre."], "date": ["Non."]},
    )  # fmt: skip
    assert again.one("integer")["value"] == "beaucoup"
    assert again.one("integer")["aria-invalid"] == "true"
    assert "n’est pas un nombre" in again.text
    assert [again.one(f"date_{part}")["value"] for part in ("day", "month", "year")] == [
        "31", "2", "2026",
    ]  # fmt: skip
    assert again.one("address")["value"] == "2 rue"
    # Coordinates of the old address do not go with the new words.
    assert again.one("address_lon")["value"] == ""
    assert again.one("location_text")["value"] == "ici"
    assert again.one("location_lat")["value"] == ""
    assert [each["value"] for _t, each in again.found if "checked" in each] == ["plastic"]


def test_boxes_all_unticked_stay_so(ui: Any) -> None:
    asked = question("choices", "choices", options=CHOICES)
    again = shown(ui, asked, answers=ANSWERS, sent=raw())
    assert [each for _t, each in again.found if "checked" in each] == []


def test_files_kept_are_listed_and_can_be_taken_away_without_a_script(ui: Any) -> None:
    files = [{"id": "f1", "name": "fac<ture.pdf", "size": 2048, "type": "application/pdf"}]
    again = shown(
        ui, question("proof", "file", max_files=2), answers={"proof": files},
        file_item=lambda file: {"name": file["name"], "size": file["size"], "href": "/f/1"},
    )  # fmt: skip
    assert "fac<ture.pdf" in again.text
    assert again.one("proof_remove")["value"] == "f1"
    assert again.one("proof_remove")["type"] == "checkbox"
    assert "multiple" in again.one("proof")
    # A file is there: the browser does not ask for another.
    assert "required" not in again.one("proof")
    single = shown(ui, question("proof", "file"))
    assert "multiple" not in single.one("proof")


def test_a_long_list_of_choices_is_a_menu_with_nothing_chosen_for_you(ui: Any) -> None:
    many = [{"value": f"v{n}", "label": f"Choix {n}"} for n in range(9)]
    shown_ = shown(ui, question("choice", "choice", options=many))
    options = [each for tag, each in shown_.found if tag == "option"]
    assert len(options) == 10
    assert options[0]["value"] == ""
    assert [each for each in options if "selected" in each] == []


def test_options_of_maps_reach_maps_only(ui: Any) -> None:
    extra = {"contours": "/c.geojson", "center": (5.4, 43.3), "zoom": 10, "basemap": None,
             "suggestions_url": "/s"}  # fmt: skip
    shown_ = shown(ui, question("a", "address"), question("b", "location"), extra=extra)
    holders = {key: each for _t, each in shown_.found for key in each if key.startswith("data-")}
    assert holders["data-contours"]["data-center"] == "5.4,43.3"
    assert holders["data-url"]["data-url"] == "/s"


# --- Conditions ---


def test_a_condition_over_the_same_page_goes_to_the_browser_and_hides_nothing_by_itself() -> None:
    form = tree()
    built = {
        each["name"]: each
        for each in forms.fields(form, form.pages[1], {"garden": True}, today=TODAY)
    }
    assert list(built) == ["area", "trees", "model"]
    assert built["trees"]["visible_when"] == [">=", ["name", "area"], ["number", "500"]]
    assert built["trees"]["known"] == {}


def test_a_condition_over_other_pages_is_decided_by_the_server() -> None:
    form = questionnaire(
        page("a", question("garden", "boolean"), question("rate", "decimal")),
        page("b", question("x", visible_when="garden == true"), question("y", "integer"),
             question("z", visible_when="y > 3 and rate > 1.5 and garden == true")),
    )  # fmt: skip
    built = forms.fields(form, form.pages[1], {"garden": False, "rate": "2.5"}, today=TODAY)
    assert [each["name"] for each in built] == ["y", "z"]
    assert built[1]["known"] == {"garden": False, "rate": 2.5}


def test_answers_of_a_closed_branch_are_not_given_to_the_browser() -> None:
    form = questionnaire(
        page("a", question("garden", "boolean")),
        page("b", question("area", "integer"), visible_when="garden == true"),
        page("c", question("y", "integer"), question("z", visible_when="y > 3 and area > 5")),
    )
    built = forms.fields(form, form.pages[2], {"garden": False, "area": 9}, today=TODAY)
    assert built[1]["known"] == {"area": None}


def test_the_tree_and_what_is_known_are_in_the_page(ui: Any) -> None:
    form = questionnaire(
        page("a", question("name")),
        page("b", question("y", "integer"),
             question("z", visible_when='y > 3 and name == "\\"><b>"'),
             question("i", "info", text="Bien.", visible_when="y > 3")),
    )  # fmt: skip
    built = forms.fields(form, form.pages[1], {"name": '"><script>'}, today=TODAY)
    elements = Elements("".join(str(ui.field(each)) for each in built))
    holders = [each for _t, each in elements.found if "data-visible-when" in each]
    assert json.loads(holders[0]["data-visible-when"])[0] == "and"
    assert json.loads(holders[0]["data-known"]) == {"name": '"><script>'}
    assert holders[1]["class"].startswith("field field-info")
    assert "<script" not in [tag for tag, _attributes in elements.found]
