"""The same act on many cases at once, and its undo.

One transaction: the rows are locked, each case is judged on its own, what may be done is done, what
may not is said. Undoing restores the cases that nobody touched since; the others stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, policies, rules
from socle.capabilities.casework.actions import following, recording
from socle.capabilities.casework.actions.assigning import (
    KEEP,
    Target,
    assign_act,
    assignment,
    tell_assigned,
    today,
)
from socle.capabilities.casework.actions.moving import (
    clean,
    parts_allow,
    post,
    tell,
    transition_act,
)
from socle.capabilities.casework.events import CaseAssigned, CaseStateChanged
from socle.capabilities.casework.models import BulkItem, BulkOperation, Case
from socle.capabilities.casework.pack import Transition
from socle.capabilities.casework.queries.bonds import open_parts
from socle.capabilities.casework.queries.cases import available_to
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound

Kind = Literal["assign", "team", "transition"]

_SNAPSHOT = (
    "state", "public_status", "is_open", "closed_at", "due_at", "due_left", "timer_at",
    "warn_at", "team_id", "assignee_id", "has_news",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case. `reason`: a code of `rules.SKIPPED` when it was left alone."""

    case_id: int
    reference: str
    done: bool
    reason: str = ""

    @property
    def sentence(self) -> str:
        return str(rules.SKIPPED.get(self.reason, ""))


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The operation (to undo it) and what came of each case, in the order asked."""

    operation: BulkOperation
    outcomes: list[Outcome]

    @property
    def done(self) -> list[Outcome]:
        return [each for each in self.outcomes if each.done]

    @property
    def skipped(self) -> list[Outcome]:
        return [each for each in self.outcomes if not each.done]


class _Skipped(Exception):
    """This case is left alone; the argument is a code of `rules.SKIPPED`."""


@transaction.atomic
def bulk(
    *,
    actor: Actor,
    kind: Kind,
    case_ids: Sequence[int],
    versions: Mapping[int, int] | None = None,
    assignee_id: int | None = None,
    team_id: int | None = None,
    transition_id: str = "",
    message: str = "",
    reason: str = "",
    clock: Clock = SYSTEM,
) -> BulkResult:
    """Assign (`assign`), hand to a team (`team`) or move (`transition`) up to 500 cases.

    `versions`: those the agent was shown, by case id; a case that changed since is skipped. Raises
    `Invalid` for an empty or endless selection and for a text that a transition needs.
    """
    wanted = list(dict.fromkeys(case_ids))
    if not wanted or len(wanted) > rules.BULK_LIMIT:
        raise Invalid(
            _("Choisissez de 1 à %(n)s dossiers.") % {"n": rules.BULK_LIMIT}, code="selection"
        )
    if actor.user_id is None:
        raise Denied()
    run = _Run(
        actor, kind, clock, assignee_id, team_id, transition_id, clean(message), clean(reason)
    )
    cases = recording.lock(wanted)
    if kind == "transition":
        run.waiting, run.followed = open_parts(wanted), following.followed(wanted)
    operation = BulkOperation.objects.create(
        actor_id=actor.user_id, kind=kind, parameters=run.parameters(), created_at=clock.now()
    )
    acts: list[recording.Act] = []
    items: list[BulkItem] = []
    outcomes: list[Outcome] = []
    for case_id in wanted:
        case = cases.get(case_id)
        # A case out of sight is not even named.
        if case is None or not policies.can_see(actor, case):
            outcomes.append(Outcome(case_id, "", done=False, reason="not_found"))
            continue
        item = BulkItem(operation=operation, case_id=case_id, version_after=case.version)
        try:
            if (versions or {}).get(case_id, case.version) != case.version:
                raise _Skipped("stale")
            act = run.act(case)
        except _Skipped as skipped:
            item.outcome, item.reason = BulkItem.Outcome.SKIPPED, str(skipped)
        else:
            item.before = recording.before(case, dict.fromkeys(_SNAPSHOT))
            item.version_after = case.version + 1
            acts.append(act)
        items.append(item)
        outcomes.append(Outcome(case_id, case.reference, not item.reason, item.reason))
    BulkItem.objects.bulk_create(items, batch_size=500)
    recording.write_many(acts, actor, clock, then=run.tell)
    return BulkResult(operation, outcomes)


class _Run:
    """One kind of act with its parameters, checked once per organisation."""

    def __init__(
        self,
        actor: Actor,
        kind: Kind,
        clock: Clock,
        assignee_id: int | None,
        team_id: int | None,
        transition_id: str,
        message: str,
        reason: str,
    ) -> None:
        self.actor, self.kind, self.clock = actor, kind, clock
        self.assignee_id, self.team_id = assignee_id, team_id
        self.transition_id, self.message, self.reason = transition_id, message, reason
        # Looked up once for all the cases: how many queries there are does not depend on them.
        self.waiting: set[int] = set()
        self.followed: set[int] = set()
        self._targets: dict[int, Target | None] = {}
        self._transitions: dict[int, Transition] = {}

    def parameters(self) -> dict[str, Any]:
        """What was asked, for the record: ids, no text."""
        given: dict[Kind, dict[str, Any]] = {
            "assign": {"assignee": self.assignee_id},
            "team": {"team": self.team_id},
            "transition": {"transition": self.transition_id},
        }
        return given[self.kind]

    def act(self, case: Case) -> recording.Act:
        if not policies.can_handle(self.actor, case):
            raise _Skipped("own_case")
        if case.merged_into_id is not None:
            raise _Skipped("merged")
        if self.kind == "transition":
            return self._transition(case)
        target = self._target(case.organisation_id)
        if target is None:
            raise _Skipped("elsewhere")
        act = assign_act(case, target)
        if act is None:
            raise _Skipped("unchanged")
        return act

    def _target(self, organisation_id: int) -> Target | None:
        if organisation_id not in self._targets:
            team = self.team_id if self.kind == "team" else KEEP
            assignee = self.assignee_id if self.kind == "assign" else KEEP
            try:
                self._targets[organisation_id] = assignment(
                    organisation_id, team, assignee, today(self.clock)
                )
            except Invalid:
                self._targets[organisation_id] = None
        return self._targets[organisation_id]

    def _transition(self, case: Case) -> recording.Act:
        offered = available_to(case, policies.capacities(self.actor, case), self.clock)
        transition = next((each for each in offered if each.id == self.transition_id), None)
        if transition is None:
            raise _Skipped("not_allowed")
        try:
            parts_allow(case, transition, self.waiting)
        except Conflict:
            raise _Skipped("open_parts") from None
        missing: dict[str, list[str]] = {
            name: [_("Cette action demande un texte.")]
            for name in transition.needs
            if not getattr(self, name)
        }
        if missing:
            raise Invalid(_("Il manque un texte pour cette action."), fields=missing)
        act = transition_act(case, transition, self.actor, self.clock, reason=self.reason)
        act.changes["has_news"] = False
        if self.message:
            posted = post(case, self.actor, self.message, self.clock, from_agent=True)
            act.data["message_id"] = act.facts["message"] = posted.pk
        self._transitions[case.pk] = transition
        return act

    def tell(self, act: recording.Act) -> None:
        if self.kind == "transition":
            transition = self._transitions[act.case.pk]
            tell(
                act, transition, self.actor, self.clock, message=self.message,
                followed=self.followed,
            )  # fmt: skip
        else:
            tell_assigned(act, self.actor, self.clock)


@transaction.atomic
def undo_bulk(*, actor: Actor, operation_id: int, clock: Clock = SYSTEM) -> BulkResult:
    """Put back, as they were, the cases of an operation that nobody touched since.

    What was written to people stays written. Raises `NotFound` for somebody else's operation,
    `Conflict` when it was undone already.
    """
    operation = (
        BulkOperation.objects.select_for_update()
        .filter(pk=operation_id, actor_id=actor.user_id or -1)
        .first()
    )
    if operation is None:
        raise NotFound()
    if operation.undone_at is not None:
        raise Conflict(_("Cette action groupée est déjà annulée."), code="undone")
    items = list(operation.items.filter(outcome=BulkItem.Outcome.DONE).order_by("pk"))
    cases = recording.lock(item.case_id for item in items)
    acts: list[recording.Act] = []
    outcomes: list[Outcome] = []
    for item in items:
        case = cases[item.case_id]
        if not policies.can_handle(actor, case):
            item.reason = "own_case" if policies.can_see(actor, case) else "not_found"
        elif case.version != item.version_after:
            item.reason = "stale"
        item.outcome = BulkItem.Outcome.KEPT if item.reason else BulkItem.Outcome.RESTORED
        outcomes.append(Outcome(case.pk, case.reference, not item.reason, item.reason))
        if not item.reason:
            acts.append(_restoring(case, item, operation))
    BulkItem.objects.bulk_update(items, ["outcome", "reason"], batch_size=500)
    operation.undone_at = clock.now()
    operation.save(update_fields=["undone_at"])
    followed = following.followed(cases)

    def tell_followers(act: recording.Act) -> None:
        if act.public and act.case.pk in followed:
            following.queue_telling(act.case)

    recording.write_many(acts, actor, clock, then=tell_followers)
    return BulkResult(operation, outcomes)


def _restoring(case: Case, item: BulkItem, operation: BulkOperation) -> recording.Act:
    changes = {name: recording.restored(name, value) for name, value in item.before.items()}
    moved = changes["state"] != case.state
    common: dict[str, Any] = {
        "case_id": case.pk,
        "organisation_id": case.organisation_id,
        "kind": case.kind,
        "version": case.version + 1,
    }
    return recording.Act(
        case,
        history.RESTORED,
        changes=changes,
        data={
            "operation": operation.pk,
            "from": case.state,
            "to": changes["state"],
            "public_status": changes["public_status"],
        },
        facts={"operation": operation.pk, "from": case.state, "to": changes["state"]},
        public=changes["public_status"] != case.public_status,
        emits=[
            CaseStateChanged(
                **common,
                transition="",
                source=case.state,
                target=changes["state"],
                public_status=changes["public_status"],
                is_open=changes["is_open"],
            )
            if moved
            else CaseAssigned(
                **common, team_id=changes["team_id"], assignee_id=changes["assignee_id"]
            )
        ],
    )
