"""Reports that meet other reports, other organisations, and people who are not satisfied."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pytest
from tests.cast import INSIDE, Cast
from tests.journeys.conftest import PHONE, NewTab, Tab

from socle.capabilities.casework import inbound
from socle.capabilities.casework.models import Case, Follower, Merge, Message
from socle.capabilities.notifications.models import Email, Notification
from socle.config.options import Mailbox
from socle.domains.reports import actions
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.foundations.tasks.testing import drain


def report(
    actor: Actor = ANONYMOUS, text: str = "Un matelas", offset: float = 0.0, email: str = ""
) -> Case:
    return actions.submit_report(
        actor=actor, category_id="depot-sauvage", lon=INSIDE[0] + offset, lat=INSIDE[1],
        description=text, contact={"email": email} if email else None,
    ).case  # fmt: skip


@pytest.mark.parametrize("script", [True, False], ids=["script", "noscript"])
def test_a_duplicate_is_caught_before_it_is_sent(new_tab: NewTab, cast: Cast, script: bool) -> None:
    known = report()
    tab = new_tab(viewport=PHONE, java_script_enabled=script)
    tab.enter(cast.client(cast.neighbour))
    tab.go("/signaler")
    tab.press("Commencer")
    tab.fill("Que se passe-t-il", "Un vieux matelas, des déchets")
    tab.press("Continuer")
    tab.locate("1 place de la Mairie, 99100 Villeneuve-du-Lac")
    # Where the first one was seen, whatever the address says.
    case = Case.objects.get()
    draft = tab.page.url.rsplit("/", 2)[1]
    tab.press("Continuer")
    from socle.capabilities.questionnaires.models import Draft

    row = Draft.objects.get(pk=draft)
    row.answers = row.answers | {
        "place": {"lon": case.lon, "lat": case.lat, "label": "1 place de la Mairie"}
    }
    row.save(update_fields=["answers"])
    tab.go(f"/signaler/{draft}/categorie")
    tab.choose("Dépôt sauvage")
    tab.press("Continuer")
    assert tab.page.url.endswith("/doublons")
    assert "au même endroit" in tab.text or "à " in tab.text
    tab.page.locator(f"input[value='{known.reference}']").check()
    tab.press("Continuer")
    assert tab.page.url.endswith(f"/signalements/{known.reference}")
    assert "déjà signalé" in tab.text
    assert Follower.objects.get().user == cast.neighbour
    assert Case.objects.count() == 1


def test_two_reports_are_regrouped_then_taken_apart(new_tab: NewTab, cast: Cast) -> None:
    survivor = report(email="un@exemple.fr")
    other = report(text="Le même matelas", offset=0.0001, email="deux@exemple.fr")
    tab = new_tab()
    tab.enter(cast.client(cast.commune_agent))
    tab.go(f"/agents/dossiers/{survivor.reference}")
    tab.page.get_by_text("Regrouper avec d’autres").click()
    tab.page.locator("#regroupement").get_by_text(re.compile(other.reference)).click()
    tab.press("Regrouper ici")
    assert other.reference in tab.text
    other.refresh_from_db()
    assert other.merged_into_id == survivor.pk
    # The reference that the second person holds still answers.
    passer_by = new_tab(viewport=PHONE)
    passer_by.go(f"/signalements/{other.reference}")
    assert survivor.reference in passer_by.page.url
    tab.press("Défaire le regroupement")
    other.refresh_from_db()
    assert other.merged_into_id is None
    assert Merge.objects.get().undone_at is not None


def test_a_report_goes_to_the_metropole_and_comes_back(new_tab: NewTab, cast: Cast) -> None:
    case = report(text="Un matelas", email="un@exemple.fr")
    commune = new_tab()
    commune.enter(cast.client(cast.commune_agent))
    commune.go(f"/agents/dossiers/{case.reference}")
    hand(commune, "Métropole du Lac", "C’est une voie de la métropole")
    case.refresh_from_db()
    assert case.organisation.slug == "metropole-du-lac"
    assert commune.page.goto(f"/agents/dossiers/{case.reference}").status == 404
    commune.complaints.clear()
    metropole = new_tab()
    metropole.enter(cast.client(cast.colleague))
    metropole.go(f"/agents/dossiers/{case.reference}")
    assert "C’est une voie de la métropole" in metropole.text
    hand(metropole, "Villeneuve-du-Lac", "Non, c’est un chemin communal")
    case.refresh_from_db()
    assert case.organisation.slug == "villeneuve-du-lac"
    commune.go(f"/agents/dossiers/{case.reference}")
    for words in ("C’est une voie de la métropole", "Non, c’est un chemin communal"):
        assert words in commune.text


def hand(tab: Tab, organisation: str, reason: str) -> None:
    tab.page.get_by_text("Transmettre à une autre organisation").click()
    tab.page.locator("select[name=organisation]").select_option(label=organisation)
    tab.page.locator("#transfer-reason").fill(reason)
    form = tab.page.locator("form[action$='/transfert']")
    tab.leave(form.get_by_role("button").click)


def test_still_not_fixed_reaches_the_agent_who_closed_it(new_tab: NewTab, cast: Cast) -> None:
    case = report(actor=cast.actor(cast.resident))
    agent = new_tab()
    agent.enter(cast.client(cast.commune_agent))
    agent.go(f"/agents/dossiers/{case.reference}")
    agent.press("Je m’en occupe")
    agent.press("Marquer résolu")
    resident = new_tab(viewport=PHONE)
    resident.enter(cast.client(cast.resident))
    resident.go(f"/mes-demandes/{case.reference}")
    resident.page.locator("#not-fixed").fill("Le matelas est toujours là.")
    resident.press("Ce n’est toujours pas réglé", exact=True)
    case.refresh_from_db()
    assert case.is_open
    drain()
    assert Notification.objects.filter(user=cast.commune_agent, kind="report.not_fixed").exists()
    agent.go("/agents/")
    agent.follow(re.compile("Dépôt"))
    assert "Le matelas est toujours là." in agent.text


def test_an_answer_by_mail_is_in_the_thread(new_tab: NewTab, cast: Cast, settings: Any) -> None:
    settings.SOCLE = settings.SOCLE.model_copy(
        update={"mailbox": Mailbox(domain="reponses.lac.example")}
    )
    case = report(email="lea@exemple.fr")
    agent = new_tab()
    agent.enter(cast.client(cast.commune_agent))
    agent.go(f"/agents/dossiers/{case.reference}")
    agent.page.locator("textarea[name=body]").fill("De quelle taille est-il ?")
    agent.press("Envoyer", exact=True)
    drain()
    letter = Email.objects.filter(to="lea@exemple.fr").latest("pk")
    answer = EmailMessage()
    answer["From"], answer["To"] = "Léa <lea@exemple.fr>", letter.headers["Reply-To"]
    answer["Subject"] = f"Re: {letter.subject}"
    answer["Message-ID"] = "<reponse-1@exemple.fr>"
    answer["In-Reply-To"] = letter.message_id
    answer.set_content(
        "Il fait deux mètres.\n\nLe 4 mars 2026 à 10:30, Services du lac a écrit :\n"
        "> De quelle taille est-il ?\n"
    )
    inbound.receive(answer.as_bytes())
    inbound.receive(answer.as_bytes())
    said = Message.objects.get(case=case, from_agent=False)
    assert said.body.strip() == "Il fait deux mètres."
    agent.go(f"/agents/dossiers/{case.reference}")
    assert "Il fait deux mètres." in agent.text
