"""SIREN numbers and opening hours."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.foundations.territories import rules


@pytest.mark.parametrize("siren", ["200054807", "000000109", "732829320"])
def test_a_right_siren_is_accepted(siren: str) -> None:
    assert rules.is_siren(siren)


@pytest.mark.parametrize(
    "text", ["", "20005480", "2000548070", "200054808", "20005480a", "200 054 807", "٢٠٠٠٥٤٨٠٧"]
)
def test_a_wrong_siren_is_refused(text: str) -> None:
    assert not rules.is_siren(text)


@given(st.integers(0, 99_999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(number: int, position: int, by: int) -> None:
    body = f"{number:08d}"
    siren = next(body + key for key in "0123456789" if rules.is_siren(body + key))
    wrong = str((int(siren[position]) + by) % 10)
    assert not rules.is_siren(siren[:position] + wrong + siren[position + 1 :])


HOURS = [
    {"days": [1, 2, 3, 4], "hours": [["08:30", "12:00"], ["13:30", "17:00"]]},
    {"days": [5], "hours": [["08:30", "12:00"]]},
    {"days": [6, 7], "hours": []},
]


def test_hours_are_written_as_people_read_them() -> None:
    assert rules.readable_hours(HOURS) == [
        ("Du lundi au jeudi", "8\u00a0h\u00a030 – 12\u00a0h et 13\u00a0h\u00a030 – 17\u00a0h"),
        ("Le vendredi", "8\u00a0h\u00a030 – 12\u00a0h"),
        ("Le samedi et le dimanche", "fermé"),
    ]
    assert rules.readable_hours([{"days": [1, 3, 5], "hours": [["09:00", "24:00"]]}]) == [
        ("Le lundi, le mercredi et le vendredi", "9\u00a0h – 24\u00a0h")
    ]
    assert rules.readable_hours([]) == []


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-02 08:29", False),
        ("2026-03-02 08:30", True),
        ("2026-03-02 11:59", True),
        ("2026-03-02 12:00", False),
        ("2026-03-05 16:59", True),
        ("2026-03-06 14:00", False),
        ("2026-03-07 10:00", False),
    ],
)
def test_a_place_is_open_from_the_first_minute_to_the_one_before_the_last(
    at: str, expected: bool
) -> None:
    assert rules.is_open(HOURS, datetime.fromisoformat(at)) is expected
