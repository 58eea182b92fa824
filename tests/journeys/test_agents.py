"""Those who answer: counter, commune, métropole, administrator."""

from __future__ import annotations

import re

from tests.cast import Cast
from tests.journeys.conftest import DESK, NewTab, Tab

from socle.capabilities.casework.models import Case
from socle.domains.reports import actions as reports
from socle.foundations.accounts.models import Membership


def report(cast: Cast, category: str, text: str) -> Case:
    return reports.submit_report(
        actor=cast.actor(cast.resident), category_id=category, lon=2.05, lat=46.05, description=text
    ).case


def test_a_helper_at_the_counter_files_for_somebody(tab: Tab, cast: Cast) -> None:
    tab.sign_in("esther@lac.example")
    tab.go("/agents/accueil")
    tab.page.get_by_role("link", name="Demander un composteur").first.click()
    tab.look()
    assert "pour quelqu’un d’autre" in tab.text
    tab.press("Commencer")
    tab.fill("Votre adresse", "12 rue des Lilas, 99200 Saint-Test")
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
    assert case.filed_by_id == cast.counter.pk


def test_an_agent_of_a_commune_answers_a_report_of_its_territory(tab: Tab, cast: Cast) -> None:
    case = report(cast, "depot-sauvage", "Un matelas sur le trottoir")
    elsewhere = report(cast, "eclairage", "Lampe éteinte")
    tab.sign_in("farid@lac.example")
    tab.go("/agents/")
    assert case.reference in tab.text
    assert elsewhere.reference not in tab.text
    tab.page.get_by_role("link", name=re.compile("Dépôt")).first.click()
    tab.look()
    tab.press("Je m’en occupe")
    tab.page.locator("textarea[name=body]").fill("Bonjour, nous passons demain.")
    tab.press("Envoyer", exact=True)
    tab.press("Prendre en charge")
    case.refresh_from_db()
    assert (case.state, case.assignee_id) == ("in-progress", cast.commune_agent.pk)
    answer = tab.page.goto(f"/agents/dossiers/{elsewhere.reference}")
    assert answer.status == 404
    tab.allowed = ("404",)
    tab.complaints.clear()


def test_two_agents_of_the_metropole_on_one_case(new_tab: NewTab, cast: Cast) -> None:
    case = report(cast, "eclairage", "Lampe éteinte")
    first, second = new_tab(), new_tab(viewport=DESK)
    first.sign_in("carole@lac.example")
    second.sign_in("denis@lac.example")
    for tab in (first, second):
        tab.go(f"/agents/dossiers/{case.reference}")
    first.press("Prendre en charge")
    second.allowed = ("409",)
    second.press("Prendre en charge")
    assert "Rien n’a été enregistré" in second.text
    assert "Carole Test" in second.text


def test_triage_with_the_keyboard_and_undo(new_tab: NewTab, cast: Cast) -> None:
    for number in range(3):
        report(cast, "eclairage", f"Lampe {number}")
    tab = new_tab()
    tab.sign_in("carole@lac.example")
    tab.go("/agents/")
    for key in ("j", "x", "j", "x", "a"):
        tab.page.keyboard.press(key)
    tab.page.wait_for_url("**annuler=**")
    tab.look()
    assert Case.objects.filter(assignee=cast.agent).count() == 2
    tab.press("Annuler")
    assert not Case.objects.filter(assignee=cast.agent).exists()


def test_the_map_stands_beside_the_list(new_tab: NewTab, cast: Cast) -> None:
    report(cast, "eclairage", "Lampe éteinte")
    tab = new_tab()
    tab.sign_in("carole@lac.example")
    tab.go("/agents/?vue=carte")
    tab.page.wait_for_selector("canvas")
    assert "Lampe" in tab.text or "Éclairage" in tab.text


def test_an_administrator_adds_an_agent_and_reads_the_journal(tab: Tab, cast: Cast) -> None:
    tab.sign_in("admin@lac.example")
    tab.go("/agents/organisations/villeneuve-du-lac")
    tab.fill("Adresse électronique professionnelle", "gina@villeneuve.example")
    tab.press("Ajouter", exact=True)
    assert Membership.objects.filter(user__email="gina@villeneuve.example").exists()
    tab.go("/agents/plateforme")
    tab.go("/agents/organisations/villeneuve-du-lac/journal")
    assert "member" in tab.text
