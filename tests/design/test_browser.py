"""What scripts add to pages, in a real browser, under the house's content security policy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.design.browsing import JOURNEY, Tab, axe, needs_axe
from tests.design.site import Site

pytestmark = JOURNEY


@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", ["/design/", "/design/?bureau"])
def test_the_style_page_has_no_axe_violation_and_never_overflows(
    browser: Any, site: Site, path: str, width: int, theme: str
) -> None:
    tab = Tab(browser, viewport={"width": width, "height": 900}, color_scheme=theme)
    tab.page.goto(site.url + path, wait_until="networkidle")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(tab) == []
    assert tab.complaints == []
    tab.context.close()


@needs_axe
def test_axe_sees_a_fault_when_there_is_one(tab: Tab, site: Site) -> None:
    tab.page.goto(site.page("/faux", '<img src="/static/dist/x.png"><button></button>'))
    tab.complaints.clear()  # the missing picture
    assert any("image-alt" in fault for fault in axe(tab))


def test_targets_are_large_enough_for_a_thumb(browser: Any, site: Site) -> None:
    """44 px on the portal, 24 px for everything that is not within text (WCAG 2.2, 2.5.8)."""
    tab = Tab(browser, viewport={"width": 390, "height": 844})
    tab.page.goto(site.url + "/design/", wait_until="networkidle")
    small = tab.page.evaluate(
        """() => [...document.querySelectorAll(`.btn:not(.btn-small), .icon-btn, .option-label,
        .input:not(textarea), .tab, .top-link, .menu-item, summary.account`)]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5)
        .map(e => e.className + ' ' + e.getBoundingClientRect().height)"""
    )
    assert small == []
    tiny = tab.page.evaluate(
        """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), summary')]
        .filter(e => {
          const r = e.getBoundingClientRect();
          return e.offsetParent && getComputedStyle(e).display !== 'inline'
            && !e.closest('.sr-only, .drop, .check, .option, .slot')
            && !e.matches('.stretched, .sr-only') && (r.height < 24 || r.width < 24);
        })
        .map(e => e.outerHTML.slice(0, 90))"""
    )
    assert tiny == []
    tab.context.close()


def test_the_theme_changes_without_a_reload_and_is_kept(tab: Tab, site: Site) -> None:
    tab.page.goto(site.url + "/design/")
    before = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    with tab.page.expect_request(lambda request: request.method == "POST") as sent:
        tab.page.locator(".foot [name=theme][value=dark]").click()
    assert "theme" in (sent.value.post_data or "") and "dark" in (sent.value.post_data or "")
    assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert tab.page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert tab.page.locator(".foot [value=dark]").get_attribute("aria-pressed") == "true"


def test_dialogs_keep_the_focus_and_give_it_back(tab: Tab, site: Site) -> None:
    body = '{{ ui.confirm("sup", "Supprimer ?", "Définitif.", "/envoi", csrf_input, "Supprimer") }}'
    tab.page.goto(site.page("/dialogue", body))
    opener = tab.page.get_by_role("button", name="Supprimer").first
    opener.focus()
    opener.press(" ")
    dialog = tab.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert tab.page.evaluate("document.activeElement.closest('dialog') !== null")
    tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert opener.evaluate("e => document.activeElement === e")


def test_menus_close_by_escape_and_by_a_press_elsewhere(tab: Tab, site: Site) -> None:
    tab.page.goto(site.page("/menu", '{{ ui.menu("Plus", [{"label": "Modifier", "href": "#"}]) }}'))
    summary, panel = tab.page.locator("main summary"), tab.page.locator("main .menu-panel")
    summary.click()
    expect(panel).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert summary.evaluate("e => document.activeElement === e")
    summary.click()
    tab.page.locator("h1").click()
    expect(panel).to_be_hidden()


def test_the_desk_is_driven_by_keyboard(tab: Tab, site: Site) -> None:
    tab.page.goto(site.url + "/design/?bureau")
    rows = tab.page.locator("[data-row]")
    box = rows.nth(3).locator("input")
    assert box.is_checked()  # given by the server
    tab.page.keyboard.press("Escape")
    assert not box.is_checked()
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("j")
    assert rows.nth(1).evaluate(
        "e => e.classList.contains('is-cursor') && e.contains(document.activeElement)"
    )
    tab.page.keyboard.press("k")
    tab.page.keyboard.press("x")
    assert rows.nth(0).locator("input").is_checked()
    expect(tab.page.locator("[data-bulk-count]")).to_have_text("1 ligne sélectionnée")
    rows.nth(4).locator("label.check").click(modifiers=["Shift"])
    tab.page.keyboard.press("/")
    assert tab.page.evaluate("document.activeElement.id") == "bar-q"
    tab.page.keyboard.type("jx?")
    assert tab.page.locator("#bar-q").input_value() == "jx?"
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("?")
    expect(tab.page.locator("#raccourcis")).to_be_visible()
    tab.page.get_by_label("raccourcis d’une seule touche").uncheck()
    tab.page.keyboard.press("Escape")
    tab.page.locator("h1").click()
    cursor = "document.querySelector('.is-cursor')?.dataset.row"
    before = tab.page.evaluate(cursor)
    tab.page.keyboard.press("j")
    assert tab.page.evaluate(cursor) == before  # turned off


def test_the_map_shows_counts_and_places_without_breaking_the_policy(tab: Tab, site: Site) -> None:
    body = (
        '{% call ui.map("c", "Lieux", "/design/lieux.geojson",'
        ' contours="/design/communes.geojson", center=[5.0, 42.0], zoom=11) %}'
        '<ul><li data-feature="4">Un lieu</li></ul>{% endcall %}'
    )
    tab.page.goto(site.page("/carte", body))
    tab.page.wait_for_selector(".maplibregl-ctrl-zoom-in")
    assert tab.page.locator(".maplibregl-ctrl-zoom-in").get_attribute("aria-label") == "Zoomer"
    tab.until("!document.querySelector('[data-map-waiting]')")
    tab.page.wait_for_timeout(1500)
    pixels = tab.page.locator("[data-map-canvas]").screenshot()
    assert len(set(pixels)) > 50 and len(pixels) > 8000  # something is drawn
    tab.page.locator("[data-feature='4']").hover()
    expect(tab.page.locator("[data-feature='4']")).to_have_class("is-active")
    tab.page.locator(".map-skip").click()
    assert tab.page.evaluate("document.activeElement.id") == "c-liste"


def test_a_place_is_chosen_by_click_keys_and_position(browser: Any, site: Site) -> None:
    here = {"longitude": 5.02, "latitude": 42.01, "accuracy": 12}
    tab = Tab(browser, geolocation=here, permissions=["geolocation"])
    tab.page.goto(
        site.page("/lieu", '{{ ui.map_point("ou", "Où ?", center=[5.0, 42.0], zoom=14) }}')
    )
    lon, lat = tab.page.locator("[name=ou_lon]"), tab.page.locator("[name=ou_lat]")
    canvas = tab.page.locator(".maplibregl-canvas")
    canvas.wait_for()
    tab.page.wait_for_timeout(800)
    canvas.click()
    assert float(lon.input_value()) == pytest.approx(5.0, abs=0.001)
    start = float(lat.input_value())
    pin = tab.page.locator("button.pin")
    pin.focus()
    pin.press("ArrowUp")
    assert float(lat.input_value()) > start
    tab.page.get_by_role("button", name="Utiliser ma position").click()
    tab.until("document.querySelector('[name=ou_accuracy]').value === '12'")
    assert (float(lon.input_value()), float(lat.input_value())) == (5.02, 42.01)
    assert re.search(r"Lieu indiqué : 42,01000", tab.page.locator(".map-point-status").inner_text())
    assert tab.complaints == []
    tab.context.close()


def test_htmx_swaps_a_fragment_and_a_refusal(tab: Tab, site: Site) -> None:
    site.answers["/propositions"] = lambda query: (
        f'<a href="/x">{query["q"][0]} ici</a>' if "q" in query else ""
    )
    site.answers["/panne"] = lambda query: (500, "<p>secret technique</p>")
    body = (
        '{{ ui.search("/r", suggest="/propositions") }}'
        '<div id="zone">avant</div><button type="button" hx-get="/panne"'
        ' hx-target="#zone">Panne</button>'
    )
    tab.page.goto(site.page("/htmx", body))
    tab.page.wait_for_timeout(500)
    tab.page.locator("#recherche-page").press_sequentially("compost", delay=10)
    expect(tab.page.locator(".search-suggest a")).to_have_text("compost ici")
    tab.page.keyboard.press("ArrowDown")
    assert tab.page.evaluate("document.activeElement.textContent") == "compost ici"
    tab.page.keyboard.press("Escape")
    tab.page.get_by_role("button", name="Panne").click()
    expect(tab.page.locator(".toast")).to_contain_text("Une erreur est survenue")
    assert tab.page.locator("#zone").inner_text() == "avant"
    tab.complaints.clear()  # the 500 itself


def test_the_worker_shows_a_page_without_network_and_keeps_no_other(tab: Tab, site: Site) -> None:
    private = site.page("/prive", "<p>Dossier de Jeanne</p>")
    tab.page.goto(private)
    tab.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tab.page.reload()
    tab.until("!!navigator.serviceWorker.controller")
    kept = tab.page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async name =>
        (await (await caches.open(name)).keys()).map(r => new URL(r.url).pathname)))).flat()"""
    )
    assert "/hors-ligne" in kept and "/prive" not in kept
    assert all(path.startswith("/static/dist/") or path == "/hors-ligne" for path in kept)
    tab.context.set_offline(True)
    tab.page.goto(private)
    assert "hors connexion" in tab.page.locator("h1").inner_text()
    assert (
        tab.page.evaluate("getComputedStyle(document.querySelector('.btn')).backgroundColor")
        != "rgba(0, 0, 0, 0)"
    )
    tab.complaints.clear()  # what could not be fetched


def test_without_scripts_everything_still_works(browser: Any, site: Site) -> None:
    tab = Tab(browser, java_script_enabled=False)
    tab.page.goto(site.url + "/design/")
    assert tab.page.locator(".needs-js:visible").count() == 0
    assert tab.page.locator("input[type=file]").first.is_visible()
    tab.page.locator("main summary").filter(has_text="Plus d’actions").click()
    assert tab.page.locator("main .menu-panel").first.is_visible()
    tab.page.get_by_text("Ouvrir une fenêtre").click()
    assert tab.page.locator("#exemple-fenetre").is_visible()
    tab.page.goto(site.url + "/design/?bureau")
    assert tab.page.locator(".bulk").is_visible()
    tab.context.close()


def test_text_can_be_doubled_without_loss(browser: Any, site: Site) -> None:
    """Zoom of 200 % at 1280 px is a window of 640 px; text alone doubled, a root of 34 px."""
    tab = Tab(browser, viewport={"width": 640, "height": 480})
    tab.page.goto(site.url + "/design/", wait_until="networkidle")
    sheet = (
        "const s = new CSSStyleSheet(); s.replaceSync('html { font-size: 200% !important"
        " }'); document.adoptedStyleSheets.push(s)"
    )
    tab.page.evaluate(sheet)
    tab.page.wait_for_timeout(200)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 640
    tab.context.close()
