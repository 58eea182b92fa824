"""Workflow tables and deadlines: pure rules."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capabilities.casework.cast import LETTERS, WORKFLOW

from socle.capabilities.casework import letters, rules
from socle.capabilities.casework.pack import Workflow
from socle.capabilities.casework.rules.working import HOLIDAYS
from socle.kernel.clock import local, local_date
from socle.kernel.expressions import BOOLEAN, INTEGER


def workflow(change: Any = None) -> Workflow:
    table = copy.deepcopy(WORKFLOW)
    if change is not None:
        change(table)
    return Workflow.model_validate(table)


def found(change: Any) -> list[tuple[tuple[str | int, ...], str]]:
    problems = rules.problems(workflow(change), {"garden": BOOLEAN}, set(LETTERS))
    return [(each.path, each.message) for each in problems]


def test_a_sound_workflow_has_no_problem() -> None:
    assert found(None) == []
    assert rules.check_letters(LETTERS, {"garden": BOOLEAN}) == []


def _put(*path: Any) -> Any:
    *way, name, value = path

    def change(table: dict[str, Any]) -> None:
        target: Any = table
        for step in way:
            target = target[step]
        target[name] = value

    return change


def _add(table: str, row: dict[str, Any]) -> Any:
    return lambda whole: whole.setdefault(table, []).append(row)


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (_put("initial", "recieved"), ("initial",), "Vouliez-vous dire « received »"),
        (_put("transition", 0, "from", ["nowhere"]), ("transition", 0, "from", 0), "n’existe pas"),
        (_put("transition", 0, "to", "nowhere"), ("transition", 0, "to"), "n’existe pas"),
        (_put("deadline", 0, "state", "nowhere"), ("deadline", 0, "state"), "n’existe pas"),
        (_put("transition", 1, "id", "start"), ("transition", 1, "id"), "deux fois"),
        (_put("state", 1, "id", "received"), ("state", 1, "id"), "deux fois"),
        (_put("transition", 0, "label", "…"), ("transition", 0, "label"), "libellé"),
        (_put("state", 3, "public", "in_progress"), ("state", 3, "public"), "le contraire"),
        (_put("state", 0, "open", False), ("state", 0, "open"), "initial"),
        (_put("transition", 5, "condition", "gardn"), ("transition", 5, "condition"), "gardn"),
        (_put("transition", 5, "condition", "garden =="), ("transition", 5, "condition"), ""),
        (
            _put("transition", 3, "effect", [{"notify": "applicant", "letter": "dnoe"}]),
            ("transition", 3, "effect", 0, "letter"),
            "« done »",
        ),
        (
            _put("transition", 3, "effect", [{"notify": "team", "letter": "done"}]),
            ("transition", 3, "effect", 0, "letter"),
            "demandeur",
        ),
        (_put("opening", [{"assign": "actor"}]), ("opening", 0, "assign"), "ouverture"),
        (_put("timer", 0, "transition", "ask"), ("timer", 0, "transition"), "ne part pas"),
        (_put("timer", 0, "transition", "resume"), ("timer", 0, "transition"), "system"),
        (_put("timer", 0, "transition", "expier"), ("timer", 0, "transition"), "« expire »"),
        (_put("reply", 0, "body", "Bonjour {nom}"), ("reply", 0, "body"), "{nom}"),
        (
            _add("state", {"id": "island", "label": "Île", "public": "in_progress"}),
            ("state", 6, "id"),
            "Rien ne mène",
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_placed_and_told(
    change: Any, path: tuple[str | int, ...], words: str
) -> None:
    problems = found(change)
    assert path in [each[0] for each in problems]
    assert any(where == path and words in message for where, message in problems)


def test_an_open_state_must_lead_somewhere_and_to_an_end() -> None:
    def dead_end(table: dict[str, Any]) -> None:
        table["state"].append({"id": "limbo", "label": "Limbes", "public": "in_progress"})
        table["transition"].append(
            {"id": "lose", "label": "Perdre", "from": ["received"], "to": "limbo"}
        )

    assert [path for path, _ in found(dead_end)] == [("state", 6, "id")]

    def circle(table: dict[str, Any]) -> None:
        dead_end(table)
        table["state"].append({"id": "other", "label": "Autre", "public": "in_progress"})
        table["transition"] += [
            {"id": "there", "label": "Aller", "from": ["limbo"], "to": "other"},
            {"id": "back", "label": "Retour", "from": ["other"], "to": "limbo"},
        ]

    assert [message.split(",")[0] for _, message in found(circle)] == [
        "Depuis l’état « limbo »",
        "Depuis l’état « other »",
    ]


def test_a_letter_has_a_subject_a_body_and_known_names() -> None:
    problems = rules.check_letters(
        {"a": "Bonjour", "b": "# Objet", "c": "# Objet\n\n{answer.size} {answer.sise} {what}"},
        {"size": INTEGER},
    )
    assert [each.path for each in problems] == [("a",), ("b",), ("c",), ("c",)]


def test_letters_are_read_and_filled_without_reading_values() -> None:
    letter = letters.parse("\n# Objet {reference} \n\nBonjour {name}\n")
    assert (letter.subject, letter.body) == ("Objet {reference}", "Bonjour {name}")
    assert letters.fill("{name} {x} {y}", {"name": "{reference}", "y": "2"}) == "{reference}  2"


# --- Transitions ---


def test_transitions_are_offered_by_state_capacity_and_answers() -> None:
    table = workflow()

    def ids(state: str, who: set[str], answers: dict[str, Any]) -> list[str]:
        return [each.id for each in rules.available(table, state, who, answers)]

    assert ids("received", {"agent"}, {}) == ["start", "ask", "finish"]
    assert ids("received", {"agent", "manager"}, {}) == ["start", "ask", "finish", "refuse"]
    assert ids("received", {"applicant"}, {}) == ["cancel"]
    assert ids("checking", {"agent"}, {"garden": True}) == ["ask", "finish", "garden"]
    assert ids("checking", {"agent"}, {"garden": None}) == ["ask", "finish"]
    assert ids("received", set(), {}) == []
    assert ids("unknown", {"agent", "manager", "applicant", "system"}, {}) == []


# --- Deadlines ---


def test_calendar_days_end_at_midnight_in_paris_on_clock_change_days_too() -> None:
    # 29 March 2026 has 23 hours.
    start = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)
    end = rules.end_of_period(start, 1)
    assert local(end).isoformat() == "2026-03-29T23:59:59+02:00"
    # 25 October 2026 has 25.
    end = rules.end_of_period(datetime(2026, 10, 24, 22, 30, tzinfo=UTC), 1)
    assert local(end).isoformat() == "2026-10-26T23:59:59+01:00"


def test_working_days_skip_weekends_and_french_public_holidays() -> None:
    # Thursday 30 April 2026; Friday 1 May and 8 May are holidays.
    start = datetime(2026, 4, 30, 8, 0, tzinfo=UTC)
    assert local_date(rules.end_of_period(start, 1, working=True, holidays=HOLIDAYS)) == date(
        2026, 5, 4
    )
    assert local_date(rules.end_of_period(start, 5, working=True, holidays=HOLIDAYS)) == date(
        2026, 5, 11
    )


def test_the_eleven_public_holidays_are_known() -> None:
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day.isoformat()[5:] for day in year if day in HOLIDAYS] == [
        "01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11",
        "12-25",
    ]  # fmt: skip


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.integers(1, 60), st.booleans())
def test_a_period_always_ends_after_it_began_on_the_last_second_of_a_day(
    start: datetime, days: int, working: bool
) -> None:
    begun = start.replace(tzinfo=UTC)
    end = rules.end_of_period(begun, days, working=working, holidays=HOLIDAYS)
    assert end > begun
    assert local(end).strftime("%H:%M:%S") == "23:59:59"
    if working:
        assert local(end).weekday() < 5 and local_date(end) not in HOLIDAYS


def test_overdue_is_for_open_cases_past_their_day() -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert rules.is_overdue(now - timedelta(seconds=1), True, now)
    assert not rules.is_overdue(now, True, now)
    assert not rules.is_overdue(now - timedelta(days=1), False, now)
    assert not rules.is_overdue(None, True, now)
