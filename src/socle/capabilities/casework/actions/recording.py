"""The heart of every act: row, event and journal change together, or not at all.

An act reads a case at some version and writes only if it is still there: one compare-and-set
UPDATE, on either database, without holding a lock while a person thinks. The event it adds carries
the new version, and the database refuses two events with one version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from socle.capabilities.casework import calendars, history, policies, registry, rules
from socle.capabilities.casework.models import Case, CaseEvent
from socle.capabilities.casework.pack import Workflow
from socle.foundations.accounts.actors import Actor
from socle.foundations.journal import actions as journal
from socle.kernel import clock as clocks
from socle.kernel import events
from socle.kernel.clock import Clock
from socle.kernel.errors import Conflict, Denied, NotFound
from socle.kernel.events import Event


@dataclass
class Act:
    """One change of one case.

    `changes`: columns to write. `data`: what the event keeps (names allowed). `facts`: what the
    journal keeps: ids, states, names of fields; never personal data.
    """

    case: Case
    kind: str
    changes: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    public: bool = False
    emits: list[Event] = field(default_factory=list)
    former_organisation_id: int | None = None
    """Whose chain also records it, when the case changes hands."""

    @property
    def next_version(self) -> int:
        return self.case.version + 1


def unchanged(case: Case) -> Q:
    """The condition of the compare-and-set: the case is still at the version that was read."""
    return Q(pk=case.pk, version=case.version)


def write(
    act: Act, actor: Actor, clock: Clock, *, then: Callable[[], object] | None = None
) -> None:
    """Write one act inside the caller's transaction. Raises `Conflict` when somebody was faster.

    `then` runs once the case holds its new values: letters tell the new state.
    """
    now = clock.now()
    case, version = act.case, act.next_version
    updated = Case.objects.filter(unchanged(case)).update(
        version=version, updated_at=now, **act.changes
    )
    if updated != 1:
        raise stale(case.pk, case.version)
    _absorb(act, now)
    CaseEvent.objects.bulk_create([event_of(act, actor, now)])
    if then is not None:
        then()
    for each in act.emits:
        events.emit(each)
    journal_acts([act], actor, clock)


def write_many(
    acts: Sequence[Act],
    actor: Actor,
    clock: Clock,
    *,
    then: Callable[[Act], object] | None = None,
) -> None:
    """Write acts on different cases whose rows the caller has locked, in a few statements."""
    now = clock.now()
    groups: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        groups[repr(sorted(act.changes.items(), key=lambda item: item[0]))].append(act)
    for alike in groups.values():
        ids = [act.case.pk for act in alike]
        versions = {act.case.version for act in alike}
        updated = Case.objects.filter(pk__in=ids, version__in=versions).update(
            version=F("version") + 1, updated_at=now, **alike[0].changes
        )
        if updated != len(alike):
            raise Conflict()
    for act in acts:
        _absorb(act, now)
    CaseEvent.objects.bulk_create([event_of(act, actor, now) for act in acts], batch_size=500)
    for act in acts:
        if then is not None:
            then(act)
        for each in act.emits:
            events.emit(each)
    journal_acts(acts, actor, clock)


def _absorb(act: Act, now: datetime) -> None:
    act.case.version += 1
    act.case.updated_at = now
    for name, value in act.changes.items():
        setattr(act.case, name, value)


def event_of(act: Act, actor: Actor, now: datetime) -> CaseEvent:
    """The event of an act already absorbed by its case."""
    label = "" if actor.kind == "system" else actor.label
    if actor.kind == "anonymous" and act.case.contact_name:
        label = act.case.contact_name
    return CaseEvent(
        case_id=act.case.pk,
        version=act.case.version,
        at=now,
        kind=act.kind,
        actor_id=actor.user_id,
        actor_kind=actor.kind,
        actor_label=label[:200],
        public=act.public,
        data=act.data,
    )


def journal_acts(acts: Iterable[Act], actor: Actor, clock: Clock) -> None:
    """Append to the chain of each case's organisation. Last, and in a fixed order of chains: the
    heads stay locked until the commit.
    """
    chains: dict[str, list[journal.Act]] = defaultdict(list)
    for act in acts:
        entry = journal.Act(
            action=f"case.{act.kind}",
            subject=("case", str(act.case.pk)),
            data={"version": act.case.version, **act.facts},
        )
        chains[journal.chain_for(act.case.organisation_id)].append(entry)
        if act.former_organisation_id is not None:
            chains[journal.chain_for(act.former_organisation_id)].append(entry)
    for chain in sorted(chains):
        journal.record_many(chain=chain, actor=actor, acts=chains[chain], clock=clock)


def whole() -> QuerySet[Case, Case]:
    """Cases with what letters and messages need of them."""
    return Case.objects.select_related("organisation", "team", "assignee", "applicant")


def case_of(case_id: int) -> Case:
    """The case as it is now; `NotFound` when there is none."""
    case = whole().filter(pk=case_id).first()
    if case is None:
        raise NotFound()
    return case


def locked(case_id: int) -> Case:
    """The same, its row locked: for acts that do not depend on a version (a reply)."""
    case = lock([case_id]).get(case_id)
    if case is None:
        raise NotFound()
    return case


def lock(case_ids: Iterable[int]) -> dict[int, Case]:
    """Cases by id, their rows locked, always in the same order so that two bulk acts cannot wait
    for each other. On SQLite the transaction already holds the only write lock.
    """
    rows = whole().select_for_update(of=("self",)).filter(pk__in=list(case_ids)).order_by("pk")
    return {case.pk: case for case in rows}


def for_agent(actor: Actor, case: Case) -> Case:
    """The case, if this agent may handle it.

    Raises `NotFound` outside their organisations, `Denied` for their own request.
    """
    if actor.kind == "system":
        return case
    if not policies.can_see(actor, case):
        raise NotFound()
    if not policies.can_handle(actor, case):
        raise Denied(_("Ce dossier vous concerne : un collègue doit le traiter."))
    return case


def not_merged(case: Case) -> None:
    """Raise `Conflict` for a case that is now part of another: acts are for that one."""
    if case.merged_into_id is None:
        return
    into = Case.objects.filter(pk=case.merged_into_id).values_list("reference", flat=True).first()
    message = _("Ce dossier est regroupé dans %(reference)s : agissez sur celui-là.")
    raise Conflict(message % {"reference": into or "…"}, code="merged")


def at_version(case: Case, version: int) -> None:
    """Raise `Conflict` unless the case is at the version the person was shown."""
    if case.version != version:
        raise stale(case.pk, version)


def stale(case_id: int, since: int) -> Conflict:
    """Who did what since `since`, so that the person can decide again. Nothing was written."""
    missed = list(
        CaseEvent.objects.filter(case_id=case_id, version__gt=since).order_by("version")[:4]
    )
    case = Case.objects.filter(pk=case_id).first()
    if case is None or not missed:
        return Conflict(code="stale-case")
    definition = registry.definition(case)
    told = [
        _("%(what)s (%(when)s)")
        % {
            "what": history.sentence(event, definition),
            "when": clocks.local(event.at, settings.TIME_ZONE).strftime("%d/%m/%Y %H:%M"),
        }
        for event in missed[:3]
    ]
    if len(missed) > 3:
        told.append("…")
    return Conflict(
        _(
            "Ce dossier a changé depuis que vous l’avez ouvert : %(changes)s. "
            "Rien n’a été modifié de votre côté : relisez-le, puis recommencez si besoin."
        )
        % {"changes": " ; ".join(told)},
        code="stale-case",
    )


def clocks_in(case: Case, workflow: Workflow, state_id: str, now: datetime) -> dict[str, Any]:
    """The columns of the clocks of a case that enters a state now."""
    found = rules.clocks_on_entry(
        workflow,
        state_id,
        now=now,
        before=rules.Clocks(case.due_at, case.due_left, case.timer_at, case.warn_at),
        calendar=calendars.calendar_of(case.organisation_id),
    )
    return {
        "due_at": found.due_at,
        "due_left": found.due_left,
        "timer_at": found.timer_at,
        "warn_at": found.warn_at,
    }


def plain(value: Any) -> Any:
    """A column's value as JSON, for what an undo must restore."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value


def restored(name: str, value: Any) -> Any:
    """The value of a column from its JSON."""
    if value is None:
        return None
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name == "due_left":
        return timedelta(seconds=value)
    return value


def before(case: Case, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the columns of `changes` hold now, as JSON."""
    return {name: plain(getattr(case, name)) for name in changes}
