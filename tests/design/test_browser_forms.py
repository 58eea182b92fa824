"""What scripts add to forms, in a real browser, under the house's content security policy."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

from playwright.sync_api import expect
from tests.design.browsing import JOURNEY, Tab
from tests.design.site import Site

pytestmark = JOURNEY


def rendered(site: Site, path: str) -> str:
    """The HTML of a declared page."""
    found = site.render(path, "")
    assert found is not None
    return found[2].decode()


def test_a_form_is_sent_once_however_often_one_presses(tab: Tab, site: Site) -> None:
    def slow(values: dict[str, list[str]]) -> str:
        time.sleep(0.4)
        return "<h1>Fait</h1>"

    site.answers["/envoi"] = slow
    body = (
        '{% call ui.form(action="/envoi", csrf_input=csrf_input) %}'
        '{{ ui.button("Envoyer", name="suite", value="oui") }}{% endcall %}'
    )
    tab.page.goto(site.page("/double", body))
    tab.page.evaluate(
        "const b = document.querySelector('.form .btn'); b.click(); b.click(); b.click()"
    )
    tab.page.wait_for_selector("text=Fait")
    assert [values["suite"] for path, values in site.posts] == [["oui"]]


def test_without_the_guard_the_same_presses_send_more(tab: Tab, site: Site) -> None:
    """The negative control: the server does see several sendings when nothing holds them back."""

    def slow(values: dict[str, list[str]]) -> str:
        time.sleep(0.4)
        return "<h1>Fait</h1>"

    site.answers["/envoi"] = slow
    body = (
        '{% call ui.form(action="/envoi", csrf_input=csrf_input, guard=false) %}'
        '{{ ui.button("Envoyer") }}{% endcall %}'
    )
    tab.page.goto(site.page("/triple", body))
    tab.page.evaluate(
        "const b = document.querySelector('.form .btn'); b.click(); setTimeout(() => b.click(), 80)"
    )
    tab.page.wait_for_selector("text=Fait")
    assert len(site.posts) > 1


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(tab: Tab, site: Site) -> None:
    body = (
        '{{ ui.error_summary({"courriel": ["Écrivez une adresse."]}) }}'
        '{{ ui.field({"name": "courriel", "kind": "email", "label": "Courriel", "errors":'
        ' ["Écrivez une adresse."]}) }}'
    )
    tab.page.goto(site.page("/erreurs", body))
    tab.until("document.activeElement.matches('[data-error-summary]')")
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("document.activeElement.id") == "id_courriel"


def test_conditional_questions_follow_the_answers_and_are_not_sent_hidden(
    tab: Tab, site: Site
) -> None:
    body = (
        '{% call ui.form(action="/envoi") %}'
        '{{ ui.radios("jardin", "Jardin ?", [("true", "Oui"), ("false", "Non")]) }}'
        '{{ ui.field({"name": "surface", "kind": "integer", "label": "Surface", '
        '"visible_when": ["==", ["name", "jardin"], ["boolean", true]]}) }}'
        '{{ ui.field({"name": "grand", "label": "Grand jardin", '
        '"visible_when": [">", ["name", "surface"], ["number", "100"]]}) }}'
        '{{ ui.button("Envoyer") }}{% endcall %}'
    )
    tab.page.goto(site.page("/conditions", body))
    surface, large = tab.page.locator("#id_surface"), tab.page.locator("#id_grand")
    expect(surface).to_be_hidden()
    tab.page.get_by_text("Oui").click()
    surface.fill("1 200")
    expect(large).to_be_visible()
    large.fill("caché")
    tab.page.get_by_text("Non", exact=True).click()
    expect(surface).to_be_hidden()
    expect(large).to_be_hidden()
    tab.page.get_by_role("button", name="Envoyer").click()
    tab.page.wait_for_selector("text=Fait")
    assert site.posts[-1][1] == {"jardin": ["false"]}


def test_an_exclusive_choice_unchecks_the_others(tab: Tab, site: Site) -> None:
    body = (
        '{{ ui.checkboxes("d", "Quoi ?", [("a", "A"), ("b", "B"), '
        '{"value": "0", "label": "Rien", "exclusive": true}], value=["a", "b"]) }}'
    )
    tab.page.goto(site.page("/exclusif", body))
    tab.page.get_by_text("Rien").click()
    checked = "[...document.querySelectorAll('input:checked')].map(e => e.value).join()"
    assert tab.page.evaluate(checked) == "0"
    tab.page.get_by_text("A", exact=True).click()
    assert tab.page.evaluate(checked) == "a"


def test_addresses_are_suggested_and_chosen_by_keyboard(tab: Tab, site: Site) -> None:
    body = (
        '{% call ui.form(action="/envoi") %}{{ ui.address_field("lieu", "Adresse") }}{{'
        ' ui.button("Envoyer") }}{% endcall %}'
    )
    tab.page.goto(site.page("/adresse", body))
    box = tab.page.get_by_role("combobox")
    box.press_sequentially("lavandes", delay=20)
    expect(tab.page.get_by_role("option")).to_have_count(4)
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    box.press("ArrowDown")
    active = box.get_attribute("aria-activedescendant")
    assert tab.page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    box.press("Enter")
    assert box.input_value() == "3 rue des Lavandes, 00000 Villeneuve"
    expect(tab.page.get_by_role("listbox")).to_be_hidden()
    tab.page.get_by_role("button", name="Envoyer").click()
    tab.page.wait_for_selector("text=Fait")
    sent = site.posts[-1][1]
    assert sent["lieu_lon"] == ["5.003"] and sent["lieu_citycode"] == ["00000"]


def test_an_address_changed_by_hand_forgets_its_place(tab: Tab, site: Site) -> None:
    body = (
        '{{ ui.address_field("lieu", "Adresse", value="1 rue A", lon=5.1, lat=42.1,'
        ' citycode="00000") }}'
    )
    tab.page.goto(site.page("/adresse2", body))
    tab.page.get_by_role("combobox").press_sequentially("bis")
    assert tab.page.locator("[name=lieu_lon]").input_value() == ""


def test_files_are_listed_limited_and_sent_with_progress(
    tab: Tab, site: Site, tmp_path: Path
) -> None:
    site.answers["/envoi"] = lambda values: (303, "/merci")
    site.page("/merci", "<p>Merci</p>")
    body = (
        '{% call ui.form(action="/envoi", csrf_input=csrf_input, upload=true) %}'
        '{{ ui.field({"name": "pieces", "kind": "files", "label": "Pièces", "max_size":'
        ' 2000, "max_count": 2}) }}'
        '{{ ui.button("Envoyer", name="bouton", value="1") }}{% endcall %}'
    )
    tab.page.goto(site.page("/fichiers", body))
    tab.until(
        "document.querySelector('.drop') && document.documentElement.classList.contains('js')"
    )
    for name, size in (("a.txt", 100), ("gros.txt", 5000), ("b.txt", 200), ("c.txt", 300)):
        (tmp_path / name).write_text("x" * size)
    chooser = tab.page.locator("input[type=file]")
    tab.page.wait_for_timeout(300)
    chooser.set_input_files([tmp_path / "a.txt", tmp_path / "gros.txt"])
    expect(tab.page.locator(".file.is-bad")).to_contain_text("gros.txt")
    chooser.set_input_files([tmp_path / "b.txt", tmp_path / "c.txt"])
    expect(tab.page.locator(".file:not(.is-bad)")).to_have_count(2)
    tab.page.get_by_role("button", name="Retirer b.txt").click()
    tab.page.get_by_role("button", name="Envoyer").click()
    tab.page.wait_for_selector("text=Merci")
    sent = site.posts[-1][1]
    assert sent["pieces"] == ["a.txt:100"]
    assert sent["bouton"] == ["1"] and sent["csrfmiddlewaretoken"] == ["jeton"]


def test_an_answer_with_errors_after_an_upload_is_shown_in_place(
    tab: Tab, site: Site, tmp_path: Path
) -> None:
    form = (
        '{% call ui.form(action="/envoi", upload=true) %}{{ ui.file_picker("p", "Pièce") }}'
        '{{ ui.button("Envoyer") }}{% endcall %}'
    )
    site.page(
        "/rejet", '{{ ui.error_summary([{"message": "Illisible", "href": "#id_p"}]) }}' + form
    )
    refusal = rendered(site, "/rejet")
    site.answers["/envoi"] = lambda values: (422, refusal)
    tab.page.goto(site.page("/piece", form))
    (tmp_path / "a.txt").write_text("x")
    tab.page.wait_for_timeout(300)
    tab.page.locator("input[type=file]").set_input_files(tmp_path / "a.txt")
    tab.page.get_by_role("button", name="Envoyer").click()
    tab.until("document.activeElement.matches('[data-error-summary]')")
    tab.complaints.clear()  # the browser notes the 422 itself


def test_a_draft_comes_back_and_leaves_once_the_next_step_is_reached(tab: Tab, site: Site) -> None:
    def body(step: int) -> str:
        return (
            f'{{% call ui.form(action="/etape{step + 1}", autosave="essai-{step}") %}}'
            '{{ ui.text_input("nom", "Nom") }}{{ ui.field({"name": "mdp", "kind":'
            ' "password", "label": "Secret"}) }}'
            '{{ ui.radios("r", "Choix", [("a", "A"), ("b", "B")]) }}{{ ui.button("Suite")'
            " }}{% endcall %}"
        )

    first, second = site.page("/etape1", body(1)), site.page("/etape2", body(2))
    site.answers["/etape2"] = lambda values: rendered(site, "/etape2")
    tab.page.goto(first)
    tab.page.wait_for_timeout(300)
    tab.page.locator("#id_nom").fill("Élise")
    tab.page.locator("#id_mdp").fill("secret")
    tab.page.get_by_text("B", exact=True).click()
    tab.until("localStorage.getItem('draft:essai-1')")
    assert "secret" not in tab.page.evaluate("localStorage.getItem('draft:essai-1')")
    tab.page.goto(site.url + "/design/")
    tab.page.goto(first)
    expect(tab.page.locator("#id_nom")).to_have_value("Élise")
    assert tab.page.locator("[value=b]").is_checked()
    assert tab.page.get_by_text("retrouvées sur cet appareil").is_visible()
    tab.page.get_by_role("button", name="Suite").click()
    tab.page.wait_for_url(second)
    tab.until("!localStorage.getItem('draft:essai-1')")


def _code(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


OPTIONS = {
    "creation_options": {
        "publicKey": {
            "rp": {"id": "localhost", "name": "socle"},
            "user": {"id": _code(b"jeanne"), "name": "j", "displayName": "J"},
            "challenge": _code(b"d" * 32),
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "excludeCredentials": [],
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "preferred"},
        }
    }
}


def test_a_passkey_is_made_then_used(tab: Tab, site: Site) -> None:
    session = tab.context.new_cdp_session(tab.page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    register = (
        '<form method="post" action="/cle" data-passkey="register" data-options="#options">'
        '<input type="hidden" name="credential"><input type="checkbox" name="passwordless"'
        ' checked aria-label="Sans mot de passe">'
        '{{ ui.button("Créer") }}</form><script type="application/json" id="options">'
        + json.dumps(OPTIONS)
        + "</script>"
    )
    tab.page.goto(site.page("/creer", register))
    tab.page.wait_for_timeout(400)
    tab.page.get_by_role("button", name="Créer").click()
    tab.page.wait_for_selector("text=Fait")
    made = json.loads(site.posts[-1][1]["credential"][0])
    assert made["type"] == "public-key" and made["response"]["attestationObject"]
    request = {"challenge": "ZGRkZA", "rpId": "localhost", "allowCredentials": []}
    asked = {"request_options": {"publicKey": request | {"userVerification": "preferred"}}}
    site.answers["/entrer"] = lambda values: (
        "<h1>Entré</h1>" if "credential" in values else json.dumps(asked)
    )
    login = (
        '<form method="post" action="/entrer" data-passkey="login"><input type="hidden"'
        ' name="credential">'
        '{{ ui.button("Entrer") }}</form>'
    )
    tab.page.goto(site.page("/connexion", login))
    tab.page.wait_for_timeout(400)
    tab.page.get_by_role("button", name="Entrer").click()
    tab.page.wait_for_selector("text=Entré")
    used = json.loads(site.posts[-1][1]["credential"][0])
    assert used["id"] == made["id"] and used["response"]["signature"]
