"""Those who answer: counter, commune, métropole, administrator."""

from __future__ import annotations

import re

import pytest
from tests.cast import Cast
from tests.journeys.conftest import PHONE, NewTab, Tab

from socle.capabilities.casework.models import Case
from socle.domains.reports import actions as reports
from socle.foundations.accounts.models import Membership
from socle.foundations.journal.models import Entry


def report(cast: Cast, category: str, text: str) -> Case:
    return reports.submit_report(
        actor=cast.actor(cast.resident), category_id=category, lon=2.05, lat=46.05, description=text
    ).case


def test_a_helper_at_the_counter_files_for_somebody(tab: Tab, cast: Cast) -> None:
    tab.enter(cast.client(cast.counter))
    tab.go("/agents/accueil")
    tab.follow("Demander un composteur")
    assert "pour quelqu’un d’autre" in tab.text
    tab.press("Commencer")
    tab.locate("12 rue des Lilas, 99200 Saint-Test")
    tab.fill("Combien de personnes", "1")
    tab.choose("Non")
    tab.press("Continuer")
    tab.press("Continuer")
    tab.fill("Nom et prénom", "Odette Sans-Écran")
    tab.fill("Téléphone", "01 99 00 12 34")
    tab.choose("Par téléphone")
    tab.press("Continuer")
    tab.press("Envoyer ma demande")
    case = Case.objects.get()
    assert (case.contact_name, case.channel) == ("Odette Sans-Écran", "phone")
    # The request is the person's; the journal keeps who wrote it down.
    assert case.filed_by_id == cast.counter.pk
    filed = Entry.objects.filter(subject_id=str(case.pk), actor_id=cast.counter.pk)
    assert filed.exists()
    tab.page.context.clear_cookies()
    assert tab.page.goto(f"/mes-demandes/{case.reference}").status == 404
    tab.complaints.clear()


def test_an_agent_of_a_commune_answers_a_report_of_its_territory(tab: Tab, cast: Cast) -> None:
    case = report(cast, "depot-sauvage", "Un matelas sur le trottoir")
    elsewhere = report(cast, "eclairage", "Lampe éteinte")
    tab.enter(cast.client(cast.commune_agent))
    tab.go("/agents/")
    assert case.reference in tab.text
    assert elsewhere.reference not in tab.text
    tab.follow(re.compile("Dépôt"))
    tab.press("Je m’en occupe")
    tab.page.locator("textarea[name=body]").fill("Bonjour, nous passons demain.")
    tab.press("Envoyer", exact=True)
    assert "nous passons demain" in tab.text
    tab.press("Prendre en charge")
    case.refresh_from_db()
    assert (case.state, case.assignee_id) == ("in-progress", cast.commune_agent.pk)
    assert tab.page.goto(f"/agents/dossiers/{elsewhere.reference}").status == 404
    tab.complaints.clear()


@pytest.mark.parametrize("script", [True, False], ids=["script", "noscript"])
def test_two_agents_of_the_metropole_on_one_case(new_tab: NewTab, cast: Cast, script: bool) -> None:
    case = report(cast, "eclairage", "Lampe éteinte")
    first = new_tab(java_script_enabled=script)
    second = new_tab(java_script_enabled=script, viewport=PHONE, color_scheme="dark")
    first.enter(cast.client(cast.agent))
    second.enter(cast.client(cast.colleague))
    for tab in (first, second):
        tab.go(f"/agents/dossiers/{case.reference}")
    first.press("Prendre en charge")
    second.press("Prendre en charge")
    assert "Rien n’a été enregistré" in second.text
    assert "Carole Test" in second.text
    case.refresh_from_db()
    assert case.assignee_id == cast.agent.pk


def test_an_agent_of_the_metropole_hands_a_case_over(new_tab: NewTab, cast: Cast) -> None:
    case = report(cast, "eclairage", "Lampe éteinte")
    tab = new_tab()
    tab.enter(cast.client(cast.colleague))
    tab.go(f"/agents/dossiers/{case.reference}")
    tab.choose("Note interne, jamais montrée à la personne")
    tab.page.locator("textarea[name=body]").fill("Le poteau est à la commune.")
    tab.press("Envoyer", exact=True)
    assert "Le poteau est à la commune." in tab.text
    tab.page.get_by_text("Transmettre à une autre organisation").click()
    tab.page.get_by_label("Organisation").last.select_option(label="Villeneuve-du-Lac")
    tab.page.locator("#transfer-reason").fill("Éclairage communal")
    tab.press("Transmettre", exact=True)
    case.refresh_from_db()
    assert case.organisation.slug == "villeneuve-du-lac"
    resident = new_tab(viewport=PHONE)
    resident.enter(cast.client(cast.resident))
    resident.go(f"/mes-demandes/{case.reference}")
    assert "Le poteau" not in resident.text


def test_triage_with_the_keyboard_and_undo(new_tab: NewTab, cast: Cast) -> None:
    for number in range(3):
        report(cast, "eclairage", f"Lampe {number}")
    tab = new_tab()
    tab.enter(cast.client(cast.agent))
    tab.go("/agents/")
    for key in ("j", "x", "j", "x"):
        tab.page.keyboard.press(key)
    tab.leave(lambda: tab.page.keyboard.press("a"))
    assert Case.objects.filter(assignee=cast.agent).count() == 2
    tab.press("Annuler")
    assert not Case.objects.filter(assignee=cast.agent).exists()
    tab.page.keyboard.press("j")
    tab.leave(lambda: tab.page.keyboard.press("Enter"))
    assert "/agents/dossiers/" in tab.page.url
    tab.tab_to("body")
    tab.page.keyboard.type("Nous passons demain.")
    tab.tab_to("Envoyer")
    tab.leave(lambda: tab.page.keyboard.press("Enter"))
    assert "Nous passons demain." in tab.text


def test_triage_and_undo_without_a_script(new_tab: NewTab, cast: Cast) -> None:
    cases = [report(cast, "eclairage", f"Lampe {number}") for number in range(2)]
    tab = new_tab(viewport=PHONE, java_script_enabled=False)
    tab.enter(cast.client(cast.agent))
    tab.go("/agents/")
    for case in cases:
        tab.page.get_by_label(f"Sélectionner {case.reference}").check(force=True)
    tab.press("Prendre", exact=True)
    assert Case.objects.filter(assignee=cast.agent).count() == 2
    tab.press("Annuler")
    assert not Case.objects.filter(assignee=cast.agent).exists()


def test_the_map_stands_beside_the_list(new_tab: NewTab, cast: Cast) -> None:
    case = report(cast, "eclairage", "Lampe éteinte")
    tab = new_tab()
    tab.enter(cast.client(cast.agent))
    tab.go("/agents/?vue=carte")
    tab.page.wait_for_selector("canvas")
    # Whatever the map shows can be read as a list.
    assert tab.page.get_by_role("region", name="Dossiers").get_by_text(case.reference).is_visible()


def test_an_administrator_adds_an_agent_and_reads_the_journal(tab: Tab, cast: Cast) -> None:
    tab.enter(cast.client(cast.administrator))
    tab.go("/agents/organisations/villeneuve-du-lac")
    tab.fill("Adresse électronique professionnelle", "gina@villeneuve.example")
    tab.press("Ajouter", exact=True)
    assert Membership.objects.filter(user__email="gina@villeneuve.example").exists()
    tab.go("/agents/plateforme")
    tab.go("/agents/organisations/villeneuve-du-lac/journal")
    assert "member" in tab.text
