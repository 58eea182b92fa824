"""One case: for the agent who handles it, for the person who follows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, letters, links, policies, registry, rules, tokens
from socle.capabilities.casework.models import Case, CaseDocument, CaseEvent, Message
from socle.capabilities.casework.pack import Transition, Workflow
from socle.capabilities.casework.queries import planning
from socle.capabilities.casework.queries.bonds import (
    PUBLIC_KINDS,
    as_follower,
    share_of,
    spoken_for,
    survivor_of,
)
from socle.capabilities.casework.queries.inbox import make_cursor, read_cursor
from socle.capabilities.casework.queries.where import EVERYTHING, Where
from socle.foundations.accounts.actors import Actor
from socle.kernel import clock as clocks
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied, NotFound

MY_PAGE = 20


def _whole() -> QuerySet[Case, Case]:
    return Case.objects.select_related(
        "organisation", "team", "assignee", "applicant", "entity", "filed_by", "definition"
    )


def case_for_agent(actor: Actor, reference: str) -> Case:
    """A case at the desk, with what surrounds it, in one query.

    Raises `NotFound` outside the agent's organisations, `Denied` for the agent's own request: that
    is followed like anybody's.
    """
    case = _whole().filter(reference=reference).first()
    if case is None or not policies.can_see(actor, case):
        raise NotFound()
    if policies.concerns(actor, case):
        raise Denied(_("Ce dossier vous concerne : suivez-le dans « Mes demandes »."))
    return case


def case_for_person(actor: Actor, reference: str, follow_token: str | None = None) -> Case:
    """A case for the person who asked, who represents the entity, or who holds the private link.

    A merged case answers with its survivor: `redirected_from` is the reference that was asked for.
    Unless that one is theirs too, `seen_as_follower` is true: its state, place and public history,
    with the person's own words, and nothing of who else asked.

    Raises `NotFound` for anybody else: a reference alone opens nothing.
    """
    token = follow_token or ""
    case = _whole().filter(reference=reference).first()
    if case is None:
        raise NotFound()
    if not policies.is_party(actor, case, token):
        # The survivor asked for by its own reference, by who filed a case merged into it.
        speaker = spoken_for(actor, case, token) if case.merged_into_id is None else None
        if speaker is None:
            raise NotFound()
        return as_follower(case, speaker)
    if case.merged_into_id is None:
        return case
    survivor = survivor_of(case)
    if policies.is_party(actor, survivor, token):
        survivor.seen_from = case
        return survivor
    return as_follower(survivor, case)


def follow_token(case: Case) -> str:
    """The token of the case's private link, for who may have it (receipts, confirmations)."""
    return tokens.token_of(case)


def workflow_of(case: Case) -> Workflow:
    """The workflow a case is pinned to."""
    return registry.definition(case).workflow


def transitions_for(
    actor: Actor, case: Case, *, follow_token: str = "", clock: Clock = SYSTEM
) -> tuple[Transition, ...]:
    """What this actor may do with the case now, in the pack's order."""
    return available_to(case, policies.capacities(actor, case, follow_token), clock)


def available_to(case: Case, who: Collection[str], clock: Clock) -> tuple[Transition, ...]:
    """What somebody in these capacities may do with the case now."""
    if case.merged_into_id is not None or case.seen_as_follower:
        return ()
    definition = registry.definition(case)
    today = clocks.local_date(clock.now(), settings.TIME_ZONE)
    names = rules.names_of(definition.workflow)
    values = definition.values(case.answers, names, today) if names else {}
    return rules.available(definition.workflow, case.state, who, values, today)


def timeline(case: Case, public: bool, language: str | None = None) -> list[history.Line]:
    """What happened, oldest first; `public`: what the person is shown, in their words."""
    events = CaseEvent.objects.filter(case_id=case.pk).order_by("version")
    if public or case.seen_as_follower:
        events = events.filter(public=True)
    definition = _definition_or_none(case)
    if case.seen_as_follower and case.seen_from is not None:
        return _timeline_of_follower(case, case.seen_from, definition, language)
    return [history.describe(event, definition, language, public=public) for event in events]


def _timeline_of_follower(
    survivor: Case, merged: Case, definition: registry.Definition | None, language: str | None
) -> list[history.Line]:
    """What the applicant of a merged case is told: their own history, then where it stands."""
    own = list(CaseEvent.objects.filter(case=merged, public=True).order_by("version"))
    since = max((each.at for each in own if each.kind == history.MERGED), default=merged.created_at)
    theirs = CaseEvent.objects.filter(
        case_id=survivor.pk, public=True, kind__in=PUBLIC_KINDS, at__gt=since
    )
    return [
        history.describe(event, definition, language, public=True)
        for event in (*own, *theirs.order_by("version"))
    ]


def _definition_or_none(case: Case) -> registry.Definition | None:
    # A history must stay readable even when its declaration can no longer be.
    try:
        return registry.definition(case)
    except (LookupError, NotFound, ValueError):
        return None


def thread(case: Case, internal: bool) -> list[Message]:
    """Messages with their documents, oldest first; `internal` adds the notes between agents."""
    documents = CaseDocument.objects.select_related("file").order_by("pk")
    if not internal:
        documents = documents.filter(internal=False)
    messages = Message.objects.filter(case_id=case.pk).order_by("created_at", "pk")
    if not internal or case.seen_as_follower:
        messages = messages.filter(internal=False)
    if case.seen_as_follower and case.seen_from is not None:
        messages = messages.filter(pk__in=share_of(case, case.seen_from).messages)
    return list(messages.prefetch_related(Prefetch("documents", queryset=documents)))


def documents_visible(
    actor: Actor, case: Case, follow_token: str | None = None
) -> list[CaseDocument]:
    """The documents of a case that this actor may see, oldest first, each with its file."""
    rows = CaseDocument.objects.filter(case_id=case.pk).select_related("file").order_by("pk")
    if case.seen_as_follower and case.seen_from is not None:
        share = share_of(case, case.seen_from)
        own = Q(pk__in=share.documents) | Q(message_id__in=share.messages)
        return list(rows.filter(own, internal=False))
    return [
        each for each in rows if policies.can_see_document(actor, case, each, follow_token or "")
    ]


@dataclass(frozen=True, slots=True)
class Reply:
    """A canned reply, its placeholders filled from the case."""

    id: str
    label: str
    body: str


def canned_replies(actor: Actor, case: Case, *, clock: Clock = SYSTEM) -> list[Reply]:
    """The workflow's ready-made answers for this case."""
    replies = registry.definition(case).workflow.replies
    if not replies:
        return []
    values = placeholders(
        case, agent=actor.label, today=clocks.local_date(clock.now(), settings.TIME_ZONE)
    )
    return [Reply(each.id, each.label, letters.fill(each.body, values)) for each in replies]


def placeholders(
    case: Case, *, agent: str = "", message: str = "", today: date, language: str | None = None
) -> dict[str, str]:
    """The values of a letter's placeholders for a case as it is now."""
    definition = registry.definition(case)
    state = rules.state_of(definition.workflow, case.state)
    filed = clocks.local_date(case.created_at, settings.TIME_ZONE)
    values = {
        "reference": case.reference,
        "title": case.title,
        "name": case.contact_name or (case.applicant.display_name if case.applicant else ""),
        "organisation": case.organisation.name,
        "team": case.team.name if case.team else "",
        "agent": agent,
        "status": str(case.get_public_status_display()),
        "status_text": state.public_text if state else "",
        "message": message,
        "address": case.address,
        "filed_on": _day(filed),
        "due_on": _day(clocks.local_date(case.due_at, settings.TIME_ZONE)) if case.due_at else "",
        "today": _day(today),
        "link": links.case_url(case, tokens.token_of(case)),
    }
    answers = definition.readable(case.answers, filed, language or case.language)
    return values | {f"answer.{name}": value for name, value in answers.items()}


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")


@dataclass(frozen=True, slots=True)
class CasePage:
    """A page of a person's own cases."""

    rows: list[Case]
    next_cursor: str | None
    previous_cursor: str | None


def my_cases(actor: Actor, cursor: str | None = None, *, limit: int = MY_PAGE) -> CasePage:
    """Cases the person filed and those of the entities they represent, newest first.

    Two queries. A person without an account has none: they hold private links.
    """
    upwards, position = read_cursor(cursor)
    keyset = EVERYTHING
    if position:
        keyset = planning.before(position) if upwards else planning.after(position)
    ids: dict[int, None] = {}
    limit = max(1, min(limit, 100))
    plans = _my_plans(actor)
    if plans:
        ids = dict.fromkeys(
            planning.merged_ids(plans, limit=limit + 1, keyset=keyset, upwards=upwards)
        )
    more = len(ids) > limit
    rows = {case.pk: case for case in Case.objects.filter(pk__in=list(ids)[:limit])}
    _follow_merges(rows.values())
    found = [rows[pk] for pk in list(ids)[:limit] if pk in rows]
    if upwards:
        found.reverse()
    below, above = more or upwards, more if upwards else position is not None
    return CasePage(
        found,
        make_cursor(found[-1].created_at, found[-1].pk) if found and below else None,
        make_cursor(found[0].created_at, found[0].pk, upwards=True) if found and above else None,
    )


def _follow_merges(cases: Iterable[Case]) -> None:
    """Show where merged cases really stand: with their survivor. Merges are few."""
    merged = [case for case in cases if case.merged_into_id is not None]
    if not merged:
        return
    for case in merged:
        survivor = survivor_of(case)
        case.public_status, case.is_open = survivor.public_status, survivor.is_open
        case.closed_at = survivor.closed_at


def _my_plans(actor: Actor) -> Sequence[planning.Plan]:
    plans = []
    if actor.user_id is not None:
        plans.append(
            planning.Plan("case_applicant_idx", ("applicant_id",), ((actor.user_id,),), EVERYTHING)
        )
    if actor.entity_ids:
        prefixes = tuple((each,) for each in sorted(actor.entity_ids))
        # A case filed by the person for their entity is listed once.
        others = EVERYTHING
        if actor.user_id is not None:
            others = Where('("applicant_id" IS NULL OR "applicant_id" <> %s)', (actor.user_id,))
        plans.append(planning.Plan("case_entity_idx", ("entity_id",), prefixes, others))
    return plans


def of_person(user_id: int) -> list[dict[str, Any]]:
    """A person's requests and what they wrote in them: their share of the export of their data."""
    cases = Case.objects.filter(applicant_id=user_id).order_by("created_at", "pk")
    messages: dict[int, list[dict[str, Any]]] = {}
    for each in Message.objects.filter(case__applicant_id=user_id, internal=False).order_by("pk"):
        messages.setdefault(each.case_id, []).append(
            {"at": each.created_at.isoformat(), "from": each.author_label, "text": each.body}
        )
    return [
        {
            "reference": case.reference,
            "title": case.title,
            "description": case.description,
            "status": str(case.get_public_status_display()),
            "filed_at": case.created_at.isoformat(),
            "closed_at": case.closed_at.isoformat() if case.closed_at else None,
            "address": case.address,
            "contact": {
                "name": case.contact_name,
                "email": case.contact_email,
                "phone": case.contact_phone,
            },
            "answers": case.answers,
            "messages": messages.get(case.pk, []),
        }
        for case in cases
    ]
