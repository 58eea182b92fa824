"""Many reports at once: close, regroup, share out again, put aside; ready-made words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.test import Client
from tests.cast import INSIDE, PACKS, Cast

from socle.capabilities.casework import registry
from socle.capabilities.casework.models import Case
from socle.domains.reports import actions
from socle.domains.reports.models import PublicReport
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.packs import actions as packs

pytestmark = pytest.mark.django_db

EXTRA = """
[[transition]]
id = "spam"
label = "Indésirable"
from = ["received", "in-progress"]
to = "duplicate"
needs = ["reason"]
"""
TEXTS = """
[[closing]]
id = "done"
label = "Fait"
transitions = ["resolve"]
body = "C’est fait, dossier {reference}."
"""


@pytest.fixture
def desk(cast: Cast, tmp_path: Path) -> Cast:
    """The small pack with an act for spam and ready-made closing words."""
    folder = tmp_path / "pack"
    shutil.copytree(PACKS / "lakeside", folder)
    for name, text in (("workflow", EXTRA), ("categories", TEXTS)):
        with (folder / "reports" / f"{name}.toml").open("a", encoding="utf-8") as stream:
            stream.write(text)
    packs.apply(folder)
    registry.definition_of.cache_clear()
    return cast


def report(category: str = "depot-sauvage", offset: float = 0.0) -> Case:
    return actions.submit_report(
        actor=ANONYMOUS, category_id=category, lon=INSIDE[0] + offset, lat=INSIDE[1],
        description="Un matelas", contact={"email": f"p{offset}@exemple.fr"},
    ).case  # fmt: skip


def bulk(browser: Client, action: str, *cases: Case) -> str:
    asked = {"action": action, "selected": [each.pk for each in cases]}
    return browser.post("/agents/groupe", asked, follow=True).content.decode()


def test_reports_are_put_aside_as_spam_and_leave_the_public_map(desk: Cast) -> None:
    robot, real = report(), report(offset=0.001)
    bulk(desk.client(desk.commune_agent), "spam", robot)
    robot.refresh_from_db()
    real.refresh_from_db()
    assert (robot.is_open, real.is_open) == (False, True)
    assert not PublicReport.objects.filter(pk=robot.pk, visible=True).exists()


def test_spam_of_another_organisation_stays_where_it_is(desk: Cast) -> None:
    other = report("nid-de-poule")
    bulk(desk.client(desk.commune_agent), "spam", other)
    other.refresh_from_db()
    assert other.is_open


def test_the_oldest_of_those_ticked_takes_the_others_in(desk: Cast) -> None:
    first, second = report(), report(offset=0.0001)
    browser = desk.client(desk.commune_agent)
    assert "au moins deux" in bulk(browser, "merge", first)
    page = bulk(browser, "merge", second, first)
    assert first.reference in page
    second.refresh_from_db()
    assert second.merged_into == first


def test_a_stranger_s_report_is_not_regrouped(desk: Cast) -> None:
    mine, other = report(), report("nid-de-poule")
    bulk(desk.client(desk.commune_agent), "merge", mine, other)
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.merged_into, other.merged_into) == (None, None)


def test_reports_go_through_today_s_rules_again(desk: Cast) -> None:
    case = report()
    browser = desk.client(desk.commune_agent)
    team = accounts.teams_in(case.organisation_id).get(slug="accueil")
    browser.post(
        f"/agents/organisations/{case.organisation.slug}/regles/ecriture",
        {"name": "Matelas", "condition": 'text contains "matelas"', "to": f"team-{team.pk}",
         "priority": "", "enabled": "on", "do": "save"},
    )  # fmt: skip
    assert "1 signalement a changé de mains" in bulk(browser, "reroute", case)
    case.refresh_from_db()
    assert case.team == team
    assert "déjà au bon endroit" in bulk(browser, "reroute", case)


def test_reports_are_closed_together_and_that_is_undone(desk: Cast) -> None:
    one, two, foreign = report(), report(offset=0.001), report("nid-de-poule")
    browser = desk.client(desk.commune_agent)
    asked = {"action": "close", "selected": [one.pk, two.pk, foreign.pk]}
    answer = browser.post("/agents/groupe", asked)
    states = [Case.objects.get(pk=each.pk).public_status for each in (one, two, foreign)]
    assert states == ["resolved", "resolved", "received"]
    operation = answer["Location"].partition("annuler=")[2]
    browser.post(f"/agents/groupe/{operation}/annulation")
    assert Case.objects.get(pk=one.pk).is_open


def test_an_act_nobody_knows_is_refused(desk: Cast) -> None:
    answer = desk.client(desk.commune_agent).post(
        "/agents/groupe", {"action": "explode", "selected": [report().pk]}
    )
    assert answer.status_code == 422


def test_ready_made_words_are_offered_where_the_report_is_closed(desk: Cast) -> None:
    case = report()
    browser = desk.client(desk.commune_agent)
    page = browser.get(f"/agents/dossiers/{case.reference}").content.decode()
    assert f'data-insert="C’est fait, dossier {case.reference}."' in page
    assert 'data-into="message-resolve"' in page
    # A closing that needs no word still needs none.
    browser.post(
        f"/agents/dossiers/{case.reference}/action",
        {"transition": "resolve", "version": case.version, "message": ""},
    )
    case.refresh_from_db()
    assert not case.is_open
