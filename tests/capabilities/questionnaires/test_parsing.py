"""One page of a form, as browsers with and without scripts send it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.capabilities.questionnaires.samples import (
    CHOICES,
    TODAY,
    Town,
    one,
    page,
    question,
    questionnaire,
    raw,
    tree,
)

from socle.capabilities.questionnaires import parsing
from socle.capabilities.questionnaires.pack import Question, Questionnaire
from socle.capabilities.questionnaires.parsing import Cleaned, Files


def clean(
    found: Questionnaire,
    sent: Any,
    answers: dict[str, Any] | None = None,
    page_id: str = "",
    files: dict[str, Files] | None = None,
    places: Town | None = None,
) -> Cleaned:
    wanted = next(each for each in found.pages if each.id == page_id or not page_id)
    return parsing.clean_page(
        found, wanted, sent, answers or {}, files=files or {}, places=places or Town(), today=TODAY
    )


def test_a_page_is_read_and_missing_answers_are_asked_for() -> None:
    done = clean(tree(), raw(people="4", garden="true"))
    assert done.ok
    assert done.answers == {"people": 4, "garden": True}
    left = clean(tree(), raw(people=" "))
    assert left.errors == {
        "people": ["Indiquez un nombre."],
        "garden": ["Répondez par oui ou par non."],
    }


def test_what_could_be_read_is_kept_beside_what_could_not() -> None:
    half = clean(tree(), raw(people="beaucoup", garden="true"))
    assert half.answers["garden"] is True
    assert "people" not in half.answers
    assert list(half.errors) == ["people"]


def test_a_closed_branch_is_neither_read_nor_missed() -> None:
    home = {"people": 2, "garden": True}
    # Without a script every branch shows: what is typed in a closed one does not count.
    done = clean(tree(), raw(area="100", trees="abc", model="gold"), home, "garden")
    assert done.ok
    assert done.answers == {"area": 100}
    wide = clean(tree(), raw(area="600", trees="abc"), home, "garden")
    assert list(wide.errors) == ["trees"]
    open_ = clean(tree(), raw(area="600", trees="3"), home, "garden")
    assert list(open_.errors) == ["model"]


def test_a_refused_answer_does_not_keep_a_branch_open() -> None:
    before = {"people": 2, "garden": True, "area": 600, "trees": 3, "model": "wood"}
    done = clean(tree(), raw(area="grand", trees="x"), before, "garden")
    assert list(done.errors) == ["area"]


def test_answers_sent_for_other_pages_or_unknown_questions_are_ignored() -> None:
    done = clean(tree(), raw(people="4", garden="false", note="x", case_reference="SG-1"))
    assert done.answers == {"people": 4, "garden": False}


def test_of_many_values_for_one_answer_one_is_read() -> None:
    done = clean(tree(), raw(people=["4", "5"], garden="true"))
    assert done.answers["people"] == 5


def test_a_rule_is_checked_on_the_page_of_its_field() -> None:
    found = questionnaire(
        page("a", question("low", "integer")),
        page("b", question("high", "integer")),
        constraints=[{"condition": "low <= high", "message": "Trop peu.", "field": "high"}],
    )
    assert clean(found, raw(low="5"), {"high": 1}, "a").ok
    assert clean(found, raw(high="1"), {"low": 5}, "b").errors == {"high": ["Trop peu."]}
    at_the_end = list(parsing.incomplete(found, {"low": 5, "high": 1}, places=Town(), today=TODAY))
    assert [(page.id, question.id) for page, question, _said in at_the_end] == [("b", "high")]


def test_a_date_comes_in_three_boxes_or_whole() -> None:
    found = one(question("born", "date"))
    assert clean(found, raw(born_day="29", born_month="2", born_year="2024")).answers == {
        "born": "2024-02-29"
    }
    assert clean(found, raw(born="2024-02-29")).answers == {"born": "2024-02-29"}
    assert clean(found, raw()).errors == {"born": ["Indiquez une date."]}
    assert "chiffres" in clean(found, raw(born_day="29")).errors["born"][0]


# --- Places ---

ADDRESS = question("home", "address", within="territory")
MAP = question("where", "location", within="territory")


def place(asked: Question, sent: Any, known: Any = None, town: Town | None = None) -> Any:
    return parsing.place(asked, sent, town or Town(), known)


def test_a_suggestion_chosen_in_the_list_is_taken_as_it_is() -> None:
    town = Town()
    found = place(ADDRESS, raw(home="1 Rue du Lac", home_lon="0.5", home_lat="0.25"), town=town)
    assert found == {"label": "1 Rue du Lac", "lon": 0.5, "lat": 0.25, "citycode": "10001"}
    assert town.asked == []


def test_an_address_typed_without_a_script_is_looked_up() -> None:
    found = place(ADDRESS, raw(home="1 rue du lac", home_lon="", home_lat=""))
    assert found == {
        "label": "1 Rue du Lac 10001 Saint-Test", "lon": 0.5, "lat": 0.5, "citycode": "10001",
        "typed": True,
    }  # fmt: skip
    assert place(ADDRESS, raw(home="3 rue X, Saint-Test"))["precise"] is False


def test_an_address_that_was_not_touched_is_not_looked_up_again() -> None:
    town = Town()
    known = place(ADDRESS, raw(home="1 rue du lac"), town=town)
    again = raw(home=known["label"], home_lon=known["lon"], home_lat=known["lat"])
    assert place(ADDRESS, again, known, town) == known
    assert len(town.asked) == 1


def test_an_address_changed_without_a_script_does_not_keep_the_old_place() -> None:
    known = place(ADDRESS, raw(home="1 rue du lac"))
    changed = raw(home="2 rue de Saint-Test", home_lon=known["lon"], home_lat=known["lat"])
    found = place(ADDRESS, changed, known)
    assert (found["lon"], found["lat"]) == (0.25, 0.25)


def test_words_about_a_point_of_the_map_do_not_move_it() -> None:
    known = place(MAP, raw(where_lon="0.5", where_lat="0.5", where_text="devant le 3"))
    found = place(MAP, raw(where_lon="0.5", where_lat="0.5", where_text="derrière le 3"), known)
    assert (found["lon"], found["label"]) == (0.5, "derrière le 3")


@pytest.mark.parametrize(
    ("lon", "lat"),
    [("NaN", "0.5"), ("1e999", "0.5"), ("0.5", "inf"), ("0.5", "91"), ("181", "0.5"),
     ("0,5", "0,5"), ("0.5", ""), ("", "0.5"), ("0x1", "0.5"), ("1_0", "0.5"),
     ("a" * 10000, "0"), ("0.5\x00", "-")],
)  # fmt: skip
def test_coordinates_that_are_not_some_are_as_if_not_sent(lon: str, lat: str) -> None:
    assert place(ADDRESS, raw(home="", home_lon=lon, home_lat=lat)) is None
    assert place(ADDRESS, raw(home="rue du lac", home_lon=lon, home_lat=lat))["lon"] == 0.5


def test_outside_the_territory_is_told_where_it_matters() -> None:
    far = raw(home="Loin", home_lon="5", home_lat="5")
    with pytest.raises(parsing.Refused, match="pas sur le territoire"):
        place(ADDRESS, far)
    with pytest.raises(parsing.Refused, match="pas sur le territoire"):
        place(ADDRESS, raw(home="rue loin"))
    anywhere = place(question("home", "address"), far)
    assert anywhere["citycode"] == ""


def test_an_address_nobody_knows_says_what_to_write() -> None:
    with pytest.raises(parsing.Refused, match="numéro, la rue et la commune"):
        place(ADDRESS, raw(home="zzz"))


def test_the_commune_is_never_taken_from_the_browser() -> None:
    sent = raw(home="x", home_lon="5", home_lat="5", home_citycode="10001")
    assert place(question("home", "address"), sent)["citycode"] == ""


def test_a_label_is_cleaned_and_cut() -> None:
    sent = raw(home="\u202e" + "a" * 5000, home_lon="0.5", home_lat="0.5")
    assert place(ADDRESS, sent)["label"] == "a" * 300


# --- Files ---


def file(name: str) -> dict[str, Any]:
    return {"id": name, "name": f"{name}.pdf", "size": 10}


def test_files_are_added_to_those_kept_and_taken_away_by_their_id() -> None:
    found = one(question("proof", "file", max_files=3))
    known = {"proof": [file("a"), file("b")]}
    edit = {"proof": Files(added=[file("c")], removed=frozenset({"a"}))}
    done = clean(found, raw(), known, files=edit)
    assert [each["id"] for each in done.answers["proof"]] == ["b", "c"]
    assert clean(found, raw(), known).answers == known


def test_one_file_too_many_does_not_lose_the_others() -> None:
    found = one(question("proof", "file", max_files=1))
    done = clean(found, raw(), {"proof": [file("a")]}, files={"proof": Files([file("b")])})
    assert done.errors == {"proof": ["Un seul document est accepté ici."]}
    assert [each["id"] for each in done.answers["proof"]] == ["a"]


def test_a_file_that_is_needed_is_asked_for() -> None:
    found = one(question("proof", "file"))
    assert clean(found, raw()).errors == {"proof": ["Ajoutez un document."]}
    taken = Files(removed=frozenset({"a"}))
    gone = clean(found, raw(), {"proof": [file("a")]}, files={"proof": taken})
    assert gone.errors == {"proof": ["Ajoutez un document."]}


# --- Before filing ---


def incomplete(found: Questionnaire, answers: dict[str, Any]) -> dict[str, str]:
    return {
        question.id: said
        for _page, question, said in parsing.incomplete(found, answers, places=Town(), today=TODAY)
    }


def test_filing_needs_every_visible_answer_and_no_hidden_one() -> None:
    assert incomplete(tree(), {"people": 2, "garden": False}) == {}
    assert list(incomplete(tree(), {"people": 2, "garden": True})) == ["area"]
    assert list(incomplete(tree(), {"garden": True, "area": 600, "trees": 1})) == [
        "people",
        "model",
    ]


def test_filing_looks_at_every_answer_again() -> None:
    found = questionnaire(
        page("a", question("people", "integer", maximum=10), ADDRESS,
             question("model", "choice", options=CHOICES))
    )  # fmt: skip
    far = {"label": "Loin", "lon": 5.0, "lat": 5.0, "citycode": "10001"}
    assert incomplete(found, {"people": 12, "home": far, "model": "gold"}) == {
        "people": "Indiquez au plus 10.",
        "home": "Cette adresse n’est pas sur le territoire : le service ne s’y applique pas.",
        "model": "Choisissez une des réponses proposées.",
    }
