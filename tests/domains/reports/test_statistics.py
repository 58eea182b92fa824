"""Figures: what was counted equals a plain count, within what one may see."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cast import INSIDE, Cast

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications.models import Email
from socle.domains.reports import actions, statistics
from socle.domains.reports.models import ReportFigure
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.territories import queries as territories
from socle.kernel.clock import FixedClock
from socle.kernel.errors import NotFound

SINCE, UNTIL = date(2026, 3, 1), date(2026, 3, 31)


def report(clock: FixedClock, category: str = "nid-de-poule") -> Case:
    lon, lat = INSIDE
    return actions.submit_report(
        actor=ANONYMOUS, category_id=category, lon=lon, lat=lat, description="Un trou", clock=clock
    ).case


def move(cast: Cast, case: Case, transition: str, clock: FixedClock, person: Any = None) -> Case:
    case.refresh_from_db()
    return casework.perform(
        actor=cast.actor(person or cast.agent), case_id=case.pk, transition_id=transition,
        version=case.version, clock=clock,
    )  # fmt: skip


@pytest.mark.django_db
def test_figures_equal_a_plain_count_and_count_once(cast: Cast, clock: FixedClock) -> None:
    rows = [report(clock) for _each in range(3)]
    report(clock, "tag")
    clock.advance(timedelta(hours=30))
    for case in rows[:2]:
        move(cast, case, "resolve", clock)
    move(cast, rows[0], "reopen", clock, cast.colleague)
    assert statistics.count_all() > 0
    assert statistics.count_all() == 0
    agent = cast.actor(cast.agent)
    found = statistics.statistics(agent, since=SINCE, until=UNTIL, clock=clock)
    assert (found.total.opened, found.total.closed, found.total.reopened) == (3, 1, 1)
    assert [(line.key, line.opened) for line in found.tables["category"]] == [("nid-de-poule", 3)]
    assert found.total.median is not None
    assert 24 <= found.total.median <= 36
    assert (found.backlog.open, found.backlog.ages) == (2, (0, 2, 0, 0, 0, 0))
    # A report that leaves is no longer counted here.
    commune = territories.organisation("villeneuve-du-lac").pk
    rows[2].refresh_from_db()
    casework.transfer(
        actor=agent, case_id=rows[2].pk, organisation_id=commune, version=rows[2].version,
        reason="Voie communale", clock=clock,
    )  # fmt: skip
    statistics.count_all()
    again = statistics.statistics(agent, since=SINCE, until=UNTIL, clock=clock)
    assert again.total.opened == 2


@pytest.mark.django_db
def test_figures_stay_within_their_organisation(cast: Cast, clock: FixedClock) -> None:
    report(clock)
    report(clock, "tag")
    statistics.count_all()
    home = territories.organisation("metropole-du-lac").pk
    stranger = cast.actor(cast.commune_agent)
    found = statistics.statistics(stranger, since=SINCE, until=UNTIL, clock=clock)
    assert [line.key for line in found.tables["category"]] == ["tag"]
    asked: dict[str, Any] = {"since": SINCE, "until": UNTIL}
    with pytest.raises(NotFound):
        statistics.statistics(stranger, organisation_id=home, **asked)
    with pytest.raises(NotFound):
        statistics.statistics(cast.actor(cast.resident), **asked)
    cast.administrator.refresh_from_db()
    whole = statistics.statistics(cast.actor(cast.administrator), clock=clock, **asked)
    assert whole.total.opened == 2


@pytest.mark.django_db
def test_the_number_of_readings_does_not_depend_on_the_data(
    cast: Cast, clock: FixedClock, django_assert_max_num_queries: Any
) -> None:
    for category in ("nid-de-poule", "eclairage"):
        report(clock, category)
    statistics.count_all()
    agent = cast.actor(cast.agent)
    with django_assert_max_num_queries(8):
        statistics.statistics(agent, since=SINCE, until=UNTIL, clock=clock)


@pytest.mark.django_db
def test_a_table_leaves_as_csv_without_formulas(cast: Cast, clock: FixedClock) -> None:
    report(clock)
    statistics.count_all()
    ReportFigure.objects.filter(by="category").update(key="=1+1")
    agent = cast.actor(cast.agent)
    lines = list(statistics.export_csv(agent, by="category", since=SINCE, until=UNTIL))
    assert lines[1].startswith("'=1+1;")
    with pytest.raises(NotFound):
        list(statistics.export_csv(agent, by="person", since=SINCE, until=UNTIL))


@pytest.mark.django_db
def test_the_week_is_told_to_managers_once(cast: Cast, clock: FixedClock) -> None:
    report(clock)
    statistics.count_all()
    clock.advance(timedelta(days=6))
    home = territories.organisation("metropole-du-lac").pk
    Email.objects.all().delete()
    for _each in range(2):
        statistics.send_digest(organisation_id=home, clock=clock)
    letter = Email.objects.get()
    assert letter.to == cast.colleague.email
    assert "1 signalements reçus" in letter.text
    assert "du 02/03/2026 au 08/03/2026" in letter.text


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.9]))
def test_a_quantile_lies_in_the_slice_of_the_true_one(hours: list[float], share: float) -> None:
    from bisect import bisect_left
    from math import ceil

    delays = [0] * (len(statistics.SLICES) + 1)
    for each in hours:
        delays[bisect_left(statistics.SLICES, each)] += 1
    found = statistics.quantile(delays, share)
    exact = sorted(hours)[ceil(share * len(hours)) - 1]
    index = bisect_left(statistics.SLICES, exact)
    low = statistics.SLICES[index - 1] if index else 0
    high = statistics.SLICES[index] if index < len(statistics.SLICES) else 2 * 8760
    assert found is not None
    assert low - 0.1 <= found <= high + 0.1


def test_nothing_closed_has_no_delay() -> None:
    assert statistics.quantile([0] * 22, 0.5) is None
