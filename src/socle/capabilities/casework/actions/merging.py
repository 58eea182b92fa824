"""Several cases about one thing made one, and taken apart again exactly.

What people wrote and sent moves to the survivor; who asked follows it; the merged reference still
answers. A `Merge` keeps the ids of what moved and the columns of the merged case, nothing personal:
undoing gives back what it took, whatever happened to the survivor meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, tokens
from socle.capabilities.casework.actions import following, recording, telling
from socle.capabilities.casework.events import CaseJoined, CaseMerged, CaseUnmerged
from socle.capabilities.casework.models import (
    Case,
    CaseDocument,
    CaseEvent,
    Follower,
    Merge,
    Message,
    PublicStatus,
)
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Invalid, NotFound

MAX_MERGED = 50
"""Cases that one act may merge."""

_COLUMNS = (
    "public_status", "is_open", "closed_at", "due_at", "due_left", "timer_at", "warn_at",
    "has_news", "assignee_id",
)  # fmt: skip


@transaction.atomic
def merge(
    *,
    actor: Actor,
    survivor_id: int,
    merged_ids: Sequence[int],
    versions: Mapping[int, int],
    clock: Clock = SYSTEM,
) -> list[Merge]:
    """Merge cases into one, in the order given. `versions`: those the agent was shown, of each.

    Raises `NotFound` outside the agent's organisations, `Denied` for their own case, `Conflict`
    when one changed meanwhile, `Invalid` when they cannot be one: different kinds or services, a
    closed survivor, one merged or split already, erased.
    """
    wanted = [each for each in dict.fromkeys(merged_ids) if each != survivor_id]
    if not wanted or len(wanted) > MAX_MERGED or len(wanted) != len(merged_ids):
        raise Invalid(_("Choisissez de 1 à %(n)s autres dossiers.") % {"n": MAX_MERGED})
    cases = recording.lock([survivor_id, *wanted])
    for case_id in (survivor_id, *wanted):
        if case_id not in cases:
            raise NotFound()
        recording.for_agent(actor, cases[case_id])
        recording.at_version(cases[case_id], versions.get(case_id, -1))
    survivor, merged = cases[survivor_id], [cases[each] for each in wanted]
    _may_merge(survivor, merged)
    now = clock.now()
    news = _own_news(survivor)
    rows = [
        Merge(
            survivor=survivor,
            merged=each,
            actor_id=actor.user_id,
            at=now,
            moved=_move(survivor, each, clock)
            | {
                "columns": recording.before(each, dict.fromkeys(_COLUMNS)),
                "own_news": news,
                "survivor_version": survivor.version + 1,
            },
        )
        for each in merged
    ]
    for row in rows:
        row.save(force_insert=True)
    acts = [_merged_act(survivor, each, clock) for each in merged]
    acts.append(_survivor_act(survivor, merged))
    recording.write_many(acts, actor, clock, then=lambda act: _tell(act, survivor, actor, clock))
    following.changed(survivor)
    return rows


def _may_merge(survivor: Case, merged: Iterable[Case]) -> None:
    problem = ""
    if survivor.merged_into_id is not None:
        problem = _("%(reference)s est déjà regroupé dans un autre dossier.")
    elif not survivor.is_open:
        problem = _("%(reference)s est clos : choisissez un dossier ouvert où regrouper.")
    if problem:
        raise Invalid(problem % {"reference": survivor.reference}, code="unmergeable")
    for each in merged:
        if each.merged_into_id is not None:
            problem = _("%(reference)s est déjà regroupé dans un autre dossier.")
        elif (each.kind, each.service_key) != (survivor.kind, survivor.service_key):
            problem = _("%(reference)s n’est pas une démarche de même nature.")
        elif each.anonymised_at is not None:
            problem = _("Les données de %(reference)s sont effacées.")
        elif each.parent_id is not None or each.children.exists():
            problem = _("%(reference)s est réparti en sous-dossiers.")
        if problem:
            raise Invalid(problem % {"reference": each.reference}, code="unmergeable")


def _move(survivor: Case, merged: Case, clock: Clock) -> dict[str, Any]:
    """Move what belongs to a case, and say what moved."""
    messages = list(Message.objects.filter(case=merged).order_by("pk").values_list("pk", flat=True))
    documents = list(
        CaseDocument.objects.filter(case=merged).order_by("pk").values_list("pk", flat=True)
    )
    Message.objects.filter(pk__in=messages).update(case=survivor)
    CaseDocument.objects.filter(pk__in=documents).update(case=survivor)
    return {"messages": messages, "documents": documents, **_move_people(survivor, merged, clock)}


def _move_people(
    survivor: Case, merged: Case, clock: Clock, *, told: bool = False
) -> dict[str, list[int]]:
    """Followers move; who follows both already stays where they were, once; the applicant follows,
    unless they were `told` already (and maybe had enough).
    """
    there = {
        key: follower
        for follower in Follower.objects.select_for_update().filter(case=survivor)
        for key in _keys(follower.user_id, follower.email)
    }
    moved, confirmed, created = [], [], []
    for follower in Follower.objects.select_for_update().filter(case=merged).order_by("pk"):
        present = _among(there, follower.user_id, follower.email)
        if present is None:
            if _is_applicant(survivor, follower.user_id, follower.email):
                continue
            moved.append(follower.pk)
            there |= dict.fromkeys(_keys(follower.user_id, follower.email), follower)
        elif present.confirmed_at is None and follower.confirmed_at is not None:
            present.confirmed_at = follower.confirmed_at
            present.save(update_fields=["confirmed_at"])
            confirmed.append(present.pk)
    Follower.objects.filter(pk__in=moved).update(case=survivor)
    user_id, email = merged.applicant_id, merged.contact_email.lower()
    reachable = not told and (user_id is not None or bool(email))
    known = _among(there, user_id, email)
    if reachable and known is not None and known.confirmed_at is None:
        known.confirmed_at = clock.now()
        known.save(update_fields=["confirmed_at"])
        confirmed.append(known.pk)
    if reachable and known is None and not _is_applicant(survivor, user_id, email):
        nonce = tokens.new_nonce()
        follower = Follower.objects.create(
            case=survivor,
            user_id=user_id,
            email="" if user_id is not None else email,
            language=merged.language,
            nonce=nonce,
            token_hash=tokens.hashed(tokens.following(nonce)),
            created_at=clock.now(),
            confirmed_at=clock.now(),
            applicant_of=merged,
        )
        created.append(follower.pk)
    return {"followers": moved, "confirmed": confirmed, "created": created}


def _keys(user_id: int | None, email: str) -> list[object]:
    return [each for each in (user_id, email.lower()) if each]


def _among(there: Mapping[object, Follower], user_id: int | None, email: str) -> Follower | None:
    return next((there[key] for key in _keys(user_id, email) if key in there), None)


def _is_applicant(case: Case, user_id: int | None, email: str) -> bool:
    if user_id is not None and user_id == case.applicant_id:
        return True
    mine = {case.contact_email.lower(), case.applicant.email.lower() if case.applicant else ""}
    return bool(email) and email.lower() in mine


def _common(case: Case) -> dict[str, Any]:
    return {
        "case_id": case.pk,
        "organisation_id": case.organisation_id,
        "kind": case.kind,
        "version": case.version + 1,
    }


def _merged_act(survivor: Case, merged: Case, clock: Clock) -> recording.Act:
    return recording.Act(
        merged,
        history.MERGED,
        changes={
            "merged_into_id": survivor.pk,
            "public_status": PublicStatus.CLOSED.value,
            "is_open": False,
            "closed_at": merged.closed_at or clock.now(),
            "due_at": None,
            "due_left": None,
            "timer_at": None,
            "warn_at": None,
            "has_news": False,
            "assignee_id": None,
        },
        data={"into": survivor.reference},
        facts={"into": survivor.pk},
        public=True,
        emits=[CaseMerged(**_common(merged), survivor_id=survivor.pk)],
    )


def _survivor_act(survivor: Case, merged: Sequence[Case]) -> recording.Act:
    return recording.Act(
        survivor,
        history.MERGED,
        changes={"has_news": survivor.has_news or any(each.has_news for each in merged)},
        data={"merged": [each.reference for each in merged]},
        facts={"merged": [each.pk for each in merged]},
        # The person who asked first need not know how many others did.
        public=False,
        emits=[CaseJoined(**_common(survivor), merged_ids=tuple(each.pk for each in merged))],
    )


def _tell(act: recording.Act, survivor: Case, actor: Actor, clock: Clock) -> None:
    """The applicants of merged cases: where their own goes on."""
    if act.case.pk == survivor.pk:
        following.queue_telling(survivor)
        return
    case = act.case
    letter = telling.builtin(telling.MERGED, case)
    key = f"case:{case.pk}:{case.version}"
    telling.tell_person(case, letter, actor, clock, key=key, required=True)


def _own_news(survivor: Case) -> bool:
    """Whether the survivor would have news without what merges brought."""
    if not survivor.has_news:
        return False
    bringing = [
        each
        for each in Merge.objects.filter(survivor=survivor, undone_at__isnull=True).order_by("pk")
        if each.moved.get("columns", {}).get("has_news")
    ]
    if not bringing or bringing[0].moved.get("own_news"):
        return True
    return _written_since(survivor, bringing[0].moved.get("survivor_version", 0))


def _written_since(case: Case, version: int) -> bool:
    rows = CaseEvent.objects.filter(
        case=case, version__gt=version, kind__in=[history.MESSAGE, history.DOCUMENT]
    )
    return any(not each.data.get("from_agent") for each in rows)


@transaction.atomic
def unmerge(*, actor: Actor, merge_id: int, clock: Clock = SYSTEM) -> Case:
    """Take a merged case out of its survivor, as it was: its state, its clocks, its people, photos
    and messages. What was written to the survivor since stays there. Gives the case back.

    Raises `NotFound` outside the agent's organisations, `Conflict` when it was undone already or
    when the survivor is itself merged into another.
    """
    found = Merge.objects.filter(pk=merge_id).first()
    if found is None:
        raise NotFound()
    cases = recording.lock([found.survivor_id, found.merged_id])
    # Read again once the cases are locked: another may just have undone it.
    row = Merge.objects.select_for_update().get(pk=merge_id)
    survivor, merged = cases[row.survivor_id], cases[row.merged_id]
    for case in (survivor, merged):
        recording.for_agent(actor, case)
    if row.undone_at is not None:
        raise Conflict(_("Ce regroupement est déjà défait."), code="undone")
    if survivor.merged_into_id is not None:
        message = _("%(reference)s est lui-même regroupé : séparez-le d’abord.")
        raise Conflict(message % {"reference": survivor.reference}, code="merged")
    if merged.anonymised_at is not None:
        message = _("Les données de %(reference)s sont effacées.")
        raise Conflict(message % {"reference": merged.reference}, code="anonymised")
    had_own = _own_news(survivor)
    row.undone_at = clock.now()
    row.save(update_fields=["undone_at"])
    _move_back(row, survivor, merged)
    others = list(Merge.objects.filter(survivor=survivor, undone_at__isnull=True).order_by("pk"))
    _take_back_confirmations(row, others)
    _recount_people(survivor, others, clock)
    brought = any(each.moved.get("columns", {}).get("has_news") for each in others)
    news = survivor.has_news and (had_own or brought)
    columns = {
        name: recording.restored(name, value)
        for name, value in row.moved.get("columns", {}).items()
    }
    given_back = recording.Act(
        merged,
        history.UNMERGED,
        changes={"merged_into_id": None, **columns},
        data={"from": survivor.reference},
        facts={"from": survivor.pk},
        public=True,
        emits=[CaseUnmerged(**_common(merged), survivor_id=survivor.pk)],
    )
    let_go = recording.Act(
        survivor,
        history.UNMERGED,
        changes={"has_news": news},
        data={"released": [merged.reference]},
        facts={"released": [merged.pk]},
        emits=[CaseJoined(**_common(survivor), merged_ids=(merged.pk,), undone=True)],
    )
    recording.write_many(
        [given_back, let_go],
        actor,
        clock,
        then=lambda act: _tell_apart(act, merged, actor, clock),
    )
    following.changed(survivor)
    following.changed(merged)
    return merged


def _move_back(row: Merge, survivor: Case, merged: Case) -> None:
    moved = row.moved
    # Only what is still there: erased since, it stays erased.
    Message.objects.filter(pk__in=moved["messages"], case=survivor).update(case=merged)
    CaseDocument.objects.filter(pk__in=moved["documents"], case=survivor).update(case=merged)
    Follower.objects.filter(pk__in=moved["followers"], case=survivor).update(case=merged)
    Follower.objects.filter(pk__in=moved["confirmed"], case=survivor).update(confirmed_at=None)
    Follower.objects.filter(pk__in=moved["created"], case=survivor).delete()


def _take_back_confirmations(row: Merge, others: Iterable[Merge]) -> None:
    """A follower who left with this merge, confirmed by what came with another, is as before."""
    left = set(row.moved["followers"])
    for other in others:
        found = left & set(other.moved["confirmed"])
        if found:
            Follower.objects.filter(pk__in=found).update(confirmed_at=None)
            kept = [pk for pk in other.moved["confirmed"] if pk not in found]
            other.moved = other.moved | {"confirmed": kept}
            other.save(update_fields=["moved"])


def _recount_people(survivor: Case, others: Iterable[Merge], clock: Clock) -> None:
    """Who was told through the case that left, and came with another still there too, is told
    through that one.
    """
    for row in others:
        merged = recording.case_of(row.merged_id)
        found = _move_people(survivor, merged, clock, told=bool(row.moved["created"]))
        if any(found.values()):
            row.moved = row.moved | {name: row.moved[name] + ids for name, ids in found.items()}
            row.save(update_fields=["moved"])


def _tell_apart(act: recording.Act, merged: Case, actor: Actor, clock: Clock) -> None:
    if act.case.pk != merged.pk:
        return
    letter = telling.builtin(telling.UNMERGED, merged)
    telling.tell_person(
        merged, letter, actor, clock, key=f"case:{merged.pk}:{merged.version}", required=True
    )
