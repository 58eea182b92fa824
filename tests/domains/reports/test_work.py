"""Interventions, what people answer, spam: the work around a report."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cast import INSIDE, PACKS, Cast, photo

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case, CaseDocument
from socle.capabilities.notifications.models import Email, Notification
from socle.domains.reports import actions, queries
from socle.domains.reports.models import Contractor, Feedback, FieldAct, Intervention, PublicReport
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import ANONYMOUS, Actor
from socle.foundations.files import actions as files
from socle.foundations.packs import actions as packs
from socle.foundations.territories import queries as territories
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Denied, Gone, Invalid, NotFound

pytestmark = pytest.mark.django_db


def sent(clock: Any = None, **given: Any) -> actions.Sent:
    lon, lat = INSIDE
    asked: dict[str, Any] = {
        "actor": ANONYMOUS, "category_id": "nid-de-poule", "lon": lon, "lat": lat,
        "description": "Un trou",
    }  # fmt: skip
    if clock is not None:
        asked["clock"] = clock
    return actions.submit_report(**(asked | given))


def team_id(slug: str, organisation: str = "metropole-du-lac") -> int:
    found = accounts.team_by_slug(territories.organisation(organisation).pk, slug)
    assert found is not None
    return found.pk


def plan(actor: Actor, *references: Case, **given: Any) -> Intervention:
    asked: dict[str, Any] = {"team_id": team_id("voirie"), "planned_for": date(2026, 3, 4)}
    if "contractor_id" in given:
        asked.pop("team_id")
    return actions.plan_intervention(
        actor=actor, case_ids=[each.pk for each in references], **(asked | given)
    )


def test_one_order_for_several_reports_closes_them_all_once_done(
    cast: Cast, clock: FixedClock
) -> None:
    agent = cast.actor(cast.agent)
    first, second = sent().case, sent().case
    order = plan(agent, first, second, title="Enrobé rue du Lac")
    first.refresh_from_db()
    assert (order.reference[:2], first.public_status) == ("BT", "planned")
    stops = queries.round_of(agent)
    assert [(stop.kind, stop.id, len(stop.cases)) for stop in stops] == [
        ("intervention", order.pk, 2)
    ]
    actions.start_intervention(actor=agent, intervention_id=order.pk)
    received = files.receive(upload=photo(), name="apres.jpg", actor=agent)
    done = actions.finish_intervention(
        actor=agent, intervention_id=order.pk, report="Rebouché", minutes=45,
        parts=[{"label": "Enrobé à froid (sac)", "quantity": 3}],
        photos=[actions.FieldPhoto(str(received.pk), "after", second.pk)],
    )  # fmt: skip
    assert (done.state, done.minutes, done.parts[0]["quantity"]) == ("done", 45, 3)
    for case in (first, second):
        case.refresh_from_db()
        assert (case.public_status, case.is_open) == ("resolved", False)
    assert CaseDocument.objects.get(kind="after").case_id == second.pk
    assert queries.round_of(agent) == []


def test_several_orders_for_one_report_close_it_with_the_last(cast: Cast) -> None:
    agent = cast.actor(cast.agent)
    case = sent().case
    first, second = plan(agent, case), plan(agent, case)
    actions.finish_intervention(actor=agent, intervention_id=first.pk)
    case.refresh_from_db()
    assert case.is_open
    actions.finish_intervention(actor=agent, intervention_id=second.pk)
    case.refresh_from_db()
    assert not case.is_open


def test_a_phone_that_sends_twice_does_it_once(cast: Cast) -> None:
    agent, case = cast.actor(cast.agent), sent().case
    order = plan(agent, case, idempotency_key="plan-1")
    assert plan(agent, case, idempotency_key="plan-1").pk == order.pk
    for _each in range(2):
        actions.finish_intervention(
            actor=agent, intervention_id=order.pk, minutes=5, idempotency_key="done-1"
        )
    assert FieldAct.objects.count() == 1
    with pytest.raises(Conflict):
        actions.finish_intervention(actor=agent, intervention_id=order.pk, idempotency_key="two")
    with pytest.raises(Conflict):
        actions.cancel_intervention(
            actor=agent, intervention_id=order.pk, reason="Pluie", idempotency_key="done-1"
        )


def test_orders_stay_within_their_organisation(cast: Cast) -> None:
    agent, stranger = cast.actor(cast.agent), cast.actor(cast.commune_agent)
    case = sent().case
    with pytest.raises(NotFound):
        plan(stranger, case)
    order = plan(agent, case)
    for act in (actions.start_intervention, actions.finish_intervention):
        with pytest.raises(NotFound):
            act(actor=stranger, intervention_id=order.pk)
    assert queries.interventions(stranger).rows == []
    assert [each.pk for each in queries.interventions(agent).rows] == [order.pk]
    elsewhere = sent(category_id="tag").case
    cast.administrator.refresh_from_db()
    with pytest.raises(Invalid):
        plan(cast.actor(cast.administrator), case, elsewhere)
    with pytest.raises(Invalid):
        plan(agent, case, team_id=team_id("proprete", "villeneuve-du-lac"))


def test_a_company_is_told_the_places_and_nobody_s_name(cast: Cast) -> None:
    home = territories.organisation("metropole-du-lac")
    company = Contractor.objects.create(
        organisation=home, name="Travaux du Lac", email="chef@travaux.example"
    )
    case = sent(contact={"name": "Ada Secret", "email": "ada@lac.example"}).case
    Email.objects.all().delete()
    plan(cast.actor(cast.agent), case, contractor_id=company.pk)
    letter = Email.objects.get(to="chef@travaux.example")
    assert case.reference in letter.text
    assert "Secret" not in letter.text


@pytest.fixture
def reopenable(cast: Cast, tmp_path: Path) -> Cast:
    """The small pack, whose people may reopen within ten days and agents mark spam."""
    import shutil

    folder = tmp_path / "lakeside"
    shutil.copytree(PACKS / "lakeside", folder)
    workflow = folder / "reports" / "workflow.toml"
    text = workflow.read_text("utf-8").replace(
        'who = ["manager"]', 'who = ["manager", "applicant"]'
    )
    text += """
[[state]]
id = "archived"
label = "Archivé"
public = "resolved"
open = false

[[transition]]
id = "archive"
label = "Archiver"
from = ["resolved"]
to = "archived"
who = ["system"]

[[transition]]
id = "spam"
label = "Indésirable"
from = ["received", "in-progress"]
to = "duplicate"
needs = ["reason"]

[[timer]]
state = "resolved"
days = 10
transition = "archive"
"""
    workflow.write_text(text, "utf-8")
    with (folder / "reports" / "categories.toml").open("a", encoding="utf-8") as stream:
        stream.write(
            '\n[[closing]]\nid = "done"\nlabel = "Fait"\ntransitions = ["resolve"]\n'
            'body = "C’est fait, dossier {reference}."\n'
            '\n[[closing]]\nid = "road"\nlabel = "Chaussée"\ntransitions = ["resolve"]\n'
            'categories = ["nid-de-poule"]\nbody = "La chaussée est réparée."\n'
        )
    packs.apply(folder)
    return cast


def closed(cast: Cast, clock: FixedClock) -> actions.Sent:
    opened = sent(clock)
    agent = cast.actor(cast.agent)
    taken = casework.perform(
        actor=agent, case_id=opened.case.pk, transition_id="start",
        version=opened.case.version, clock=clock,
    )  # fmt: skip
    casework.perform(
        actor=agent, case_id=taken.pk, transition_id="resolve", version=taken.version, clock=clock
    )
    return opened


def test_still_not_fixed_opens_it_again_and_reaches_the_agent(
    reopenable: Cast, clock: FixedClock
) -> None:
    opened = closed(reopenable, clock)
    with pytest.raises(NotFound):
        actions.not_fixed(actor=ANONYMOUS, case_id=opened.case.pk, message="Non", clock=clock)
    with pytest.raises(Invalid):
        actions.not_fixed(
            actor=ANONYMOUS, case_id=opened.case.pk, message=" ",
            follow_token=opened.follow_token, clock=clock,
        )  # fmt: skip
    clock.advance(timedelta(days=9))
    case = actions.not_fixed(
        actor=ANONYMOUS, case_id=opened.case.pk, message="Le trou est revenu",
        follow_token=opened.follow_token, clock=clock,
    )  # fmt: skip
    assert case.is_open
    assert case.has_news
    assert Notification.objects.filter(user=reopenable.agent, kind="report.not_fixed").count() == 1


def test_after_the_delay_it_is_not_opened_again(reopenable: Cast, clock: FixedClock) -> None:
    opened = closed(reopenable, clock)
    clock.advance(timedelta(days=11))
    with pytest.raises(Gone):
        actions.not_fixed(
            actor=ANONYMOUS, case_id=opened.case.pk, message="Le trou est revenu",
            follow_token=opened.follow_token, clock=clock,
        )  # fmt: skip


def test_an_opinion_is_given_once_by_who_sent_the_report(
    reopenable: Cast, clock: FixedClock
) -> None:
    opened = closed(reopenable, clock)
    asked: dict[str, Any] = {
        "case_id": opened.case.pk, "score": 4, "follow_token": opened.follow_token, "clock": clock,
    }  # fmt: skip
    with pytest.raises(NotFound):
        actions.give_feedback(actor=ANONYMOUS, case_id=opened.case.pk, score=1)
    with pytest.raises(Invalid):
        actions.give_feedback(actor=ANONYMOUS, **(asked | {"score": 6}))
    actions.give_feedback(actor=ANONYMOUS, **asked)
    with pytest.raises(Conflict):
        actions.give_feedback(actor=ANONYMOUS, **asked)
    assert Feedback.objects.get().score == 4
    still_open = sent(clock)
    with pytest.raises(Conflict):
        actions.give_feedback(
            actor=ANONYMOUS, case_id=still_open.case.pk, score=5,
            follow_token=still_open.follow_token,
        )  # fmt: skip


def test_spam_is_closed_hidden_and_nobody_is_written_to(reopenable: Cast) -> None:
    case = sent(contact={"email": "robot@spam.example"}).case
    Email.objects.all().delete()
    agent = reopenable.actor(reopenable.agent)
    stranger = reopenable.actor(reopenable.commune_agent)
    assert actions.mark_spam(actor=stranger, case_ids=[case.pk]).done == []
    assert actions.mark_spam(actor=agent, case_ids=[case.pk]).done == [case.pk]
    case.refresh_from_db()
    assert not case.is_open
    assert PublicReport.objects.get(pk=case.pk).visible is False
    assert Email.objects.count() == 0


def test_a_workflow_without_spam_says_so(cast: Cast) -> None:
    case = sent().case
    result = actions.mark_spam(actor=cast.actor(cast.agent), case_ids=[case.pk])
    assert "ne permet pas" in result.skipped[case.pk]


def test_closing_texts_are_of_the_act_and_of_the_category(reopenable: Cast) -> None:
    case, actor = sent().case, reopenable.actor(reopenable.agent)
    texts = queries.closing_texts(actor, case, "resolve")
    assert [each.id for each in texts] == ["road", "done"]
    assert case.reference in texts[1].body
    assert queries.closing_texts(actor, case, "start") == []
    other = sent(category_id="eclairage").case
    assert [each.id for each in queries.closing_texts(actor, other, "resolve")] == ["done"]


def test_an_agent_s_own_report_is_not_theirs_to_plan(cast: Cast) -> None:
    case = sent(actor=cast.actor(cast.agent)).case
    with pytest.raises(Denied):
        plan(cast.actor(cast.agent), case)
    assert cases.thread(case, internal=True) == []
