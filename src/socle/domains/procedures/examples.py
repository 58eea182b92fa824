"""Runs a pack's `examples.toml`: the procedure's own tests, readable by a policy officer.

Answers are written as the person would give them: an address by its words (it is taken to be in the
territory, unless its `citycode` is said to be empty), files by their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from socle.capabilities.casework import rules as casework
from socle.capabilities.questionnaires import parsing, rules
from socle.capabilities.questionnaires.pack import Question
from socle.domains.procedures.pack import Example, Procedure
from socle.foundations.packs.problems import suggestion

Path = tuple[str | int, ...]

_SOMEWHERE = "00000"
_OUTSIDE = (180.0, 90.0)


class _Believed:
    """Places of examples: in the territory, but those said to be outside."""

    def geocode(self, text: str) -> parsing.Place | None:
        return None

    def citycode(self, lon: float, lat: float) -> str | None:
        return None if (lon, lat) == _OUTSIDE else _SOMEWHERE


def failures(procedure: Procedure) -> Iterator[tuple[Path, str]]:
    """Yield `(path, sentence)` for every example that does not hold.

    The questionnaire and the workflow must be sound: see their `checking`.
    """
    for rank, example in enumerate(procedure.examples.examples):
        for field, sentence in _failures(procedure, example):
            yield ("examples", "example", rank, *field), f"« {example.title} » : {sentence}"


def _failures(procedure: Procedure, example: Example) -> Iterator[tuple[Path, str]]:
    questionnaire = procedure.questionnaire
    known = {question.id: question for _page, question in rules.questions(questionnaire)}
    for group, names in (("answers", example.answers), ("errors", example.errors)):
        for name in names:
            if name not in known:
                yield (
                    (group, name),
                    _("la question « %(id)s » n’existe pas.") % {"id": name}
                    + suggestion(name, known),
                )
    answers = {
        name: _answer(known[name], given)
        for name, given in example.answers.items()
        if name in known
    }
    reading = rules.Reading(questionnaire, answers, example.today)
    if example.pages is not None:
        asked = tuple(page.id for page in reading.pages())
        if asked != example.pages:
            yield (
                ("pages",),
                _("les pages demandées sont : %(pages)s.")
                % {"pages": ", ".join(asked) or _("aucune")},
            )
    found: dict[str, list[str]] = {}
    # Examples quote the French sentences, whatever language the command speaks.
    with translation.override("fr"):
        for _page, question, message in parsing.incomplete(
            questionnaire, answers, places=_Believed(), today=example.today
        ):
            found.setdefault(question.id, []).append(str(message))
    if example.valid is True and found:
        first, said = next(iter(found.items()))
        yield (
            ("valid",),
            _("la réponse à « %(id)s » est refusée : %(said)s") % {"id": first, "said": said[0]},
        )
    if example.valid is False and not found:
        yield ("valid",), _("ces réponses sont acceptées.")
    for name, start in example.errors.items():
        if name in known and not any(message.startswith(start) for message in found.get(name, [])):
            yield (
                ("errors", name),
                _("on attendait « %(wanted)s », on lit : %(said)s")
                % {"wanted": start, "said": " ".join(found.get(name, [])) or _("rien.")},
            )
    yield from _workflow(procedure, example, reading)


def _answer(question: Question, given: Any) -> Any:
    """An answer as a form would have kept it."""
    if question.type in ("address", "location"):
        if isinstance(given, str):
            given = {"label": given}
        if isinstance(given, dict):
            if given.get("citycode") == "":
                return {**given, "lon": _OUTSIDE[0], "lat": _OUTSIDE[1]}
            return {"lon": 0.0, "lat": 0.0, "citycode": _SOMEWHERE, **given}
    if question.type == "file" and isinstance(given, list):
        return [
            {"id": each, "name": each, "size": 1} if isinstance(each, str) else each
            for each in given
        ]
    if question.type == "decimal" and isinstance(given, int | float):
        return str(given)
    return given


def _workflow(
    procedure: Procedure, example: Example, reading: rules.Reading
) -> Iterator[tuple[Path, str]]:
    workflow = procedure.workflow
    if example.state is None:
        if example.offers is not None:
            yield ("offers",), _("« offers » demande un « state ».")
        return
    states = {state.id for state in workflow.states}
    if example.state not in states:
        yield (
            ("state",),
            _("l’état « %(id)s » n’existe pas.") % {"id": example.state}
            + suggestion(example.state, states),
        )
    elif example.offers is not None:
        names = casework.names_of(workflow)
        values = {name: reading.value(name) for name in names}
        offered = {
            transition.id
            for transition in casework.available(
                workflow, example.state, {"agent"}, values, reading.today
            )
        }
        if offered != set(example.offers):
            yield (
                ("offers",),
                _("un agent se voit proposer : %(offers)s.")
                % {"offers": ", ".join(sorted(offered)) or _("rien")},
            )
