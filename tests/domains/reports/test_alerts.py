"""Alerts: who is told, of what, and once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.cast import INSIDE, OUTSIDE, Cast

from socle.capabilities.notifications.models import Email
from socle.domains.reports import actions, alerts
from socle.domains.reports.models import Alert, PublicReport
from socle.foundations.accounts.actors import ANONYMOUS
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Invalid, NotFound, Throttled

LON, LAT = INSIDE


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "_links", [lambda kind, value: f"https://lac.test/{kind}/{value}"])


def report(clock: FixedClock, *, lon: float = LON, category: str = "depot-sauvage") -> PublicReport:
    """A report newly public, whatever fills that table."""
    clock.advance(timedelta(minutes=1))
    sent = actions.submit_report(
        actor=ANONYMOUS, category_id=category, lon=lon, lat=LAT, description="Des gravats",
        address="2 rue du [Port](x) {link}", clock=clock,
    )  # fmt: skip
    case = sent.case
    row, _made = PublicReport.objects.update_or_create(
        case=case,
        defaults={
            "reference": case.reference, "organisation_id": case.organisation_id,
            "area_code": case.area_code, "category": case.category, "status": case.public_status,
            "lon": case.lon, "lat": case.lat, "cell": case.cell, "address": case.address,
            "created_at": case.created_at, "updated_at": case.updated_at, "visible": True,
        },
    )  # fmt: skip
    return row


def around(cast: Cast, clock: FixedClock, **wish: object) -> Alert:
    wish = {"lon": LON, "lat": LAT, "radius_m": 500} | wish
    return alerts.create_alert(actor=cast.actor(cast.resident), clock=clock, **wish)  # type: ignore[arg-type]


def letters() -> list[Email]:
    return list(Email.objects.filter(subject__startswith="Nouveaux").order_by("pk"))


def test_what_is_near_is_told_once_and_what_is_far_is_not(
    cast: Cast, clock: FixedClock, links: None
) -> None:
    around(cast, clock)
    near, far = report(clock), report(clock, lon=LON + 0.01)
    assert alerts.send_alerts(clock=clock) == 1
    (letter,) = letters()
    assert letter.to == cast.resident.email
    assert near.reference in letter.text
    assert far.reference not in letter.text
    # What people type is never a link nor a placeholder.
    assert "{" not in letter.text
    assert alerts.send_alerts(clock=clock) == 0
    report(clock)
    assert alerts.send_alerts(clock=clock) == 1


def test_what_was_reported_before_the_alert_is_not_told(
    cast: Cast, clock: FixedClock, links: None
) -> None:
    report(clock)
    around(cast, clock)
    assert alerts.send_alerts(clock=clock) == 0


def test_only_the_categories_asked_for_are_told(cast: Cast, clock: FixedClock, links: None) -> None:
    around(cast, clock, categories=["nid-de-poule"])
    report(clock)
    assert alerts.send_alerts(clock=clock) == 0


def test_an_address_is_told_nothing_before_it_is_confirmed(
    cast: Cast, clock: FixedClock, links: None
) -> None:
    alert = alerts.create_alert(
        actor=ANONYMOUS, email="Lea@Exemple.fr", area_code="99001", clock=clock
    )
    token = alerts.token_of(alert)
    assert token in Email.objects.get(to="lea@exemple.fr").text
    report(clock)
    assert alerts.send_alerts(clock=clock) == 0
    alerts.confirm_alert(token=token, clock=clock)
    report(clock)
    assert alerts.send_alerts(clock=clock) == 1
    alerts.delete_alert(actor=ANONYMOUS, token=token)
    assert not Alert.objects.exists()


def test_the_same_wish_twice_is_one_alert_and_another_s_stays(
    cast: Cast, clock: FixedClock, links: None
) -> None:
    alert = around(cast, clock)
    assert around(cast, clock) == alert
    with pytest.raises(NotFound):
        alerts.delete_alert(actor=cast.actor(cast.neighbour), alert_id=alert.pk)
    with pytest.raises(NotFound):
        alerts.delete_alert(actor=ANONYMOUS, token="made-up")
    assert Alert.objects.filter(pk=alert.pk).exists()
    alerts.delete_alert(actor=cast.actor(cast.resident), alert_id=alert.pk)
    assert not Alert.objects.exists()


def test_a_wrong_wish_says_where(cast: Cast, clock: FixedClock, links: None) -> None:
    with pytest.raises(Invalid) as refused:
        alerts.create_alert(
            actor=ANONYMOUS, email="rien", lon=OUTSIDE[0], lat=OUTSIDE[1], radius_m=9,
            categories=["inconnue"], clock=clock,
        )  # fmt: skip
    assert set(refused.value.fields) == {"email", "place", "radius_m", "categories"}
    for rank in range(alerts.MAX_ALERTS):
        around(cast, clock, radius_m=100 + rank)
    with pytest.raises(Throttled):
        around(cast, clock, radius_m=900)


def test_many_alerts_cost_no_more_readings(
    cast: Cast, clock: FixedClock, links: None, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def selects() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            alerts.send_alerts(clock=clock)
        return sum("public" in q["sql"] and q["sql"].startswith("SELECT") for q in captured)

    around(cast, clock)
    report(clock)
    one = selects()
    for rank in range(8):
        around(cast, clock, radius_m=100 + rank)
    report(clock)
    assert selects() == one == 1
