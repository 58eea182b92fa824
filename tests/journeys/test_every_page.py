"""Every address that gives a page, on a phone in the dark and on a wide screen in the light.

The addresses come from the access matrix: a new page is visited here without a line to add.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Error
from tests.cast import Cast
from tests.consistency.scene import Scene, build, routes
from tests.consistency.test_access_matrix import TABLE
from tests.journeys.conftest import DESK, PHONE, NewTab, Tab

VISITORS = ("anonymous", "owner", "agent", "administrator")
# The same address can be another page: nothing found, somebody signed in, a view of its own.
BESIDES = {
    "anonymous": [
        "/recherche?q=composteur", "/recherche?q=licorne", "/recherche?q=", "/licorne",
        "/demo/courriels", "/services?public=company", "/services/acte-de-naissance",
    ],
    "owner": ["/", "/mes-demandes", "/signaler", "/demarches/composteur"],
    "agent": ["/agents/?vue=carte", "/agents/?etat=received", "/agents/?q=licorne"],
    "administrator": ["/agents/organisations/metropole-du-lac", "/agents/organisations/saint-test"],
}  # fmt: skip


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    return build()


def addresses(scene: Scene, visitor: str) -> list[str]:
    """What this visitor reads and no visitor before: each page once, then some as they see them."""
    patterns = routes()
    columns: list[str] = TABLE["columns"]
    found = []
    for name, line in TABLE["get"].items():
        allowed = dict(zip(columns, line.split(), strict=True))
        first = next((each for each in VISITORS if allowed[each] == "yes"), None)
        if first == visitor:
            found.append(scene.address(name, patterns[name]))
    return found + BESIDES[visitor]


def is_page(tab: Tab, address: str) -> bool:
    """Go there; whether a page came, and not data or a file to keep."""
    complaints = len(tab.complaints)
    try:
        answer = tab.page.goto(address)
    except Error as error:
        if "Download is starting" in error.message:
            return False
        raise
    assert answer.status < 500, address
    # A document, not a piece of one for a script.
    if tab.page.evaluate("document.contentType === 'text/html' && document.doctype !== null"):
        return True
    # What the browser makes around a photo or a text is the browser's.
    del tab.complaints[complaints:]
    return False


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_page_fits_and_axe_finds_nothing(new_tab: NewTab, scene: Scene, visitor: str) -> None:
    tab = new_tab(viewport=PHONE, color_scheme="dark")
    tab.allowed += ("status of 404",)
    tab.enter(scene._browser(visitor))
    faults: list[Any] = []
    seen = set()
    for address in addresses(scene, visitor):
        if not is_page(tab, address) or tab.page.url in seen:
            continue
        seen.add(tab.page.url)
        faults += tab.faults()
        tab.wear(DESK, "light")
        faults += tab.faults()
        tab.wear(PHONE, "dark")
    assert faults == []
    assert len(seen) >= len(BESIDES[visitor])


def test_axe_and_the_width_are_really_looked_at(new_tab: NewTab, cast: Cast) -> None:
    """The control: a page made worse is a page refused."""
    tab = new_tab(viewport=PHONE, color_scheme="dark")
    tab.go("/aide")
    tab.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any("button-name" in fault for fault in tab.faults())
    tab.page.evaluate("document.querySelector('h1').textContent = 'w'.repeat(300)")
    tab.page.evaluate("document.querySelector('h1').style.whiteSpace = 'nowrap'")
    tab.page.evaluate("document.querySelector('h1').style.overflowWrap = 'normal'")
    assert any("wide" in fault for fault in tab.faults())


def test_the_language_and_the_theme_follow_the_reader(new_tab: NewTab, cast: Cast) -> None:
    tab = new_tab(java_script_enabled=False)
    tab.go("/")
    tab.press("English")
    assert tab.page.locator("html").get_attribute("lang") == "en"
    tab.press("Dark")
    assert tab.page.locator("html").get_attribute("data-theme") == "dark"
    tab.go("/services")
    assert tab.page.locator("html").get_attribute("data-theme") == "dark"
