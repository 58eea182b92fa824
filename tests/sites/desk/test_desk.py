"""Agents answer; two of them never overwrite each other; what is elsewhere does not exist."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from tests.cast import Cast
from tests.sites.portal.test_procedure import begin, fill

from socle.capabilities.casework import queries, rules
from socle.capabilities.casework.models import Case, Message
from socle.capabilities.notifications.models import Email
from socle.domains.reports import actions as reports
from socle.foundations.accounts.models import Membership, Team
from socle.foundations.tasks.testing import drain
from socle.sites.desk import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(cast: Cast) -> Case:
    """A request filed by the resident, in the métropole's composting team."""
    browser = cast.client(cast.resident)
    base = begin(browser)
    fill(browser, base)
    browser.post(f"{base}/envoi")
    return Case.objects.get()


def report(cast: Cast, category: str = "depot-sauvage", text: str = "Un matelas") -> Case:
    return reports.submit_report(
        actor=cast.actor(cast.resident), category_id=category, lon=2.05, lat=46.05, description=text
    ).case


def post(browser: Client, case: Case, act: str, **data: str) -> int:
    return browser.post(f"/agents/dossiers/{case.reference}/{act}", data).status_code


def test_the_desk_does_not_exist_for_residents(cast: Cast) -> None:
    for path in ("/agents/", "/agents/ensemble", "/agents/accueil", "/agents/plateforme"):
        assert cast.client(cast.resident).get(path).status_code == 404


def test_an_agent_sees_the_request_and_moves_it_on_and_the_person_is_told(
    cast: Cast, case: Case
) -> None:
    browser = cast.client(cast.agent)
    assert case.reference in browser.get("/agents/").content.decode()
    page = browser.get(f"/agents/dossiers/{case.reference}").content.decode()
    assert "Ada Test" in page
    assert post(browser, case, "action", transition="start", version=str(case.version)) == 302
    case.refresh_from_db()
    assert case.state == "checking"
    drain()
    assert Email.objects.filter(to="ada@lac.example").exists()
    assert (
        "En cours"
        in cast.client(cast.resident).get(f"/mes-demandes/{case.reference}").content.decode()
    )


@pytest.mark.parametrize("who", ["commune_agent"])
def test_a_case_of_another_organisation_is_not_found(cast: Cast, case: Case, who: str) -> None:
    browser = cast.client(getattr(cast, who))
    assert browser.get(f"/agents/dossiers/{case.reference}").status_code == 404
    for act in ("action", "messages", "attribution", "transfert"):
        assert post(browser, case, act, version="1") == 404
    assert case.reference not in browser.get("/agents/").content.decode()
    assert case.reference not in browser.get("/agents/points.geojson").content.decode()
    found = browser.get("/agents/?text=" + case.reference).content.decode()
    assert f"/agents/dossiers/{case.reference}" not in found


def test_of_two_agents_on_one_case_the_second_is_told_and_nothing_is_overwritten(
    cast: Cast, case: Case
) -> None:
    first, second = cast.client(cast.agent), cast.client(cast.colleague)
    seen = str(case.version)
    assert post(first, case, "action", transition="start", version=seen) == 302
    answer = second.post(
        f"/agents/dossiers/{case.reference}/action",
        {"transition": "refuse", "version": seen, "message": "Refus motivé", "reason": "Motif"},
    )
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "Carole Test" in html
    assert "Refus motivé" in html
    case.refresh_from_db()
    assert case.state == "checking"


def test_private_notes_never_reach_the_person(cast: Cast, case: Case) -> None:
    post(cast.client(cast.agent), case, "messages", kind="note", body="Dossier douteux", key="n1")
    post(
        cast.client(cast.agent), case, "messages", kind="reply", body="Bonjour, bien reçu", key="r1"
    )
    html = cast.client(cast.resident).get(f"/mes-demandes/{case.reference}").content.decode()
    assert "bien reçu" in html
    assert "douteux" not in html


def test_a_message_posted_twice_is_one_message(cast: Cast, case: Case) -> None:
    browser = cast.client(cast.agent)
    for _attempt in range(2):
        assert post(browser, case, "messages", kind="reply", body="Bonjour", key="once") == 302
    assert Message.objects.count() == 1


def test_many_cases_are_taken_at_once_and_given_back(cast: Cast) -> None:
    reports_made = [report(cast, "eclairage", f"Lampe {n}") for n in range(3)]
    browser = cast.client(cast.agent)
    ids = [str(each.pk) for each in reports_made]
    answer = browser.post("/agents/groupe", {"selected": ids, "action": "take", "next": "/agents/"})
    operation = re.search(r"annuler=(\d+)", answer["Location"])
    assert operation
    assert Case.objects.filter(assignee=cast.agent).count() == 3
    browser.post(f"/agents/groupe/{operation[1]}/annulation")
    assert not Case.objects.filter(assignee=cast.agent).exists()


def test_a_filter_that_is_not_understood_is_said_so_and_everything_is_shown(
    cast: Cast, case: Case
) -> None:
    answer = cast.client(cast.agent).get("/agents/?licorne=1&created_from=hier")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "n’existe pas" in html
    assert case.reference in html


def test_a_saved_filter_is_in_the_menu_of_its_owner_only(cast: Cast, case: Case) -> None:
    browser = cast.client(cast.agent)
    browser.post("/agents/filtres", {"name": "Mes composteurs", "query": "kinds=request&open=all"})
    assert "Mes composteurs" in browser.get("/agents/").content.decode()
    assert "Mes composteurs" not in cast.client(cast.colleague).get("/agents/").content.decode()


def test_a_reference_typed_in_the_search_opens_the_case(cast: Cast, case: Case) -> None:
    answer = cast.client(cast.agent).get("/agents/chercher", {"q": case.reference.lower()})
    assert answer["Location"].endswith(case.reference)


def test_a_transfer_hands_the_case_and_its_history_over(cast: Cast) -> None:
    case = report(cast, "eclairage", "Lampe éteinte")
    target = str(
        cast.actor(cast.commune_agent).organisation_ids
        and next(iter(cast.actor(cast.commune_agent).organisation_ids))
    )
    browser = cast.client(cast.agent)
    answer = browser.post(
        f"/agents/dossiers/{case.reference}/transfert",
        {"organisation": target, "reason": "Voie communale", "version": str(case.version)},
    )
    assert answer["Location"] == "/agents/"
    assert browser.get(f"/agents/dossiers/{case.reference}").status_code == 404
    html = (
        cast.client(cast.commune_agent).get(f"/agents/dossiers/{case.reference}").content.decode()
    )
    assert "transféré" in html


def test_the_inbox_takes_a_constant_number_of_queries(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = cast.client(cast.agent)
    browser.get("/agents/")
    for count in (1, 12):
        for n in range(count):
            report(cast, "eclairage", f"Lampe {count} {n}")
        with django_assert_max_num_queries(16):
            assert browser.get("/agents/").status_code == 200


def test_pages_of_the_inbox_follow_each_other_without_a_gap(cast: Cast) -> None:
    made = {report(cast, "eclairage", f"Lampe {n}").reference for n in range(60)}
    browser = cast.client(cast.agent)
    found: list[str] = []
    path = "/agents/"
    while path:
        html = browser.get(path).content.decode()
        found += re.findall(r'data-href="/agents/dossiers/([^"]+)"', html)
        following = re.search(r'rel="next" href="([^"]*)"', html)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == 60
    assert set(found) == made


def test_managers_run_their_own_organisation_only(cast: Cast) -> None:
    browser = cast.client(cast.commune_agent)
    assert browser.get("/agents/organisations/villeneuve-du-lac").status_code == 200
    assert browser.get("/agents/organisations/metropole-du-lac").status_code == 404
    answer = browser.post(
        "/agents/organisations/metropole-du-lac/changement",
        {"do": "add", "email": "intrus@lac.example", "role": "administrator"},
    )
    assert answer.status_code == 404
    assert not Membership.objects.filter(user__email="intrus@lac.example").exists()


def test_the_platform_page_is_for_its_administrators(cast: Cast) -> None:
    assert cast.client(cast.administrator).get("/agents/plateforme").status_code == 200
    assert cast.client(cast.colleague).get("/agents/plateforme").status_code == 404


def test_the_journal_of_an_organisation_is_for_its_administrators(cast: Cast, case: Case) -> None:
    path = "/agents/organisations/metropole-du-lac/journal"
    assert "case.opened" in cast.client(cast.administrator).get(path).content.decode()
    assert cast.client(cast.agent).get(path).status_code == 404
    assert cast.client(cast.commune_agent).get(path).status_code == 404


def test_the_case_page_is_worked_by_single_keys(cast: Cast, case: Case) -> None:
    """a takes, r writes, c points at what closes; nothing else answers to these keys."""
    browser = cast.client(cast.agent)
    post(browser, case, "action", transition="start", version=str(case.version))
    page = browser.get(f"/agents/dossiers/{case.reference}").content.decode()
    found = re.findall(r'<(\w+)[^>]*data-key="([arc])"([^>]*)', page)
    assert {key: tag for tag, key, _rest in found} == {
        "a": "button",
        "r": "textarea",
        "c": "button",
    }
    # A key never closes a case by itself: it points at the button.
    assert "data-key-focus" in next(rest for _tag, key, rest in found if key == "c")


def test_what_closes_is_an_answer_before_a_refusal(cast: Cast, case: Case) -> None:
    workflow = queries.workflow_of(case)
    offered = {each.id: each for each in workflow.transitions}
    ends = [each for each in workflow.transitions if not rules.state_of(workflow, each.target).open]  # type: ignore[union-attr]
    assert present.closing(workflow, list(reversed(ends))) != ""
    assert offered[present.closing(workflow, ends)].style != "danger"
    assert (
        present.closing(workflow, [each for each in workflow.transitions if each not in ends]) == ""
    )


def test_selected_cases_are_offered_the_teams_of_their_organisations_only(cast: Cast) -> None:
    def offered(browser: Client) -> list[str]:
        page = browser.get("/agents/").content.decode()
        select = page.split('id="bulk-team"')[1].split("</select>")[0]
        return re.findall(r'<option value="\d+"[^>]*>([^<]+)', select)

    browser = cast.client(cast.administrator)
    assert offered(browser) == []
    sent = report(cast)
    one = offered(browser)
    assert one
    # One organisation on the page: its teams, without its name before each.
    names = Team.objects.filter(organisation=sent.organisation_id, is_active=True)
    assert sorted(one) == sorted(team.name for team in names)
    # A second organisation on the page: the teams of both, told apart.
    case = Case.objects.get()
    other = Team.objects.exclude(organisation=case.organisation_id).first()
    assert other is not None
    second = report(cast, text="Un fauteuil")
    Case.objects.filter(pk=second.pk).update(organisation=other.organisation, team=other)
    both = offered(browser)
    assert len(both) > len(one)
    assert all(" – " in name for name in both)
