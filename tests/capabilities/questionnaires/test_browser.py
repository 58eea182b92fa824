"""Conditions in a real browser, on pages the real templates made: what shows is what counts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from playwright.sync_api import Browser, Page
from tests.capabilities.questionnaires.samples import TODAY, Town, page, question, questionnaire

from socle.capabilities.questionnaires import forms, parsing
from socle.capabilities.questionnaires.pack import Questionnaire
from socle.design.environment import environment

pytestmark = pytest.mark.journey
FRONTEND = Path(__file__).resolve().parents[3] / "frontend"

CHOICES = [{"value": "wood", "label": "En bois"}, {"value": "plastic", "label": "En plastique"}]
FORM = questionnaire(
    page("a", question("garden", "boolean"), question("rate", "decimal", required=False)),
    page(
        "b",
        question("area", "integer"),
        question("trees", "integer", visible_when="area >= 500 and garden == true"),
        question("model", "choice", options=CHOICES, visible_when="trees is known"),
        question("tools", "choices", options=CHOICES, required=False),
        question("which", visible_when='tools contains "wood"'),
        question("born", "date", required=False),
        question("young", visible_when="years_since(born) < 18"),
        question("home", "address", required=False),
        question("local", visible_when='home.citycode == "10001"'),
        question("proof", "file", required=False, max_files=2),
        question("why", visible_when="proof.count >= 1"),
        question("cheap", "info", text="Pas cher.", visible_when="rate < 2.5 and area > 0"),
    ),
)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    esbuild = shutil.which("esbuild", path=str(FRONTEND / "node_modules/.bin"))
    if esbuild is None:
        pytest.skip("the front end's packages are not installed (npm ci in frontend/)")
    target = tmp_path_factory.mktemp("bundle") / "conditions.js"
    subprocess.run(
        [esbuild, str(FRONTEND / "src/lib/conditions.ts"), "--bundle", "--format=iife",
         "--global-name=conditions", f"--outfile={target}", "--log-level=warning"],
        check=True,
    )  # fmt: skip
    return target.read_text()


@pytest.fixture
def browser(chromium: Any) -> Browser:
    return chromium


@pytest.fixture
def view(browser: Browser, script: str) -> Iterator[Any]:
    tab = browser.new_page()

    def opened(answers: dict[str, Any]) -> Page:
        ui: Any = environment().get_template("design/ui.html").module
        built = forms.fields(FORM, FORM.pages[1], answers, today=TODAY)
        fields = "".join(str(ui.field(each)) for each in built)
        tab.set_content(f"<form>{fields}</form>")
        tab.add_script_tag(content=f"{script};conditions.enhance(document)")
        return tab

    yield opened
    tab.close()


def showing(tab: Page) -> set[str]:
    """Conditional questions that show."""
    asked = [each.id for each in FORM.pages[1].field if each.visible_when and each.type != "info"]
    return {name for name in asked if tab.locator(f'[data-field="{name}"]').is_visible()}


def sent(tab: Page) -> QueryDict:
    """What the browser would post."""
    text = tab.evaluate(
        """() => new URLSearchParams([...new FormData(document.forms[0])]
             .filter(([, value]) => typeof value === "string")).toString()"""
    )
    return QueryDict(text)


def settled(form: Questionnaire, tab: Page, answers: dict[str, Any]) -> parsing.Cleaned:
    return parsing.clean_page(
        form, form.pages[1], sent(tab), answers, files={}, places=Town(), today=TODAY
    )


def test_a_branch_opens_as_one_types_and_closes_with_what_hangs_on_it(view: Any) -> None:
    tab = view({"garden": True})
    assert showing(tab) == set()
    tab.fill("[name=area]", "1 000")
    assert showing(tab) == {"trees"}
    tab.fill("[name=trees]", "3")
    assert showing(tab) == {"trees", "model"}
    tab.check("[name=model][value=wood]", force=True)
    assert {"trees", "model"} <= set(sent(tab))
    tab.fill("[name=area]", "499")
    assert showing(tab) == set()
    assert not {"trees", "model"} & set(sent(tab))
    done = settled(FORM, tab, {"garden": True})
    assert (done.answers["area"], "trees" in done.answers, done.errors) == (499, False, {})


def test_answers_of_earlier_pages_decide_too(view: Any) -> None:
    tab = view({"garden": False, "rate": "2.4"})
    tab.fill("[name=area]", "1000")
    assert showing(tab) == set()
    assert tab.locator(".field-info").is_visible()
    tab = view({"garden": True, "rate": "2.5"})
    tab.fill("[name=area]", "1000")
    assert showing(tab) == {"trees"}
    assert not tab.locator(".field-info").is_visible()


def test_boxes_dates_and_files_open_branches(view: Any) -> None:
    tab = view({"garden": True})
    tab.check("[name=tools][value=wood]", force=True)
    assert showing(tab) == {"which"}
    tab.uncheck("[name=tools][value=wood]", force=True)
    for part, value in (("day", "5"), ("month", "3"), ("year", "2015")):
        tab.fill(f"[name=born_{part}]", value)
    assert showing(tab) == {"young"}
    tab.fill("[name=born_year]", "1990")
    assert showing(tab) == set()
    tab.set_input_files(
        "[name=proof]", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"1"}
    )
    assert showing(tab) == {"why"}


def test_files_kept_before_count_until_they_are_taken_away(view: Any) -> None:
    tab = view({"garden": True, "proof": [{"id": "1", "name": "a.pdf", "size": 1}]})
    assert showing(tab) == {"why"}
    tab.check("[name=proof_remove]", force=True)
    assert showing(tab) == set()


def test_what_only_the_server_knows_hides_no_question(view: Any) -> None:
    tab = view({"garden": True})
    assert showing(tab) == set()
    tab.fill("[name=home]", "1 rue du Lac")
    assert showing(tab) == {"local"}
    # A suggestion chosen elsewhere: now the browser knows.
    tab.evaluate("document.querySelector('[name=home_citycode]').value = '20000'")
    tab.dispatch_event("[name=home]", "change")
    assert showing(tab) == set()
    tab.evaluate("document.querySelector('[name=home_citycode]').value = '10001'")
    tab.dispatch_event("[name=home]", "change")
    assert showing(tab) == {"local"}
