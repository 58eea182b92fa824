"""Given to somebody outside: queued, delivered once, failures seen, back with its history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.cast import INSIDE, Cast

from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications.models import Email
from socle.domains.reports import actions
from socle.domains.reports.handovers import actions as handovers
from socle.domains.reports.handovers import queries, registry, rules
from socle.domains.reports.handovers.calling import WebhookSender
from socle.domains.reports.handovers.ports import NotSent, Outgoing, Sent, Update
from socle.domains.reports.models import ExternalBody, Handover
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.tasks.models import Task
from socle.foundations.territories import queries as territories
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Invalid, NotFound
from socle.kernel.outgoing import Answer, CallFailed

pytestmark = pytest.mark.django_db

SECRET = "whsec_" + "A" * 43 + "="


class Twin:
    """An outside system: what it received, what it says, how it fails."""

    def __init__(self) -> None:
        self.received: list[Outgoing] = []
        self.failures: list[Exception] = []
        self.news: list[Update] = []

    def send(self, handover: Outgoing) -> Sent:
        if self.failures:
            raise self.failures.pop(0)
        self.received.append(handover)
        return Sent(external_id="EXT-1", status="open")

    def updates(self, handover: Outgoing) -> list[Update]:
        return self.news


@pytest.fixture
def twin() -> Any:
    made = Twin()
    with registry.replaced(open311=made):
        yield made


def report(**given: Any) -> Case:
    lon, lat = INSIDE
    return actions.submit_report(
        actor=ANONYMOUS, category_id="nid-de-poule", lon=lon, lat=lat, description="Un trou",
        contact={"name": "Ada Secret", "email": "ada@lac.example"}, **given,
    ).case  # fmt: skip


def body(**given: Any) -> ExternalBody:
    asked: dict[str, Any] = {
        "organisation": territories.organisation("metropole-du-lac"), "key": "departement",
        "name": "Département", "means": "open311", "url": "https://311.example/",
    }  # fmt: skip
    return ExternalBody.objects.create(**(asked | given))


def handed(cast: Cast, **given: Any) -> Handover:
    return actions.hand_over(
        actor=cast.actor(cast.agent), case_id=report().pk, body_id=body(**given).pk, reason="RD 12"
    )


def lines(case: Case, public: bool) -> list[str]:
    return [line.title for line in cases.timeline(case, public, "fr")]


def update(status: Any, key: str = "1", **given: Any) -> Update:
    return Update(datetime(2026, 3, 5, tzinfo=UTC), status, key, **given)


def test_it_is_queued_with_the_act_and_leaves_without_who_reported_it(
    cast: Cast, twin: Twin
) -> None:
    handover = handed(cast)
    assert handover.state == "queued"
    assert Task.objects.filter(name="reports.send_handover").count() == 1
    assert handovers.send(handover_id=handover.pk).sent
    handover.refresh_from_db()
    assert (handover.state, handover.external_id) == ("sent", "EXT-1")
    assert "Secret" not in repr(twin.received)
    assert "ada@lac.example" not in repr(twin.received)
    assert "Transmis à Département" in lines(handover.case, public=True)


def test_a_task_that_runs_twice_delivers_once(cast: Cast, twin: Twin) -> None:
    handover = handed(cast)
    handovers.send(handover_id=handover.pk)
    assert not handovers.send(handover_id=handover.pk).sent
    assert len(twin.received) == 1


def test_an_outside_server_down_for_a_day_gets_it_once_it_is_back(cast: Cast, twin: Twin) -> None:
    handover = handed(cast)
    waited = timedelta()
    twin.failures = [NotSent("Pas de réponse"), TimeoutError(), NotSent("Pas de réponse")] * 3
    while True:
        attempt = handovers.send(handover_id=handover.pk)
        if attempt.sent:
            break
        assert attempt.wait is not None
        waited += attempt.wait
        handover.refresh_from_db()
        assert handover.error
    assert waited > timedelta(days=1)
    assert len(twin.received) == 1
    # Whoever knows no idempotency key is told that an earlier attempt may have arrived.
    assert twin.received[0].attempts == 9
    assert twin.received[0].key == f"{handover.case.reference}.{handover.pk}"


def test_after_days_the_failure_is_shown_and_may_be_tried_again(cast: Cast, twin: Twin) -> None:
    handover = handed(cast)
    twin.failures = [NotSent("Pas de réponse")] * (len(rules.WAITS) + 1)
    waits = [handovers.send(handover_id=handover.pk).wait for _each in range(len(rules.WAITS) + 1)]
    assert waits == [*rules.WAITS, None]
    handover.refresh_from_db()
    assert handover.state == "failed"
    agent = cast.actor(cast.agent)
    assert queries.failed(agent) == [handover]
    assert queries.failed(cast.actor(cast.commune_agent)) == []
    case = Case.objects.get(pk=handover.case_id)
    assert case.has_news
    assert "Transmission à Département en échec" in lines(case, public=False)
    actions.retry_handover(actor=agent, handover_id=handover.pk)
    assert handovers.send(handover_id=handover.pk).sent
    assert len(twin.received) == 1


def test_a_refusal_that_patience_cannot_cure_is_shown_at_once(cast: Cast, twin: Twin) -> None:
    handover = handed(cast)
    twin.failures = [NotSent("Service inconnu", permanent=True)]
    assert handovers.send(handover_id=handover.pk).wait is None
    handover.refresh_from_db()
    assert (handover.state, handover.error) == ("failed", "Service inconnu")


def test_news_are_written_once_and_a_return_brings_the_report_back(cast: Cast, twin: Twin) -> None:
    handover = handed(cast)
    handovers.send(handover_id=handover.pk)
    twin.news = [update("accepted", text="Vu"), update("returned", "2", text="Voie communale")]
    assert handovers.sync(handover_id=handover.pk) == 2
    assert handovers.sync(handover_id=handover.pk) == 0
    assert actions.record_updates(handover_id=handover.pk, updates=twin.news) == 0
    handover.refresh_from_db()
    assert handover.state == "returned"
    assert handover.ended_at is not None
    case = Case.objects.get(pk=handover.case_id)
    assert case.is_open
    assert case.has_news
    told = lines(case, public=True)
    assert "Département s’en occupe" in told
    assert any("nous reprenons le signalement" in line for line in told)
    # It may be given to somebody else.
    other = body(key="autre", name="Autre")
    actions.hand_over(actor=cast.actor(cast.agent), case_id=case.pk, body_id=other.pk)


def test_taken_back_before_it_left_it_does_not_leave(cast: Cast, twin: Twin) -> None:
    handover = handed(cast)
    agent = cast.actor(cast.agent)
    with pytest.raises(Conflict):
        actions.hand_over(actor=agent, case_id=handover.case_id, body_id=handover.body_id)
    with pytest.raises(NotFound):
        actions.take_back(actor=cast.actor(cast.commune_agent), case_id=handover.case_id)
    actions.take_back(actor=agent, case_id=handover.case_id, reason="Par téléphone")
    handovers.send(handover_id=handover.pk)
    assert twin.received == []
    with pytest.raises(NotFound):
        actions.take_back(actor=agent, case_id=handover.case_id)


def test_a_body_of_another_organisation_or_for_other_matters_is_refused(cast: Cast) -> None:
    case, agent = report(), cast.actor(cast.agent)
    foreign = body(organisation=territories.organisation("villeneuve-du-lac"))
    narrow = body(key="etroit", services={"tag": "T1"})
    for each in (foreign, narrow):
        with pytest.raises(Invalid):
            actions.hand_over(actor=agent, case_id=case.pk, body_id=each.pk)
    with pytest.raises(NotFound):
        actions.hand_over(actor=cast.actor(cast.commune_agent), case_id=case.pk, body_id=narrow.pk)


def test_by_mail_it_is_one_letter_however_often_it_is_tried(cast: Cast) -> None:
    handover = handed(cast, means="email", email="voirie@departement.example", url="")
    Email.objects.all().delete()
    handovers.send(handover_id=handover.pk)
    Handover.objects.filter(pk=handover.pk).update(state="queued")
    handovers.send(handover_id=handover.pk)
    letter = Email.objects.get(to="voirie@departement.example")
    assert handover.case.reference in letter.subject
    assert "RD 12" in letter.text
    assert "Secret" not in letter.text


class Caller:
    """An address that is called: its answers, what was sent."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.calls = list(answers), []

    def __call__(self, url: str, **given: Any) -> Answer:
        self.calls.append((url, given))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def leaving(cast: Cast, settings: Any, secret: str = SECRET) -> Outgoing:
    from dataclasses import replace

    handover = handed(cast, means="webhook", url="https://them.example/in")
    found = queries.outgoing(handover)
    return replace(found, body=replace(found.body, secret=secret))


def test_a_call_is_signed_and_the_same_at_every_attempt(
    cast: Cast, settings: Any, clock: FixedClock
) -> None:
    said = {"id": "T-9", "status_url": "https://them.example/in/T-9"}
    caller = Caller(CallFailed("timeout"), Answer(200, {}, orjson.dumps(said)))
    sender, handover = WebhookSender(caller, clock), leaving(cast, settings)
    with pytest.raises(NotSent) as failed:
        sender.send(handover)
    assert not failed.value.permanent
    sent = sender.send(handover)
    assert (sent.external_id, sent.token) == ("T-9", said["status_url"])
    (_u, first), (_v, second) = caller.calls
    assert first["headers"] == second["headers"]
    assert first["content"] == second["content"]
    assert first["headers"]["webhook-id"] == handover.key


@pytest.mark.parametrize(
    ("status", "permanent"), [(500, False), (503, False), (429, False), (400, True), (410, True)]
)
def test_what_they_refuse_is_not_tried_again(
    cast: Cast, settings: Any, status: int, permanent: bool
) -> None:
    sender = WebhookSender(Caller(Answer(status, {"retry-after": "120"})))
    with pytest.raises(NotSent) as failed:
        sender.send(leaving(cast, settings))
    assert failed.value.permanent is permanent
    assert failed.value.retry_after == 120


def test_a_status_address_of_another_host_is_not_followed(cast: Cast, settings: Any) -> None:
    said = {"id": "T-9", "status_url": "http://169.254.169.254/latest"}
    sender = WebhookSender(Caller(Answer(200, {}, orjson.dumps(said))))
    assert sender.send(leaving(cast, settings)).token == ""


def test_without_its_secret_nothing_is_sent(cast: Cast, settings: Any) -> None:
    caller = Caller()
    with pytest.raises(NotSent) as failed:
        WebhookSender(caller).send(leaving(cast, settings, secret=""))
    assert failed.value.permanent
    assert caller.calls == []
