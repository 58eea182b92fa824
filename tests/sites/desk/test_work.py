"""From a report: regroup, share out, plan, hand over; the rules that brought it here."""

from __future__ import annotations

import pytest
from tests.cast import INSIDE, Cast

from socle.capabilities.casework.models import Case, Merge
from socle.domains.reports import actions
from socle.domains.reports.models import ExternalBody, Handover, Intervention, RoutingRule
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import ANONYMOUS

pytestmark = pytest.mark.django_db


def report(category: str = "depot-sauvage", offset: float = 0.0) -> Case:
    return actions.submit_report(
        actor=ANONYMOUS, category_id=category, lon=INSIDE[0] + offset, lat=INSIDE[1],
        description="Un matelas", contact={"email": f"p{offset}@exemple.fr"},
    ).case  # fmt: skip


def test_the_page_offers_reports_close_by_and_regroups_those_ticked(cast: Cast) -> None:
    survivor, other = report(), report(offset=0.0001)
    browser = cast.client(cast.commune_agent)
    page = browser.get(f"/agents/dossiers/{survivor.reference}").content.decode()
    assert f'value="{other.pk}:{other.version}"' in page
    answer = browser.post(
        f"/agents/dossiers/{survivor.reference}/regroupement",
        {"version": survivor.version, "other": [f"{other.pk}:{other.version}"]},
    )
    assert answer.status_code == 302
    other.refresh_from_db()
    assert other.merged_into == survivor
    shown = browser.get(f"/agents/dossiers/{other.reference}").content.decode()
    assert f"/agents/dossiers/{survivor.reference}" in shown
    merge = Merge.objects.get()
    browser.post(f"/agents/dossiers/{survivor.reference}/regroupement/{merge.pk}")
    other.refresh_from_db()
    assert other.merged_into is None
    assert other.is_open


def test_a_stale_version_regroups_nothing_and_says_so(cast: Cast) -> None:
    survivor, other = report(), report(offset=0.0001)
    answer = cast.client(cast.commune_agent).post(
        f"/agents/dossiers/{survivor.reference}/regroupement",
        {"version": survivor.version, "other": [f"{other.pk}:{other.version + 1}"]},
    )
    assert answer.status_code == 409
    assert not Merge.objects.exists()


def test_another_organisation_s_report_is_never_regrouped(cast: Cast) -> None:
    survivor, other = report(), report("nid-de-poule")
    assert survivor.organisation_id != other.organisation_id
    answer = cast.client(cast.commune_agent).post(
        f"/agents/dossiers/{survivor.reference}/regroupement",
        {"version": survivor.version, "reference": other.reference},
    )
    assert answer.status_code == 404
    assert not Merge.objects.exists()


def test_a_report_is_shared_out_among_teams(cast: Cast) -> None:
    case = report()
    browser = cast.client(cast.commune_agent)
    team = accounts.teams_in(case.organisation_id).get(slug="accueil")
    browser.post(
        f"/agents/dossiers/{case.reference}/repartition",
        {"version": case.version, "title-1": "Enlever", "team-1": team.pk, "title-2": "Nettoyer"},
    )
    assert sorted(case.children.values_list("title", flat=True)) == ["Enlever", "Nettoyer"]
    assert "Enlever" in browser.get(f"/agents/dossiers/{case.reference}").content.decode()


def test_work_is_planned_started_and_finished(cast: Cast) -> None:
    case, beside = report(), report(offset=0.0001)
    browser = cast.client(cast.commune_agent)
    team = accounts.teams_in(case.organisation_id).get(slug="proprete")
    browser.post(
        f"/agents/dossiers/{case.reference}/intervention",
        {"title": "Enlever deux matelas", "who": f"team-{team.pk}", "planned_for": "2027-01-04",
         "other": [f"{beside.pk}:{beside.version}"], "key": "k1"},
    )  # fmt: skip
    order = Intervention.objects.get()
    assert order.cases.count() == 2
    address = f"/agents/interventions/{order.reference}"
    assert "Enlever deux matelas" in browser.get("/agents/interventions").content.decode()
    browser.post(f"{address}/action", {"do": "start", "version": order.version})
    order.refresh_from_db()
    browser.post(
        f"{address}/action",
        {"do": "finish", "version": order.version, "report": "Fait", "minutes": "35",
         "parts": "2 x sac\nGants", "resolve": "on"},
    )  # fmt: skip
    order.refresh_from_db()
    assert (order.state, order.minutes) == ("done", 35)
    assert order.parts == [{"label": "sac", "quantity": 2}, {"label": "Gants", "quantity": 1}]
    case.refresh_from_db()
    assert case.public_status == "resolved"
    assert "2 × sac" in browser.get(address).content.decode()


def test_nobody_chosen_is_said_beside_the_field(cast: Cast) -> None:
    case = report()
    answer = cast.client(cast.commune_agent).post(
        f"/agents/dossiers/{case.reference}/intervention", {"title": "x", "who": ""}
    )
    assert answer.status_code == 422
    assert not Intervention.objects.exists()


def test_another_organisation_s_order_does_not_exist(cast: Cast) -> None:
    case = report()
    browser = cast.client(cast.commune_agent)
    team = accounts.teams_in(case.organisation_id).get(slug="proprete")
    browser.post(f"/agents/dossiers/{case.reference}/intervention", {"who": f"team-{team.pk}"})
    order = Intervention.objects.get()
    stranger = cast.client(cast.agent)
    assert stranger.get(f"/agents/interventions/{order.reference}").status_code == 404
    assert stranger.post(f"/agents/interventions/{order.reference}/action").status_code == 404
    assert order.reference not in stranger.get("/agents/interventions").content.decode()


def test_a_report_is_handed_over_and_taken_back(cast: Cast) -> None:
    case = report()
    ExternalBody.objects.create(
        organisation_id=case.organisation_id, key="bailleur", name="Le bailleur", means="email",
        email="bailleur@exemple.fr",
    )  # fmt: skip
    browser = cast.client(cast.commune_agent)
    base = f"/agents/dossiers/{case.reference}"
    body = ExternalBody.objects.get(key="bailleur")
    assert "Le bailleur" in browser.get(base).content.decode()
    browser.post(f"{base}/organisme", {"do": "send", "body": body.pk, "reason": "Terrain privé"})
    assert Handover.objects.get().ended_at is None
    browser.post(f"{base}/organisme", {"do": "back"})
    assert Handover.objects.get().state == "returned"


def test_a_rule_is_tried_written_moved_and_removed(cast: Cast) -> None:
    case = report()
    slug = case.organisation.slug
    browser = cast.client(cast.commune_agent)
    team = accounts.teams_in(case.organisation_id).get(slug="accueil")
    typed = {"name": "Matelas", "condition": 'text contains "matelas"', "to": f"team-{team.pk}",
             "priority": "1", "enabled": "on"}  # fmt: skip
    address = f"/agents/organisations/{slug}/regles"
    tried = browser.post(f"{address}/ecriture", {**typed, "do": "try"}).content.decode()
    assert "1 irait ailleurs" in tried or "1 signalement lu" in tried
    assert not RoutingRule.objects.filter(name="Matelas").exists()
    browser.post(f"{address}/ecriture", {**typed, "do": "save"})
    rule = RoutingRule.objects.get(name="Matelas")
    routed = report(offset=0.001)
    assert routed.team == team
    assert "Matelas" in browser.get(f"/agents/dossiers/{routed.reference}").content.decode()
    browser.post(f"{address}/{rule.pk}", {"do": "up"})
    browser.post(f"{address}/{rule.pk}", {"do": "delete"})
    assert not RoutingRule.objects.filter(name="Matelas").exists()


def test_a_condition_that_makes_no_sense_is_refused_and_kept(cast: Cast) -> None:
    slug = report().organisation.slug
    answer = cast.client(cast.commune_agent).post(
        f"/agents/organisations/{slug}/regles/ecriture",
        {"name": "Fausse", "condition": "colour == 3", "to": "", "do": "save"},
    )
    assert answer.status_code == 422
    assert "colour == 3" in answer.content.decode()


def test_rules_of_another_organisation_do_not_exist(cast: Cast) -> None:
    slug = report().organisation.slug
    stranger = cast.client(cast.agent)
    assert stranger.get(f"/agents/organisations/{slug}/regles").status_code == 404
    assert stranger.post(f"/agents/organisations/{slug}/regles/ecriture").status_code == 404
