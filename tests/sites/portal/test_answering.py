"""After a report is closed: an opinion, or that it is still not fixed; by account and by link."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.test import Client
from tests.cast import INSIDE, PACKS, Cast, photo

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import registry
from socle.capabilities.casework.models import Case, Message
from socle.capabilities.notifications.models import Notification
from socle.domains.reports import actions
from socle.domains.reports.models import ExternalBody, Feedback
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.foundations.packs import actions as packs

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(cast: Cast, tmp_path: Path) -> Cast:
    """The small pack, where residents may open their report again."""
    folder = tmp_path / "pack"
    shutil.copytree(PACKS / "lakeside", folder)
    workflow = folder / "reports" / "workflow.toml"
    text = workflow.read_text("utf-8")
    workflow.write_text(
        text.replace('who = ["manager"]', 'who = ["manager", "applicant"]'), "utf-8"
    )
    packs.apply(folder)
    registry.definition_of.cache_clear()
    return cast


def sent(actor: Actor = ANONYMOUS) -> actions.Sent:
    return actions.submit_report(
        actor=actor, category_id="depot-sauvage", lon=INSIDE[0], lat=INSIDE[1],
        description="Un matelas", contact={"email": "p@exemple.fr"},
    )  # fmt: skip


def close(town: Cast, case: Case) -> Case:
    agent = town.actor(town.commune_agent)
    taken = casework.perform(
        actor=agent, case_id=case.pk, transition_id="start", version=case.version
    )
    return casework.perform(
        actor=agent, case_id=case.pk, transition_id="resolve", version=taken.version
    )


def ways(town: Cast) -> list[tuple[Client, str, Case]]:
    """A closed report by its private link, and another by an account."""
    by_link, own = sent(), sent(town.actor(town.resident))
    close(town, by_link.case)
    close(town, own.case)
    return [
        (town.client(), f"/suivi/{by_link.case.reference}/{by_link.follow_token}", by_link.case),
        (town.client(town.resident), f"/mes-demandes/{own.case.reference}", own.case),
    ]


def test_an_opinion_is_given_by_link_or_account_and_kept_once(town: Cast) -> None:
    for browser, page, case in ways(town):
        assert "Êtes-vous satisfait" in browser.get(page).content.decode()
        for _twice in range(2):
            answer = browser.post(f"{page}/avis", {"score": "4", "comment": "Vite fait"})
            assert answer.status_code == 302
        found = Feedback.objects.get(case=case)
        assert (found.score, found.comment) == (4, "Vite fait")
        assert "Êtes-vous satisfait" not in browser.get(page).content.decode()


def test_a_score_that_is_none_is_refused_and_the_words_kept(town: Cast) -> None:
    browser, page, _case = ways(town)[0]
    answer = browser.post(f"{page}/avis", {"score": "9", "comment": "Mes mots"})
    assert answer.status_code == 422
    assert "Mes mots" in answer.content.decode()
    assert not Feedback.objects.exists()


def test_still_not_fixed_reopens_once_with_words_and_photo_and_reaches_the_agent(
    town: Cast,
) -> None:
    for browser, page, case in ways(town):
        assert "Ce n’est toujours pas réglé" in browser.get(page).content.decode()
        for _twice in range(2):
            asked = {"message": "Il est revenu", "photos": photo()}
            assert browser.post(f"{page}/pas-regle", asked).status_code == 302
        case.refresh_from_db()
        assert case.is_open
        assert Message.objects.filter(case=case, body="Il est revenu").count() == 1
        assert case.documents.count() == 1
        told = Notification.objects.filter(user=town.commune_agent, kind="report.not_fixed")
        assert told.filter(body__contains=case.reference).count() == 1


def test_without_a_word_it_is_not_reopened(town: Cast) -> None:
    browser, page, case = ways(town)[0]
    assert browser.post(f"{page}/pas-regle", {"message": " "}).status_code == 422
    case.refresh_from_db()
    assert not case.is_open


def test_the_bare_transition_tells_the_agent_too(town: Cast) -> None:
    browser, page, case = ways(town)[0]
    browser.post(f"{page}/action", {"transition": "reopen", "message": "Il est revenu"})
    case.refresh_from_db()
    assert case.is_open
    assert Notification.objects.filter(kind="report.not_fixed").exists()


def test_a_stranger_says_nothing_of_somebody_else_s_report(town: Cast) -> None:
    _browser, _page, case = ways(town)[1]
    stranger = town.client(town.neighbour)
    for word in ("avis", "pas-regle"):
        asked = {"score": "1", "message": "Non"}
        for page in (f"/mes-demandes/{case.reference}", f"/suivi/{case.reference}/x"):
            assert stranger.post(f"{page}/{word}", asked).status_code == 404
    assert not Feedback.objects.exists()


def test_an_open_report_asks_for_no_opinion(town: Cast) -> None:
    opened = sent()
    page = f"/suivi/{opened.case.reference}/{opened.follow_token}"
    browser = town.client()
    assert "Êtes-vous satisfait" not in browser.get(page).content.decode()
    browser.post(f"{page}/avis", {"score": "1"})
    assert not Feedback.objects.exists()


def test_the_page_says_who_outside_was_told_until_they_give_it_back(town: Cast) -> None:
    opened = sent()
    body = ExternalBody.objects.create(
        organisation_id=opened.case.organisation_id, key="bailleur", name="Le bailleur",
        means="email", email="b@exemple.fr",
    )  # fmt: skip
    agent = town.actor(town.commune_agent)
    handover = actions.hand_over(
        actor=agent, case_id=opened.case.pk, body_id=body.pk, reason="Terrain privé"
    )
    handover.sent_at = handover.created_at
    handover.save(update_fields=["sent_at"])
    page = f"/suivi/{opened.case.reference}/{opened.follow_token}"
    words = "Nous l’avons transmis à Le bailleur"
    assert words in town.client().get(page).content.decode()
    actions.take_back(actor=agent, case_id=opened.case.pk)
    assert words not in town.client().get(page).content.decode()


def test_reports_of_others_that_one_follows_are_listed(town: Cast) -> None:
    case = sent().case
    neighbour = town.client(town.neighbour)
    assert case.reference not in neighbour.get("/mes-demandes").content.decode()
    casework.follow(case_id=case.pk, actor=town.actor(town.neighbour))
    page = neighbour.get("/mes-demandes").content.decode()
    assert f"/signalements/{case.reference}" in page
    # Hidden, it is no longer there.
    actions.moderate(actor=town.actor(town.commune_agent), case_id=case.pk, moderation="hidden")
    assert f"/signalements/{case.reference}" not in neighbour.get("/mes-demandes").content.decode()
