"""A resident: finds, asks, follows, answers. Wide or narrow, with or without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cast import Cast, photo
from tests.journeys.conftest import DESK, NewTab, Tab

from socle.capabilities.casework.models import Case


@pytest.fixture
def picture(tmp_path: Path) -> str:
    file = tmp_path / "justificatif.jpg"
    file.write_bytes(photo().getvalue())
    return str(file)


def ask(tab: Tab, picture: str) -> None:
    """From the home page to check-your-answers."""
    tab.go("/")
    tab.page.locator("main input[type=search], .hero input[type=search]").first.fill("composteurs")
    tab.leave(lambda: tab.page.keyboard.press("Enter"))
    tab.follow("Demander un composteur")
    tab.press("Commencer")
    tab.press("Commencer")
    tab.locate("12 rue des Lilas, 99200 Saint-Test")
    tab.fill("Combien de personnes", "3")
    tab.choose("Oui")
    tab.press("Continuer")
    tab.fill("Surface du jardin", "40")
    tab.choose("En bois")
    tab.press("Continuer")
    tab.page.locator("input[type=file]").set_input_files(picture)
    tab.press("Continuer")


def test_a_resident_asks_for_a_composter_and_follows_it(tab: Tab, cast: Cast, picture: str) -> None:
    tab.sign_in("ada@lac.example")
    ask(tab, picture)
    assert "ada@lac.example" in tab.page.content()
    tab.press("Continuer")
    assert "40 m²" in tab.text
    tab.press("Envoyer ma demande")
    reference = re.search(r"CM-\d\d-[0-9A-Z]{6}", tab.text)
    assert reference
    tab.press("Suivre", exact=True)
    assert reference[0] in tab.text
    tab.fill("Votre message", "Bonjour, quand puis-je venir ?")
    tab.press("Envoyer", exact=True)
    assert "quand puis-je venir" in tab.text
    tab.go("/mes-demandes")
    assert reference[0] in tab.text
    assert Case.objects.get().documents.count() == 1


def test_a_wrong_answer_is_explained_where_it_is_and_nothing_is_lost(tab: Tab, cast: Cast) -> None:
    tab.go("/demarches/composteur")
    tab.press("Commencer")
    tab.locate("12 rue des Lilas, 99200 Saint-Test")
    tab.fill("Combien de personnes", "99")
    tab.choose("Non")
    tab.press("Continuer")
    assert "au plus 20" in tab.text
    assert tab.page.get_by_label("Combien de personnes").input_value() == "99"
    assert tab.page.get_by_label("Votre adresse").first.input_value().startswith("12 rue")
    if tab.script:
        assert tab.page.evaluate("document.activeElement.closest('.error-summary') !== null")


def test_a_double_click_on_send_files_one_request(
    new_tab: NewTab, cast: Cast, picture: str
) -> None:
    tab = new_tab()
    tab.enter(cast.client(cast.resident))
    ask(tab, picture)
    tab.press("Continuer")
    tab.leave(tab.page.get_by_role("button", name="Envoyer ma demande").dblclick)
    tab.page.wait_for_url("**/confirmation")
    assert Case.objects.count() == 1


def test_the_whole_form_can_be_filled_with_the_keyboard(new_tab: NewTab, cast: Cast) -> None:
    tab = new_tab()
    tab.go("/demarches/composteur")
    tab.page.keyboard.press("Tab")
    assert "contenu" in tab.focused
    tab.tab_to("Commencer")
    tab.leave(lambda: tab.page.keyboard.press("Enter"))
    tab.tab_to("address")
    tab.page.keyboard.type("12 rue des Lilas, 99200 Saint-Test")
    tab.page.keyboard.press("Escape")
    tab.tab_to("household_size")
    tab.page.keyboard.type("2")
    tab.page.keyboard.press("Tab")
    # The last of the two radios: no garden.
    tab.page.keyboard.press("ArrowDown")
    assert tab.focused == "garden"
    tab.leave(lambda: tab.page.keyboard.press("Enter"))
    assert tab.page.url.endswith("/justificatif")


def test_answers_typed_before_the_session_expired_are_still_there(
    new_tab: NewTab, cast: Cast
) -> None:
    tab = new_tab()
    tab.go("/demarches/composteur")
    tab.press("Commencer")
    tab.locate("12 rue des Lilas, 99200 Saint-Test")
    tab.fill("Combien de personnes", "5")
    tab.choose("Non")
    tab.context.clear_cookies(name="session")
    tab.press("Continuer")
    tab.leave(tab.page.go_back)
    assert tab.page.get_by_label("Combien de personnes").input_value() == "5"


def test_the_application_installs_and_says_when_there_is_no_network(
    new_tab: NewTab, cast: Cast
) -> None:
    tab = new_tab(viewport=DESK, service_workers="allow")
    tab.go("/")
    tab.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tab.page.reload()
    tab.allowed = ("ERR_INTERNET_DISCONNECTED", "Failed to load")
    tab.context.set_offline(True)
    tab.page.goto("/services", wait_until="load")
    assert "hors" in tab.text.lower() or "connexion" in tab.text.lower()
    tab.context.set_offline(False)
