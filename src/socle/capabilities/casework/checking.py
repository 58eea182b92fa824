"""Is this workflow sound? Asked when a pack is checked, before any case depends on it. Pure.

Every finding has the path of the value at fault, in the names of the file, so that a pack's check
gives its line: ``item.problem(found.message, "workflow", *found.path, offset=found.offset)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.utils.translation import gettext as _

from socle.capabilities.casework import letters as writing
from socle.foundations.packs.problems import suggestion
from socle.kernel import expressions

if TYPE_CHECKING:
    from socle.capabilities.casework.pack import Effect, Workflow

FINAL = frozenset({"resolved", "accepted", "refused", "not_ours", "closed", "cancelled"})
"""Public statuses that tell a person it is over."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in a workflow. `offset`: characters inside the value (conditions)."""

    path: Path
    message: str
    offset: int = 0
    severity: Literal["error", "warning"] = "error"


def problems(
    workflow: Workflow,
    names: Mapping[str, expressions.Type] | None = None,
    letters: Collection[str] | None = None,
) -> list[Finding]:
    """Everything wrong with a workflow, in the order of the file; empty when it is sound.

    `names`: types of the answers, to check conditions and placeholders (`None`: neither is).
    `letters`: names of the letters, to check that effects name existing ones; their texts are for
    :func:`check_letters`.
    """
    found = [
        *_duplicates(workflow),
        *_unknown_states(workflow),
        *_timers(workflow),
        *_parts(workflow),
        *_states(workflow),
        *_effects(workflow, letters),
        *_conditions(workflow, names),
        *_replies(workflow, names),
    ]
    # Paths make sense only once every state is known, once.
    if not any(each.path[0] in {"initial", "state", "transition"} for each in found):
        found += _paths(workflow)
    return found


def check_letters(
    letters: Mapping[str, str], names: Mapping[str, expressions.Type] | None = None
) -> list[Finding]:
    """Letters without a subject, or with placeholders nothing fills. Paths begin with the name."""
    return [
        Finding((name,), message)
        for name, text in letters.items()
        for message in writing.check_letter(text, names)
    ]


def check_text(text: str) -> list[str]:
    """A sentence for every placeholder of a ready-made text that nothing fills."""
    return list(writing.check_text(text))


def _duplicates(workflow: Workflow) -> Iterator[Finding]:
    tables: tuple[tuple[str, str, list[str]], ...] = (
        ("state", "id", [each.id for each in workflow.states]),
        ("transition", "id", [each.id for each in workflow.transitions]),
        ("reply", "id", [each.id for each in workflow.replies]),
        ("deadline", "state", [each.state for each in workflow.deadlines]),
        ("timer", "state", [each.state for each in workflow.timers]),
    )
    for table, column, values in tables:
        seen: Counter[str] = Counter()
        for index, value in enumerate(values):
            seen[value] += 1
            if seen[value] > 1:
                message = _("« %(name)s » est déclaré deux fois.") % {"name": value}
                yield Finding((table, index, column), message)


def _unknown_states(workflow: Workflow) -> Iterator[Finding]:
    known = {state.id for state in workflow.states}
    named: list[tuple[Path, str]] = [(("initial",), workflow.initial)]
    for index, transition in enumerate(workflow.transitions):
        named += [
            (("transition", index, "from", position), source)
            for position, source in enumerate(transition.sources)
        ]
        named.append((("transition", index, "to"), transition.target))
    named += [(("deadline", i, "state"), each.state) for i, each in enumerate(workflow.deadlines)]
    named += [(("timer", i, "state"), each.state) for i, each in enumerate(workflow.timers)]
    for path, name in named:
        if name not in known:
            message = _("L’état « %(name)s » n’existe pas.") % {"name": name}
            yield Finding(path, message + suggestion(name, known))


def _timers(workflow: Workflow) -> Iterator[Finding]:
    transitions = {each.id: each for each in workflow.transitions}
    for index, timer in enumerate(workflow.timers):
        values = {"name": timer.transition, "state": timer.state}
        transition = transitions.get(timer.transition)
        if transition is None:
            message = _("La transition « %(name)s » n’existe pas.") % values
            message += suggestion(timer.transition, transitions)
        elif timer.state not in transition.sources:
            message = _("La transition « %(name)s » ne part pas de l’état « %(state)s ».") % values
        elif "system" not in transition.who:
            message = _("La transition « %(name)s » n’est pas permise à « system ».") % values
        elif transition.needs:
            message = (
                _("La transition « %(name)s » demande un texte : elle ne peut pas se faire seule.")
                % values
            )
        else:
            continue
        yield Finding(("timer", index, "transition"), message)


def _parts(workflow: Workflow) -> Iterator[Finding]:
    wanted = workflow.parts.transition
    if not wanted:
        return
    transitions = {each.id: each for each in workflow.transitions}
    transition = transitions.get(wanted)
    if transition is None:
        message = _("La transition « %(name)s » n’existe pas.") % {"name": wanted}
        message += suggestion(wanted, transitions)
    elif "system" not in transition.who:
        message = _("La transition « %(name)s » n’est pas permise à « system ».")
        message %= {"name": wanted}
    elif transition.needs:
        message = _(
            "La transition « %(name)s » demande un texte : elle ne peut pas se faire seule."
        ) % {"name": wanted}
    else:
        return
    yield Finding(("parts", "transition"), message)


def _states(workflow: Workflow) -> Iterator[Finding]:
    closed = {state.id for state in workflow.states if not state.open}
    for index, state in enumerate(workflow.states):
        values = {"name": state.id, "public": state.public.value}
        if not state.open and state.public.value not in FINAL:
            message = _(
                "L’état « %(name)s » est clos, mais « %(public)s » dit au demandeur le contraire."
            )
            yield Finding(("state", index, "public"), message % values)
        if state.id == workflow.initial and not state.open:
            message = _("L’état initial « %(name)s » ne peut pas être clos.") % values
            yield Finding(("state", index, "open"), message)
    for index, transition in enumerate(workflow.transitions):
        # The schema refuses an empty label; one made of signs says nothing on a button either.
        if not any(char.isalnum() for char in transition.label):
            message = _("La transition « %(name)s » n’a pas de libellé lisible.")
            yield Finding(("transition", index, "label"), message % {"name": transition.id})
    for index, deadline in enumerate(workflow.deadlines):
        if (deadline.days is None) == (deadline.hours is None):
            message = _("Un délai se compte en jours (days) ou en heures ouvrées (hours).")
            yield Finding(("deadline", index), message)
    for index, deadline in enumerate(workflow.deadlines):
        if deadline.state in closed:
            message = _("Aucun délai ne court dans l’état clos « %(name)s ».")
            yield Finding(("deadline", index, "state"), message % {"name": deadline.state})


def _effects(workflow: Workflow, letters: Collection[str] | None) -> Iterator[Finding]:
    places: list[tuple[Path, tuple[Effect, ...]]] = [(("opening",), workflow.opening)]
    places += [
        (("transition", index, "effect"), transition.effects)
        for index, transition in enumerate(workflow.transitions)
    ]
    for base, effects in places:
        for position, effect in enumerate(effects):
            path = (*base, position, "letter")
            if effect.letter and effect.notify != "applicant":
                yield Finding(
                    path, _('Une lettre s’adresse au demandeur : écrivez notify = "applicant".')
                )
            if effect.letter and letters is not None and effect.letter not in letters:
                message = _("La lettre « %(name)s » n’existe pas.") % {"name": effect.letter}
                yield Finding(path, message + suggestion(effect.letter, letters))
            if effect.assign and base == ("opening",):
                yield Finding(
                    (*base, position, "assign"), _("Personne n’a encore agi à l’ouverture.")
                )


def _conditions(
    workflow: Workflow, names: Mapping[str, expressions.Type] | None
) -> Iterator[Finding]:
    for index, transition in enumerate(workflow.transitions):
        if not transition.condition:
            continue
        try:
            node = expressions.parse(transition.condition)
            if names is not None:
                expressions.check_condition(node, names)
        except expressions.ExpressionError as error:
            path = ("transition", index, "condition")
            yield Finding(path, str(error.message), error.position.offset)


def _replies(workflow: Workflow, names: Mapping[str, expressions.Type] | None) -> Iterator[Finding]:
    for index, reply in enumerate(workflow.replies):
        for message in writing.check_text(reply.body, names):
            yield Finding(("reply", index, "body"), message)


def _paths(workflow: Workflow) -> Iterator[Finding]:
    """States that nothing leads to; open states that lead nowhere, or never to an end."""
    forward: dict[str, set[str]] = {state.id: set() for state in workflow.states}
    backward: dict[str, set[str]] = {state.id: set() for state in workflow.states}
    for transition in workflow.transitions:
        for source in transition.sources:
            forward[source].add(transition.target)
            backward[transition.target].add(source)
    reached = _closure({workflow.initial}, lambda each: forward[each])
    ending = _closure(
        {state.id for state in workflow.states if not state.open}, lambda each: backward[each]
    )
    for index, state in enumerate(workflow.states):
        if state.id not in reached:
            message = _("Rien ne mène à l’état « %(name)s ».")
        elif state.open and not forward[state.id] - {state.id}:
            message = _(
                "L’état « %(name)s » est ouvert et aucune transition n’en part : un dossier y "
                "resterait pour toujours."
            )
        elif state.id not in ending:
            message = _("Depuis l’état « %(name)s », aucun chemin ne mène à un état clos.")
        else:
            continue
        yield Finding(("state", index, "id"), message % {"name": state.id})


def _closure(start: set[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    seen, ahead = set(start), list(start)
    while ahead:
        for each in step(ahead.pop()):
            if each not in seen:
                seen.add(each)
                ahead.append(each)
    return seen
