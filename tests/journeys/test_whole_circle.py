"""From a resident's word to an agent's decision and back, with the proof that nothing was altered."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cast import Cast
from tests.journeys.conftest import PHONE, NewTab, Tab

from socle.capabilities.casework.models import Case
from socle.foundations.accounts.models import User
from socle.foundations.journal.verification import verify
from socle.foundations.tasks.testing import drain


def signal(tab: Tab, text: str) -> Case:
    tab.go("/signaler")
    tab.press("Commencer")
    tab.fill("Que se passe-t-il", text)
    tab.press("Continuer")
    tab.locate("12 rue des Lilas, 99100 Villeneuve-du-Lac")
    tab.press("Continuer")
    tab.press("Continuer")
    tab.press("Envoyer le signalement")
    return Case.objects.get()


def test_a_report_is_answered_and_the_resident_sees_it(
    new_tab: NewTab, cast: Cast, tmp_path: Path
) -> None:
    resident = new_tab(viewport=PHONE, color_scheme="dark")
    resident.sign_in("ada@lac.example")
    case = signal(resident, "Un grand tag sur le mur de l’école")

    agent = new_tab()
    agent.enter(cast.client(cast.commune_agent))
    agent.go("/agents/")
    agent.follow(re.compile("Tag"))
    agent.page.locator("textarea[name=body]").fill("Le mur sera nettoyé jeudi.")
    agent.press("Envoyer", exact=True)
    agent.press("Marquer résolu")
    drain()

    resident.go("/notifications")
    resident.follow(re.compile(f"{case.reference}|Résolu|résolu|Réponse|réponse"))
    assert case.reference in resident.text
    assert "Le mur sera nettoyé jeudi." in resident.text
    assert "Résolu" in resident.text or "Traité" in resident.text

    # The same by e-mail, for somebody who is not signed in.
    passer_by = new_tab(viewport=PHONE)
    passer_by.go("/demo/courriels")
    passer_by.follow(re.compile(case.reference))
    assert verify(checkpoints_dir=tmp_path).ok


def test_an_account_is_opened_with_the_code_of_an_email(new_tab: NewTab, cast: Cast) -> None:
    tab = new_tab()
    tab.go("/compte/inscription")
    tab.fill("Adresse électronique", "nina@lac.example")
    tab.page.locator("input[type=password]").first.fill("une phrase longue et difficile")
    tab.press("Créer mon compte")
    drain()
    mailbox = new_tab(viewport=PHONE)
    mailbox.go("/demo/courriels")
    mailbox.follow("Confirmez votre adresse")
    code = re.search(r"\b(\d{4}[ -]?\d{4})\b", mailbox.text)
    assert code, mailbox.text
    tab.fill("Code reçu par courriel", "11111111")
    tab.press("Continuer")
    assert "Erreur" in tab.page.title()
    tab.fill("Code reçu par courriel", code[1])
    tab.press("Continuer")
    assert User.objects.filter(email="nina@lac.example").exists()
    tab.go("/profil")
    assert "nina@lac.example" in tab.page.content()
