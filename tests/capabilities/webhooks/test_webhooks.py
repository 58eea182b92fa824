"""Calls are signed, made once per success, tried again for three days, and go outside only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capabilities.webhooks.conftest import Cast
from tests.capabilities.webhooks.receiver import Receiver, verified

from socle.capabilities.webhooks import actions, queries, registry, rules
from socle.capabilities.webhooks.models import Delivery, Endpoint
from socle.foundations.tasks.models import Task
from socle.foundations.tasks.testing import drain
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.django_db


def _endpoint(cast: Cast, url: str, *events: str) -> Endpoint:
    return actions.create_endpoint(
        actor=cast.administrator, organisation_id=cast.home.pk, url=url, events=events
    )


def _publish(cast: Cast, event: str = "report.created", **data: Any) -> list[Delivery]:
    return actions.publish(organisation_ids=[cast.home.pk], event=event, data=lambda: data)


def _work(clock: FixedClock | None = None) -> int:
    """Run what is due at the clock's time (default: now)."""
    return drain(clock=clock) if clock else drain()


class _Later(FixedClock):
    """A clock for the queue only: the outcome of calls is dated by the real one."""


def _later(hours: float) -> FixedClock:
    return _Later(datetime.now(UTC) + timedelta(hours=hours))


def test_a_call_is_signed_so_that_its_receiver_can_tell(cast: Cast, receiver: Receiver) -> None:
    endpoint = _endpoint(cast, receiver.url)
    _publish(cast, reference="SG-26-ABCDE", label="Éclairage — « nuit »")
    _work()
    ((headers, body),) = receiver.calls
    assert verified(endpoint.secret, headers, body)
    # The negative control: another secret, another body, another time, another id.
    assert not verified("whsec_" + "A" * 43 + "=", headers, body)
    assert not verified(endpoint.secret, headers, body + b" ")
    assert not verified(endpoint.secret, headers | {"webhook-timestamp": "1"}, body)
    assert not verified(endpoint.secret, headers | {"webhook-id": "evt_x"}, body)
    told = receiver.bodies[0]
    assert told["type"] == "report.created"
    assert told["data"] == {"reference": "SG-26-ABCDE", "label": "Éclairage — « nuit »"}
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60


@given(
    st.binary(max_size=200), st.datetimes(timezones=st.just(UTC), min_value=datetime(2001, 1, 1))
)
def test_any_body_is_signed_as_the_standard_says(body: bytes, at: datetime) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
    text = body.hex().encode()
    assert verified(secret, rules.headers([secret], "evt_1", at, text), text)


def test_the_vector_of_the_reference_library_holds() -> None:
    """From the test vectors of the standard's reference libraries."""
    made = rules.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_that_fails_then_works_gets_it_once(cast: Cast, receiver: Receiver) -> None:
    _endpoint(cast, receiver.url)
    receiver.answers = [500, 302, 429, 204]
    (delivery,) = _publish(cast, n=1)
    for hours in (0, 1, 2, 4, 100, 200):
        _work(_later(hours))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 4)
    assert len(receiver.calls) == 4
    # Every attempt is the same event and the same bytes: the receiver can tell a repetition.
    assert {headers["webhook-id"] for headers, _body in receiver.calls} == {delivery.event_id}
    assert len({body for _headers, body in receiver.calls}) == 1
    assert not Task.objects.filter(state__in=["ready", "failed"]).exists()


def test_the_waits_add_up_to_three_days_and_end() -> None:
    waits = [rules.wait_after(each) for each in range(1, len(rules.RETRIES) + 2)]
    assert waits[-1] is None
    total = sum((each for each in waits if each is not None), timedelta())
    assert timedelta(days=2, hours=20) < total < timedelta(days=3, hours=4)
    assert [each for each in waits if each] == sorted(each for each in waits if each)


def test_an_endpoint_that_refuses_for_three_days_is_suspended_then_put_back(
    cast: Cast, receiver: Receiver
) -> None:
    endpoint = _endpoint(cast, receiver.url)
    receiver.answers = [500] * 100
    (delivery,) = _publish(cast, n=1)
    for attempt in range(30):
        _work(_later(7 * attempt))
    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    assert (delivery.state, delivery.error) == ("failed", "HTTP 500")
    assert delivery.attempts == len(receiver.calls) == len(rules.RETRIES) + 1
    assert endpoint.suspended_at is not None
    assert _publish(cast, n=2) == []
    actions.set_active(
        actor=cast.administrator, organisation_id=cast.home.pk, endpoint_id=endpoint.pk, active=True
    )
    receiver.answers = []
    actions.replay(actor=cast.administrator, organisation_id=cast.home.pk, delivery_id=delivery.pk)
    _work(_later(300))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
    assert receiver.calls[-1][0]["webhook-id"] == delivery.event_id


def test_one_that_received_something_meanwhile_is_not_suspended(
    cast: Cast, receiver: Receiver
) -> None:
    endpoint = _endpoint(cast, receiver.url)
    receiver.answers = [500]
    (lost,) = _publish(cast, n=1)
    _work()
    (received,) = _publish(cast, n=2)
    _work()
    received.refresh_from_db()
    assert received.state == "delivered"
    receiver.answers = [500] * 100
    for attempt in range(1, 30):
        _work(_later(7 * attempt))
    lost.refresh_from_db()
    endpoint.refresh_from_db()
    assert (lost.state, endpoint.suspended_at) == ("failed", None)


def test_a_receiver_that_is_gone_is_called_no_more(cast: Cast, receiver: Receiver) -> None:
    endpoint = _endpoint(cast, receiver.url)
    receiver.answers = [410]
    _publish(cast)
    _work(_later(0))
    _work(_later(100))
    endpoint.refresh_from_db()
    assert endpoint.suspended_at is not None
    assert len(receiver.calls) == 1


def test_a_receiver_may_ask_for_patience(cast: Cast, receiver: Receiver) -> None:
    _endpoint(cast, receiver.url)
    receiver.answers, receiver.retry_after = [503], "7200"
    _publish(cast)
    _work()
    _work(_later(1.9))
    assert len(receiver.calls) == 1
    _work(_later(2.1))
    assert len(receiver.calls) == 2


def test_a_fact_that_is_undone_is_told_to_nobody(cast: Cast, receiver: Receiver) -> None:
    from django.db import transaction

    _endpoint(cast, receiver.url)
    with pytest.raises(RuntimeError), transaction.atomic():
        _publish(cast)
        raise RuntimeError
    _work()
    assert (receiver.calls, Delivery.objects.count()) == ([], 0)


def test_only_the_events_asked_for_are_told_and_nothing_is_computed_for_nobody(
    cast: Cast, receiver: Receiver
) -> None:
    def never() -> dict[str, Any]:
        raise AssertionError("nobody listens")

    actions.publish(organisation_ids=[cast.home.pk], event="report.closed", data=never)
    _endpoint(cast, receiver.url, "report.closed")
    assert _publish(cast, "report.created") == []
    assert len(_publish(cast, "report.closed")) == 1
    actions.publish(organisation_ids=[cast.other.pk], event="report.closed", data=never)


def test_two_endpoints_know_one_event_by_one_id(cast: Cast, receiver: Receiver) -> None:
    _endpoint(cast, receiver.url)
    _endpoint(cast, receiver.url + "/deux")
    first, second = _publish(cast)
    assert first.event_id == second.event_id


def test_during_a_rotation_both_secrets_sign_then_only_the_new_one(
    cast: Cast, receiver: Receiver
) -> None:
    endpoint = _endpoint(cast, receiver.url)
    old = endpoint.secret
    new = actions.rotate_secret(
        actor=cast.administrator, organisation_id=cast.home.pk, endpoint_id=endpoint.pk
    ).secret
    assert new != old
    _publish(cast)
    _work()
    assert verified(old, *receiver.calls[0])
    assert verified(new, *receiver.calls[0])
    Endpoint.objects.update(previous_until=datetime.now(UTC) - timedelta(seconds=1))
    _publish(cast)
    _work()
    assert not verified(old, *receiver.calls[1])
    assert verified(new, *receiver.calls[1])


@pytest.mark.parametrize(
    "url",
    [
        "http://exemple.fr/x", "https://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/",
        "https://169.254.169.254/latest/meta-data", "ftp://exemple.fr/", "https://a:b@exemple.fr/",
        "https://localhost/", "x", "", "https://exemple.fr/" + "x" * 500,
    ],
)  # fmt: skip
def test_the_inside_cannot_be_called(cast: Cast, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        _endpoint(cast, url)
    assert "url" in refused.value.fields


def test_an_address_that_turns_to_the_inside_is_refused_at_each_call(
    cast: Cast, receiver: Receiver, settings: Any
) -> None:
    """It was accepted when it led outside; it leads inside today."""
    _endpoint(cast, receiver.url)
    closed = settings.SOCLE.outgoing.model_copy(update={"private_hosts": ()})
    settings.SOCLE = settings.SOCLE.model_copy(update={"outgoing": closed})
    (delivery,) = _publish(cast)
    _work()
    delivery.refresh_from_db()
    assert receiver.calls == []
    assert delivery.state == "failed"
    assert delivery.error.startswith("refused address")


def test_endpoints_belong_to_their_organisation(cast: Cast, receiver: Receiver) -> None:
    endpoint = _endpoint(cast, receiver.url)
    (delivery,) = _publish(cast)
    _work()
    own = {"organisation_id": cast.home.pk, "endpoint_id": endpoint.pk}
    crossed = {"organisation_id": cast.other.pk, "endpoint_id": endpoint.pk}
    for actor, where in [(cast.foreigner, own), (cast.foreigner, crossed), (cast.agent, own)]:
        for attack in (
            lambda a, w: actions.update_endpoint(actor=a, url=receiver.url, **w),
            lambda a, w: actions.set_active(actor=a, active=False, **w),
            lambda a, w: actions.rotate_secret(actor=a, **w),
            lambda a, w: actions.send_test(actor=a, **w),
            lambda a, w: actions.delete_endpoint(actor=a, **w),
            lambda a, w: actions.replay(
                actor=a, organisation_id=w["organisation_id"], delivery_id=delivery.pk
            ),
            lambda a, w: queries.endpoint(a, w["organisation_id"], w["endpoint_id"]),
        ):
            with pytest.raises(NotFound):
                attack(actor, where)
    with pytest.raises(NotFound):
        actions.create_endpoint(
            actor=cast.foreigner, organisation_id=cast.home.pk, url=receiver.url
        )
    # The administrator may do all that.
    assert queries.endpoint(cast.administrator, cast.home.pk, endpoint.pk) == endpoint
    actions.delete_endpoint(actor=cast.administrator, **own)
    assert not Delivery.objects.exists()


def test_a_test_call_says_at_once_whether_it_works(cast: Cast, receiver: Receiver) -> None:
    endpoint = _endpoint(cast, receiver.url, "report.closed")
    where = {"organisation_id": cast.home.pk, "endpoint_id": endpoint.pk}
    receiver.answers = [500]
    delivery = actions.send_test(actor=cast.administrator, **where)
    with pytest.raises(Conflict):
        actions.send_test(actor=cast.administrator, **where)
    _work()
    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("failed", 1)
    assert endpoint.suspended_at is None
    assert receiver.bodies[0]["type"] == "webhook.test"


def test_unknown_events_are_refused(cast: Cast, receiver: Receiver) -> None:
    assert "report.created" in registry.events()
    with pytest.raises(Invalid):
        _endpoint(cast, receiver.url, "report.exploded")


def test_old_deliveries_are_forgotten_those_that_wait_are_kept(
    cast: Cast, receiver: Receiver
) -> None:
    _endpoint(cast, receiver.url)
    (_done,) = _publish(cast)
    _work()
    (waiting,) = _publish(cast)
    Delivery.objects.update(created_at=datetime.now(UTC) - timedelta(days=31))
    actions.purge()
    assert set(Delivery.objects.values_list("pk", flat=True)) == {waiting.pk}
