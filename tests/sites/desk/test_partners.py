"""Companies, outside bodies, absences: read by agents, written by those who manage."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.cast import INSIDE, Cast, member, person

from socle.domains.reports import actions
from socle.domains.reports.models import Absence, Contractor, ExternalBody, Handover
from socle.foundations.accounts.actors import ANONYMOUS

pytestmark = pytest.mark.django_db
BASE = "/agents/organisations/villeneuve-du-lac"


@pytest.fixture
def plain(cast: Cast):  # type: ignore[no-untyped-def]
    """The browser and the account of an agent who manages nothing."""
    agent = member(person("hugo"), "villeneuve-du-lac", "agent", "proprete")
    return cast.client(agent), agent


def test_a_company_is_added_once_and_closed(cast: Cast) -> None:
    browser = cast.client(cast.commune_agent)
    address = f"{BASE}/entreprises"
    browser.post(f"{address}/changement", {"name": "Lac Travaux", "email": "t@exemple.fr"})
    again = browser.post(f"{address}/changement", {"name": "lac  travaux"})
    assert again.status_code == 422
    company = Contractor.objects.get()
    assert "t@exemple.fr" in browser.get(address).content.decode()
    browser.post(f"{address}/changement", {"do": "close", "contractor": company.pk})
    company.refresh_from_db()
    assert not company.active
    # Added again, it is the same one.
    browser.post(f"{address}/changement", {"name": "Lac Travaux"})
    assert Contractor.objects.get().active


def test_an_address_that_is_none_is_refused_beside_its_field(cast: Cast) -> None:
    answer = cast.client(cast.commune_agent).post(
        f"{BASE}/entreprises/changement", {"name": "Lac Travaux", "email": "pas une adresse"}
    )
    assert answer.status_code == 422
    assert "pas une adresse" in answer.content.decode()
    assert not Contractor.objects.exists()


def test_an_agent_reads_companies_and_chooses_none(cast: Cast, plain) -> None:  # type: ignore[no-untyped-def]
    browser, _agent = plain
    assert browser.get(f"{BASE}/entreprises").status_code == 200
    answer = browser.post(f"{BASE}/entreprises/changement", {"name": "Amis"})
    assert answer.status_code == 403
    assert not Contractor.objects.exists()


def test_another_organisation_s_company_is_not_closed(cast: Cast) -> None:
    case = actions.submit_report(
        actor=ANONYMOUS, category_id="nid-de-poule", lon=INSIDE[0], lat=INSIDE[1],
        description="Un trou", contact={"email": "p@exemple.fr"},
    ).case  # fmt: skip
    company = Contractor.objects.create(organisation_id=case.organisation_id, name="Autre")
    answer = cast.client(cast.commune_agent).post(
        f"{BASE}/entreprises/changement", {"do": "close", "contractor": company.pk}
    )
    assert answer.status_code == 404
    company.refresh_from_db()
    assert company.active


def test_a_failed_hand_over_is_shown_and_sent_again_once(cast: Cast) -> None:
    case = actions.submit_report(
        actor=ANONYMOUS, category_id="depot-sauvage", lon=INSIDE[0], lat=INSIDE[1],
        description="Un matelas", contact={"email": "p@exemple.fr"},
    ).case  # fmt: skip
    body = ExternalBody.objects.create(
        organisation_id=case.organisation_id, key="bailleur", name="Le bailleur", means="email",
        email="bailleur@exemple.fr",
    )  # fmt: skip
    handover = Handover.objects.create(
        case=case, body=body, state=Handover.State.FAILED, error="boîte pleine",
        created_at=timezone.now(),
    )  # fmt: skip
    browser = cast.client(cast.commune_agent)
    page = browser.get(f"{BASE}/organismes").content.decode()
    assert "boîte pleine" in page
    assert "bailleur@exemple.fr" in page
    address = f"{BASE}/organismes/{handover.pk}/envoi"
    assert cast.client(cast.agent).post(address).status_code == 404
    assert browser.post(address).status_code == 302
    handover.refresh_from_db()
    assert handover.state == Handover.State.QUEUED
    assert browser.post(address).status_code == 404


def test_an_agent_says_their_own_absence_only(cast: Cast, plain) -> None:  # type: ignore[no-untyped-def]
    browser, agent = plain
    address = f"{BASE}/absences"
    day = timezone.localdate() + timedelta(days=3)
    asked = {"begins": day.isoformat(), "ends": day.isoformat(), "cover": cast.commune_agent.pk}
    assert browser.post(f"{address}/changement", asked).status_code == 302
    absence = Absence.objects.get()
    assert (absence.user, absence.cover) == (agent, cast.commune_agent)
    assert "Remplacement" in browser.get(address).content.decode()
    other = browser.post(f"{address}/changement", asked | {"user": cast.commune_agent.pk})
    assert other.status_code == 403
    # Who manages may, and may take it back.
    manager = cast.client(cast.commune_agent)
    manager.post(f"{address}/changement", {"do": "cancel", "absence": absence.pk})
    assert not Absence.objects.exists()


def test_an_absence_without_a_date_or_backwards_is_refused_and_kept(cast: Cast) -> None:
    browser = cast.client(cast.commune_agent)
    for asked in ({"begins": "2027-01-05"}, {"begins": "2027-01-05", "ends": "2027-01-04"}):
        answer = browser.post(f"{BASE}/absences/changement", asked)
        assert answer.status_code == 422
        assert "2027-01-05" in answer.content.decode()
    assert not Absence.objects.exists()


def test_the_desk_leads_to_one_s_own_absences(cast: Cast, plain) -> None:  # type: ignore[no-untyped-def]
    browser, _agent = plain
    assert browser.get("/agents/absences")["Location"] == f"{BASE}/absences"
