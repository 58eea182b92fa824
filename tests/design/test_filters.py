"""Dates, numbers and amounts as people write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from socle.design import filters
from socle.design.charts import columns, nice_top, sparkline
from socle.design.tones import deadline_view

NOW = datetime(2026, 3, 4, 13, 5, tzinfo=UTC)  # 14:05 in Paris
N, T = "\u00a0", "\u202f"


@pytest.fixture(autouse=True)
def french() -> Iterator[None]:
    with translation.override("fr"):
        yield


def test_dates_are_written_in_full_and_in_the_local_time() -> None:
    assert filters.date_long(NOW) == f"mercredi 4{N}mars{N}2026"
    assert filters.date_long(date(2026, 5, 1)) == f"vendredi 1er{N}mai{N}2026"
    assert filters.date_short(NOW) == "04/03/2026"
    assert filters.date_short(datetime(2026, 3, 4, 23, 30, tzinfo=UTC)) == "05/03/2026"
    assert filters.time_short(NOW) == f"14{N}h{N}05"
    assert filters.time_short(NOW - timedelta(minutes=5)) == f"14{N}h"


def test_english_has_its_own_forms() -> None:
    with translation.override("en"):
        assert filters.time_short(NOW) == "14:05"
        assert filters.number_fr(1234.5) == "1,234.5"
        assert filters.plural(0, "day", "days") == f"0{N}days"
        assert filters.date_long(date(2026, 5, 1)) == f"Friday 1{N}May{N}2026"


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(minutes=1, seconds=5), "il y a 1 minute"),
        (timedelta(minutes=59), "il y a 59 minutes"),
        (timedelta(hours=3), "il y a 3 heures"),
        (timedelta(hours=20), f"hier à 18{N}h{N}05"),
        (timedelta(days=3), "il y a 3 jours"),
        (timedelta(days=20), f"le 12{N}février"),
        (timedelta(days=400), f"le 28{N}janvier{N}2025"),
        (-timedelta(minutes=5), "dans 5 minutes"),
        (-timedelta(hours=4), "dans 4 heures"),
        (-timedelta(hours=20), f"demain à 10{N}h{N}05"),
        (-timedelta(days=2), "dans 2 jours"),
    ],
)
def test_time_past_is_told_in_plain_words(gap: timedelta, words: str) -> None:
    assert filters.ago(NOW - gap, NOW) == words


def test_a_day_without_an_hour_is_told_too() -> None:
    assert filters.ago(date(2026, 3, 4), NOW) == "aujourd’hui"
    assert filters.ago(date(2026, 3, 3), NOW) == "hier"
    assert filters.ago(None) == ""


def test_amounts_numbers_and_sizes() -> None:
    assert filters.money(123450).replace("\u202f", " ").replace(N, " ") == "1 234,50 €"
    assert filters.number_fr(1234567) == f"1{T}234{T}567"
    assert filters.number_fr(Decimal("-1234.50")) == f"\u22121{T}234,5"
    assert filters.number_fr(2, 1) == "2,0"
    assert filters.filesize(999) == "999 octets"
    assert filters.filesize(248_000) == f"248{N}ko"
    assert filters.filesize(1_240_000) == f"1,2{N}Mo"
    assert filters.filesize(3_000_000_000) == f"3{N}Go"
    assert filters.plural(1, "jour", "jours") == f"1{N}jour"
    assert filters.plural(0, "jour", "jours") == f"0{N}jour"
    assert filters.plural(2, "jour", "jours") == f"2{N}jours"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("+33400000000", f"04{N}00{N}00{N}00{N}00"),
        ("04.00.00.00.00", f"04{N}00{N}00{N}00{N}00"),
        ("0033 6 00 00 00 00", f"06{N}00{N}00{N}00{N}00"),
        ("3975", "3975"),
        ("+41 22 000 00 00", "+41 22 000 00 00"),
        (None, ""),
    ],
)
def test_phone_numbers(given: str | None, shown: str) -> None:
    assert filters.phone_fr(given) == shown


def test_references_stay_on_one_line_and_are_not_translated() -> None:
    assert (
        filters.reference("SG-26-7K4M2X") == '<span class="ref" translate="no">SG-26-7K4M2X</span>'
    )
    assert "<script>" not in filters.reference("<script>")


def test_plain_text_keeps_its_lines_and_loses_its_markup() -> None:
    assert filters.nl2br("a\nb\n\n<i>c</i>") == "<p>a<br>b</p><p>&lt;i&gt;c&lt;/i&gt;</p>"
    assert filters.nl2br(None) == ""


def test_initials() -> None:
    assert filters.initials("Jeanne d’Arc Petit") == "JP"
    assert filters.initials("Ministère-Test") == "MT"
    assert filters.initials("") == "?"


@pytest.mark.parametrize(
    ("gap", "tone", "words"),
    [
        (-timedelta(days=3), "danger", "En retard de 3 jours"),
        (-timedelta(minutes=20), "danger", "En retard"),
        (timedelta(minutes=30), "warning", "Moins d’une heure"),
        (timedelta(hours=5), "warning", "Encore 5 heures"),
        (timedelta(hours=30), "warning", "Encore 1 jour"),
        (timedelta(days=9), "neutral", "Encore 9 jours"),
    ],
)
def test_a_deadline_is_told_by_tone_and_words(gap: timedelta, tone: str, words: str) -> None:
    view = deadline_view(NOW + gap, NOW)
    assert (view.tone, view.label) == (tone, words)


def test_a_kept_deadline_is_a_success_even_past() -> None:
    assert deadline_view(NOW - timedelta(days=1), NOW, done=True).tone == "success"


def test_axes_end_on_round_numbers() -> None:
    assert [nice_top(value) for value in (0, 7, 12, 240, 251, 9999)] == [1, 10, 20, 250, 500, 10000]


def test_charts_stay_inside_their_frame_whatever_the_numbers() -> None:
    drawing = columns([{"label": str(n), "value": n * 7} for n in range(40)])
    assert all(item.y >= 0 and item.y + item.height <= 172.1 for item in drawing.items)
    assert all(item.x >= 44 and item.x + item.width <= 480 for item in drawing.items)
    assert sum(item.shown for item in drawing.items) <= 12
    assert columns([]).items == []
    assert sparkline([4]) == "" and len(sparkline([3, 3, 3]).split()) == 3
