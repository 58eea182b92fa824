"""Twenty repetitions at the same moment are one report; and what is told of it, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests import cast as casting
from tests.capabilities.webhooks.receiver import Receiver, verified
from tests.sites.api.conftest import COMMUNE, OTHER, Program, idempotency, program, report
from tests.together import together

from socle.capabilities.casework.models import Case
from socle.capabilities.webhooks import actions as webhooks
from socle.capabilities.webhooks.models import Delivery, Endpoint
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.tasks.testing import drain
from socle.foundations.territories import queries as territories


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    named = settings.SOCLE.outgoing.model_copy(update={"private_hosts": ("127.0.0.1",)})
    settings.SOCLE = settings.SOCLE.model_copy(update={"outgoing": named})
    opened = Receiver()
    yield opened
    opened.close()


def _listen(slug: str, url: str, *events: str) -> Endpoint:
    return webhooks.create_endpoint(
        actor=SYSTEM,
        organisation_id=territories.organisation(slug).pk,
        url=url,
        events=events,
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_repetitions_at_once_are_one_report() -> None:
    casting.assemble()
    sender = program(COMMUNE, "reports:write")
    key = idempotency()
    answers = together(
        *[lambda: sender.post("/reports", report(), idempotency_key=key) for _ in range(20)]
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Case.objects.count() == 1
    # The control: without the key, as many reports as requests.
    together(*[lambda: sender.post("/reports", report()) for _ in range(4)])
    assert Case.objects.count() == 5


@pytest.mark.django_db
def test_what_happens_to_a_report_is_told_signed_without_a_word_of_the_person(
    commune: Program, receiver: Receiver
) -> None:
    endpoint = _listen(COMMUNE, receiver.url)
    _listen(OTHER, receiver.url + "/autre")
    sent = commune.post(
        "/reports", report(contact={"name": "Ada Test", "email": "ada@lac.example"})
    ).json()
    path = f"/cases/{sent['reference']}"
    case = commune.get(path).json()
    act = next(each["id"] for each in case["transitions"] if not each["needs"])
    commune.post(f"{path}/transitions", {"transition": act}, if_match='"v1"')
    commune.post(f"{path}/messages", {"body": "Note secrète", "internal": True})
    commune.post(f"{path}/messages", {"body": "Nous venons demain"})
    drain()
    told = receiver.bodies
    assert [each["type"] for each in told[:1]] == ["report.created"]
    assert sorted(each["type"] for each in told) == sorted(
        ["report.created", "report.updated", "report.message"]
    )
    assert all(verified(endpoint.secret, *call) for call in receiver.calls)
    assert {each["data"]["reference"] for each in told} == {sent["reference"]}
    assert told[0]["data"]["organisation"] == COMMUNE
    text = str(receiver.calls)
    for secret in ("Ada", "ada@", "matelas", "Note", "demain", sent["follow_token"]):
        assert secret not in text
    assert not Delivery.objects.exclude(endpoint=endpoint).exists()


@pytest.mark.django_db
def test_a_refused_report_is_told_to_nobody(commune: Program, receiver: Receiver) -> None:
    _listen(COMMUNE, receiver.url)
    assert commune.post("/reports", report(category="inconnue")).status_code == 422
    assert not Delivery.objects.exists()
