"""Moving a case along its workflow: by somebody, or by a timer when nobody acts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, policies, registry, rules
from socle.capabilities.casework.actions import following, recording, telling
from socle.capabilities.casework.actions.attaching import NewDocument, attach, sides
from socle.capabilities.casework.events import (
    CaseClosed,
    CaseReopened,
    CaseStateChanged,
)
from socle.capabilities.casework.models import Case, Message
from socle.capabilities.casework.pack import Transition, Workflow
from socle.capabilities.casework.queries.bonds import open_parts
from socle.capabilities.casework.queries.cases import available_to
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Invalid

MESSAGE_MAX = 20_000
REASON_MAX = 2_000


@transaction.atomic
def perform(
    *,
    actor: Actor,
    case_id: int,
    transition_id: str,
    version: int,
    message: str = "",
    reason: str = "",
    files: Sequence[NewDocument] = (),
    claim: str = "",
    follow_token: str = "",
    clock: Clock = SYSTEM,
) -> Case:
    """Perform a transition of the workflow.

    `version`: the one the person was shown. `message` goes to the person who asked, `reason` stays
    inside; `files` go with the message. Raises `NotFound` for somebody else's case, `Conflict` when
    it changed meanwhile, `Denied` when the transition is not offered to this actor, `Invalid` when
    it needs a text that is missing.
    """
    case = recording.case_of(case_id)
    as_agent = sides(actor, case, follow_token)
    recording.at_version(case, version)
    recording.not_merged(case)
    transition = _offered(case, actor, transition_id, follow_token, clock)
    # Somebody may always give up their own request.
    if as_agent:
        parts_allow(case, transition)
    message, reason = _texts(transition, message, reason)
    act = transition_act(case, transition, actor, clock, reason=reason)
    posted = post(case, actor, message, clock, from_agent=as_agent) if message else None
    if posted is not None:
        act.data["message_id"] = act.facts["message"] = posted.pk
    if files:
        added = attach(case, posted, files, actor, claim=claim, internal=False, clock=clock)
        act.facts["documents"] = [each.pk for each in added]
    act.changes["has_news"] = not as_agent
    said = message if as_agent else ""
    recording.write(
        act, actor, clock, then=lambda: tell(act, transition, actor, clock, message=said)
    )
    return case


def _offered(
    case: Case, actor: Actor, transition_id: str, follow_token: str, clock: Clock
) -> Transition:
    who = policies.capacities(actor, case, follow_token)
    for each in available_to(case, who, clock):
        if each.id == transition_id:
            return each
    raise Denied(_("Cette action n’est pas possible dans l’état actuel du dossier."))


def closes(case: Case, transition: Transition) -> bool:
    """Whether a transition would close an open case."""
    target = rules.state_of(registry.definition(case).workflow, transition.target)
    return case.is_open and target is not None and not target.open


def parts_allow(case: Case, transition: Transition, waiting: Collection[int] | None = None) -> None:
    """Raise `Conflict` for a transition that would close a case before its parts, when its workflow
    has it wait for them. `waiting`: cases known to have open parts, when the caller looked.
    """
    if not closes(case, transition):
        return
    if registry.definition(case).workflow.parts.closing == "free":
        return
    if case.pk in (open_parts([case.pk]) if waiting is None else waiting):
        message = _("Il reste des sous-dossiers ouverts : terminez-les d’abord.")
        raise Conflict(message, code="open-parts")


def _texts(transition: Transition, message: str, reason: str) -> tuple[str, str]:
    message, reason = clean(message), clean(reason)
    fields: dict[str, list[str]] = {}
    if "message" in transition.needs and not message:
        fields["message"] = [_("Écrivez un message à la personne.")]
    if "reason" in transition.needs and not reason:
        fields["reason"] = [_("Indiquez le motif.")]
    for name, text, limit in (
        ("message", message, MESSAGE_MAX),
        ("reason", reason, REASON_MAX),
    ):
        if len(text) > limit:
            fields[name] = [_("Ce texte dépasse %(n)s caractères.") % {"n": limit}]
    if fields:
        raise Invalid(_("Il manque un texte pour cette action."), fields=fields)
    return message, reason


def clean(text: str) -> str:
    """A text typed by a person: line ends unified, no NUL, no spaces around."""
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def post(
    case: Case,
    actor: Actor,
    body: str,
    clock: Clock,
    *,
    from_agent: bool,
    internal: bool = False,
    idempotency_key: str | None = None,
    label: str = "",
) -> Message:
    """Add a message to the thread, inside the caller's act. `label`: who writes, when it is not
    the actor.
    """
    named = actor.user_id is not None or actor.kind == "program"
    label = label or (actor.label if named else case.contact_name)
    message = Message(
        case=case,
        author_id=actor.user_id,
        author_label=(label or actor.label)[:200],
        from_agent=from_agent,
        internal=internal,
        body=body,
        created_at=clock.now(),
        idempotency_key=idempotency_key,
    )
    message.save(force_insert=True)
    return message


def transition_act(
    case: Case, transition: Transition, actor: Actor, clock: Clock, *, reason: str = ""
) -> recording.Act:
    """What a transition changes: state, status, openness, clocks, assignment."""
    workflow = registry.definition(case).workflow
    target = rules.state_of(workflow, transition.target)
    if target is None:
        raise LookupError("a checked workflow has the targets of its transitions")
    source = rules.state_of(workflow, case.state)
    now = clock.now()
    changes: dict[str, Any] = {
        "state": target.id,
        "public_status": target.public.value,
        "is_open": target.open,
        "closed_at": None if target.open else (case.closed_at or now),
        **recording.clocks_in(case, workflow, target.id, now),
    }
    for effect in transition.effects:
        if effect.assign == "actor" and actor.user_id is not None:
            changes["assignee_id"] = actor.user_id
        elif effect.assign == "nobody":
            changes["assignee_id"] = None
    told = source is None or (source.public, source.public_text) != (
        target.public,
        target.public_text,
    )
    return recording.Act(
        case,
        history.STATE,
        changes=changes,
        data={
            "transition": transition.id,
            "from": case.state,
            "to": target.id,
            "public_status": target.public.value,
            **({"reason": reason} if reason else {}),
        },
        facts={"transition": transition.id, "from": case.state, "to": target.id},
        public=told,
        emits=[_state_event(case, transition, target.public.value, target.open)],
    )


def _state_event(
    case: Case, transition: Transition, public_status: str, is_open: bool
) -> CaseStateChanged:
    kind = CaseStateChanged
    if case.is_open != is_open:
        kind = CaseReopened if is_open else CaseClosed
    return kind(
        case_id=case.pk,
        organisation_id=case.organisation_id,
        kind=case.kind,
        version=case.version + 1,
        transition=transition.id,
        source=case.state,
        target=transition.target,
        public_status=public_status,
        is_open=is_open,
    )


def tell(
    act: recording.Act,
    transition: Transition,
    actor: Actor,
    clock: Clock,
    *,
    message: str = "",
    followed: Collection[int] | None = None,
) -> None:
    """The effects of a transition that was just written; `message` always reaches the person.

    `followed`: cases known to be followed, when the caller looked.
    """
    case = act.case
    if act.public and (followed is None or case.pk in followed):
        following.queue_telling(case)
    written = telling.run_effects(case, transition.effects, actor, clock, message=message)
    if message and not written:
        letter = telling.builtin(telling.MESSAGE, case)
        key = f"case:{case.pk}:{case.version}:message"
        telling.tell_person(case, letter, actor, clock, key=key, message=message)


def due_timers(*, limit: int = 200, clock: Clock = SYSTEM) -> list[tuple[int, int]]:
    """`(id, version)` of cases whose timer has run out, oldest first."""
    rows = Case.objects.filter(timer_at__isnull=False, timer_at__lte=clock.now())
    return list(rows.order_by("timer_at").values_list("pk", "version")[:limit])


@transaction.atomic
def run_timer(*, case_id: int, clock: Clock = SYSTEM) -> bool:
    """Perform the transition of a case's timer, if it is still due. Returns whether it was."""
    case = recording.locked(case_id)
    if case.timer_at is None or case.timer_at > clock.now():
        return False
    workflow: Workflow = registry.definition(case).workflow
    timer = rules.timer_of(workflow, case.state)
    offered = available_to(case, frozenset({"system"}), clock)
    transition = next((each for each in offered if timer and each.id == timer.transition), None)
    try:
        if transition is not None:
            parts_allow(case, transition)
    except Conflict:
        transition = None
    if transition is None:
        # Its condition does not hold: asked again only when the case moves.
        Case.objects.filter(recording.unchanged(case)).update(timer_at=None)
        return False
    act = transition_act(case, transition, SYSTEM_ACTOR, clock)
    recording.write(
        act, SYSTEM_ACTOR, clock, then=lambda: tell(act, transition, SYSTEM_ACTOR, clock)
    )
    return True
