"""Runs a pack's `examples.toml`: the procedure's own tests, readable by a policy officer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from socle.capabilities.casework import rules as casework
from socle.capabilities.questionnaires import parsing, rules
from socle.domains.procedures.pack import Example, Procedure

Path = tuple[str | int, ...]


class _Anywhere:
    """Places for examples: what they say of a place is believed."""

    def geocode(self, text: str) -> parsing.Place | None:
        return None

    def citycode(self, lon: float, lat: float) -> str | None:
        return "00000"


def failures(procedure: Procedure) -> Iterator[tuple[Path, str]]:
    """Yield `(path, sentence)` for every example that does not hold."""
    for rank, example in enumerate(procedure.examples.examples):
        for field, sentence in _failures(procedure, example):
            yield ("examples", "example", rank, *field), f"« {example.title} » : {sentence}"


def _failures(procedure: Procedure, example: Example) -> Iterator[tuple[Path, str]]:
    questionnaire = procedure.questionnaire
    known = {question.id for _page, question in rules.questions(questionnaire)}
    for name in example.answers:
        if name not in known:
            yield ("answers", name), f"la question « {name} » n’existe pas."
    try:
        today = date.fromisoformat(example.today)
    except ValueError:
        yield ("today",), f"« {example.today} » n’est pas une date."
        return
    answers = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in example.answers.items()
    }
    reading = rules.Reading(questionnaire, answers, today)
    if example.pages is not None:
        asked = tuple(page.id for page in reading.pages())
        if asked != example.pages:
            yield ("pages",), f"les pages demandées sont {', '.join(asked) or 'aucune'}."
    found: dict[str, list[str]] = {}
    for _page, question, message in parsing.incomplete(
        questionnaire, answers, places=_Anywhere(), today=today
    ):
        found.setdefault(question.id, []).append(message)
    if example.valid is True and found:
        first = next(iter(found.items()))
        yield ("valid",), f"la réponse à « {first[0]} » est refusée : {first[1][0]}"
    if example.valid is False and not found:
        yield ("valid",), "ces réponses sont acceptées."
    for name, start in example.errors.items():
        if not any(message.startswith(start) for message in found.get(name, [])):
            said = " ".join(found.get(name, [])) or "rien"
            yield ("errors", name), f"on attendait « {start} », on lit : {said}."
    yield from _workflow(procedure, example, reading)


def _workflow(
    procedure: Procedure, example: Example, reading: rules.Reading
) -> Iterator[tuple[Path, str]]:
    if example.state is None:
        return
    workflow = procedure.workflow
    if example.state not in {state.id for state in workflow.states}:
        yield ("state",), f"l’état « {example.state} » n’existe pas."
    elif example.offers is not None:
        offered = {
            transition.id
            for transition in casework.available(
                workflow,
                example.state,
                {"agent"},
                {name: reading.value(name) for name in casework.names_of(workflow)},
                reading.today,
            )
        }
        if offered != set(example.offers):
            yield ("offers",), f"sont proposées : {', '.join(sorted(offered)) or 'aucune'}."
