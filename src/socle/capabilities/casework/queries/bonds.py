"""Who follows what, and which case another was merged into."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from socle.capabilities.casework import history, policies
from socle.capabilities.casework.models import Case, CaseEvent, Follower, Merge, Message
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import NotFound

_MAX_CHAIN = 50

PUBLIC_KINDS = frozenset({
    history.STATE, history.TRANSFERRED, history.MERGED, history.UNMERGED, history.RESTORED,
    history.SPLIT,
})  # fmt: skip
"""Events of a survivor that the applicant of a merged case is told: nothing between others."""


def followers_count(case: Case | int) -> int:
    """How many people are told how a case goes on, besides its applicant."""
    case_id = case if isinstance(case, int) else case.pk
    return Follower.objects.filter(case_id=case_id, confirmed_at__isnull=False).count()


def followers_counts(case_ids: Iterable[int]) -> dict[int, int]:
    """The same for many cases in one query; those nobody follows are left out."""
    rows = Follower.objects.filter(case_id__in=list(case_ids), confirmed_at__isnull=False)
    return dict(rows.values_list("case_id").annotate(n=Count("pk")).order_by())


def is_following(actor: Actor, case: Case) -> bool:
    """Whether an account follows a case."""
    if actor.user_id is None:
        return False
    return Follower.objects.filter(case=case, user_id=actor.user_id).exists()


def followed_by(actor: Actor, limit: int = 100) -> list[Case]:
    """The cases an account follows, the last followed first."""
    if actor.user_id is None:
        return []
    rows = Follower.objects.filter(user_id=actor.user_id).select_related("case__organisation")
    return [each.case for each in rows.order_by("-created_at", "-pk")[:limit]]


def following(token: str) -> Follower:
    """Who a letter's token is for, with their case. Raises `NotFound`."""
    from socle.capabilities.casework import tokens

    rows = Follower.objects.select_related("case__organisation")
    found = rows.filter(token_hash=tokens.hashed(token)).first() if token else None
    if found is None or not found.token_hash:
        raise NotFound()
    return found


def survivor_of(case: Case) -> Case:
    """The case that one was merged into, at the end of the chain; itself when it was not."""
    for _step in range(_MAX_CHAIN):
        if case.merged_into_id is None:
            return case
        case = Case.objects.select_related(
            "organisation", "team", "assignee", "applicant", "entity", "filed_by", "definition"
        ).get(pk=case.merged_into_id)
    raise LookupError("merges go round in a circle")


def merges_of(actor: Actor, case: Case) -> list[Merge]:
    """What is merged into a case now, the latest first, for an agent who may see it."""
    if not policies.can_see(actor, case):
        raise NotFound()
    rows = Merge.objects.filter(survivor=case, undone_at__isnull=True)
    return list(rows.select_related("merged", "actor").order_by("-at", "-pk"))


def children_of(actor: Actor, case: Case) -> list[Case]:
    """The parts a case was split into, oldest first, that the agent may see."""
    rows = Case.objects.filter(parent=case).select_related("organisation", "team", "assignee")
    return [each for each in rows.order_by("pk") if policies.can_see(actor, each)]


def open_parts(case_ids: Collection[int]) -> set[int]:
    """Which of these cases have parts still open. One query."""
    rows = Case.objects.filter(parent_id__in=case_ids, is_open=True)
    return set(rows.values_list("parent_id", flat=True).distinct())


def spoken_for(actor: Actor, case: Case, token: str) -> Case | None:
    """The case in whose name a person speaks here: this one, or one merged into it."""
    if policies.is_party(actor, case, token):
        return case
    pending, seen = [case.pk], {case.pk}
    while pending:
        rows = list(Case.objects.filter(merged_into_id__in=pending))
        for row in rows:
            if policies.is_party(actor, row, token):
                return row
        pending = [row.pk for row in rows if row.pk not in seen]
        seen.update(pending)
    return None


def as_follower(survivor: Case, merged: Case) -> Case:
    """A survivor as the applicant of a case merged into it may see it: where it stands, with their
    own words. Nothing of who else asked. For reading only.
    """
    survivor.seen_from, survivor.seen_as_follower = merged, True
    for name in (
        "title", "description", "category", "answers", "contact_name", "contact_email",
        "contact_phone", "applicant_id", "entity_id", "filed_by_id", "channel", "language",
        "follow_nonce", "follow_hash", "address", "lon", "lat", "cell", "created_at",
    ):  # fmt: skip
        setattr(survivor, name, getattr(merged, name))
    survivor.has_news = False
    return survivor


@dataclass(frozen=True, slots=True)
class Share:
    """What of a survivor's thread came from one merged case: ids."""

    messages: frozenset[int]
    documents: frozenset[int]


def share_of(survivor: Case, merged: Case) -> Share:
    """The messages and documents of a survivor that are the merged applicant's to see: those that
    came with the merge, and what they wrote since.
    """
    messages: set[int] = set()
    documents: set[int] = set()
    for each in Merge.objects.filter(merged=merged, undone_at__isnull=True):
        messages.update(each.moved.get("messages", ()))
        documents.update(each.moved.get("documents", ()))
    rows = CaseEvent.objects.filter(
        Q(kind=history.MESSAGE) | Q(kind=history.DOCUMENT), case_id=survivor.pk
    )
    for event in rows:
        if event.data.get("for") == merged.pk:
            messages.update([event.data["message_id"]] if "message_id" in event.data else ())
            documents.update(event.data.get("document_ids", ()))
    mine = Message.objects.filter(pk__in=messages, internal=False)
    return Share(frozenset(mine.values_list("pk", flat=True)), frozenset(documents))


@dataclass(frozen=True, slots=True)
class Origin:
    """Who handed a case over to its present organisation, and the team that had it."""

    organisation: Organisation
    team_id: int | None


def came_from(case: Case) -> Origin | None:
    """Who handed the case over to the organisation that has it now; `None` when nobody did, or
    when they are there no more.
    """
    rows = CaseEvent.objects.filter(case_id=case.pk, kind=history.TRANSFERRED)
    last = rows.order_by("-version").first()
    if last is None or last.data.get("to_id", case.organisation_id) != case.organisation_id:
        return None
    organisations = Organisation.objects.filter(is_active=True)
    if "from_id" in last.data:
        found = organisations.filter(pk=last.data["from_id"]).first()
    else:
        # Written before ids were kept.
        found = organisations.filter(name=last.data.get("from", "")).first()
    return Origin(found, last.data.get("from_team_id")) if found else None
