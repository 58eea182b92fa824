"""An agent in the street: the round they take along, and acts that may arrive hours later, once.

An act carries a key made on the device and the version of the case its author saw. The key makes
it done once; the version makes it refused, with who changed what, when a colleague was faster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.filters import ME, NOBODY, InboxFilter
from socle.capabilities.casework.models import Case, CaseDocument
from socle.capabilities.casework.pack import Workflow
from socle.capabilities.questionnaires import values
from socle.domains.reports.deferring import device_key
from socle.domains.reports.interventions import actions as interventions
from socle.domains.reports.interventions import queries as orders
from socle.domains.reports.models import FieldAct, InterventionCase
from socle.domains.reports.models.work import Intervention
from socle.foundations.accounts.actors import Actor
from socle.foundations.files.models import StoredFile
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Invalid

ROUND = 100
"""Cases that a round holds: what fits in a day, and in a phone."""
TEXT_MAX = 4_000
MINUTES_MAX = 24 * 60
PARTS_MAX = 30
BEFORE, AFTER = "photo-before", "photo-after"


# --- The round ---
@dataclass(frozen=True, slots=True)
class Stop:
    """One case of a round; `mine`: the agent answers for it already."""

    case: Case
    state_label: str
    mine: bool
    photos: tuple[CaseDocument, ...]
    interventions: tuple[Intervention, ...]


def round_of(actor: Actor, *, limit: int = ROUND, clock: Clock = SYSTEM) -> list[Stop]:
    """Open reports of the agent's orders, those they answer for, those of their teams nobody took.

    A constant number of queries. The agent's own requests are left out: colleagues handle them.
    """
    wanted = InboxFilter(kinds=("report",))
    rows = cases.inbox(actor, wanted.but(assignee=ME), limit=limit, clock=clock).rows
    if actor.team_ids and len(rows) < limit:
        free = wanted.but(assignee=NOBODY, teams=tuple(sorted(actor.team_ids)))
        rows += cases.inbox(actor, free, limit=limit - len(rows), clock=clock).rows
    ordered = [
        case.pk
        for stop in orders.round_of(actor, clock=clock, limit=limit)
        if stop.kind == "intervention"
        for case in stop.cases
        if case.is_open
    ]
    ids = list(dict.fromkeys([*ordered, *(row.id for row in rows)]))[:limit]
    found = {case.pk: case for case in Case.objects.filter(pk__in=ids).select_related("definition")}
    photos = _photos(ids)
    planned = _interventions(ids)
    return [
        Stop(
            case,
            cases.state_label(case.kind, case.definition_id, case.state),
            case.assignee_id == actor.user_id,
            tuple(photos[pk]),
            tuple(planned[pk]),
        )
        for pk in ids
        if (case := found.get(pk)) is not None and case.applicant_id != actor.user_id
    ]


def _photos(ids: Sequence[int]) -> Mapping[int, list[CaseDocument]]:
    found: dict[int, list[CaseDocument]] = defaultdict(list)
    rows = CaseDocument.objects.filter(case_id__in=ids, file__media_type__startswith="image/")
    for each in rows.select_related("file").order_by("pk"):
        if each.file.thumbnail_key and len(found[each.case_id]) < 3:
            found[each.case_id].append(each)
    return found


def _interventions(ids: Sequence[int]) -> Mapping[int, list[Intervention]]:
    found: dict[int, list[Intervention]] = defaultdict(list)
    states = (Intervention.State.PLANNED, Intervention.State.UNDER_WAY)
    rows = InterventionCase.objects.filter(case_id__in=ids, intervention__state__in=states)
    for each in rows.select_related("intervention").order_by("pk"):
        found[each.case_id].append(each.intervention)
    return found


def workflow_of(case: Case) -> Workflow:
    """The workflow of a case: the device needs it to know what may be done next."""
    return cases.workflow_of(case)


# --- Acts ---
@dataclass(frozen=True, slots=True)
class Part:
    """Something used: a lamp, a bag of asphalt."""

    label: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was done in the street. `minutes` spent there; `transition`: what the case becomes;
    `order`: id of the intervention that is thereby done.
    """

    text: str = ""
    minutes: int | None = None
    parts: tuple[Part, ...] = ()
    transition: str = ""
    message: str = ""
    order: int | None = None


Photos = Mapping[str, Sequence[StoredFile]]
"""Received photos, by their kind (`BEFORE`, `AFTER`)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act came to. A retry gives the same, not `done_now`."""

    reference: str
    version: int
    state: str
    done_now: bool = True


def done_before(actor: Actor, key: str) -> Outcome | None:
    """The outcome of an act of this agent that arrived already.

    Raises Conflict for somebody else's key.
    """
    row = FieldAct.objects.filter(key=device_key(key)).first()
    if row is None:
        return None
    if row.user_id != actor.user_id:
        raise Conflict(_("Cet envoi a déjà servi. Recommencez."), code="idempotency-key")
    return Outcome(**row.outcome, done_now=False)


def take(*, actor: Actor, key: str, reference: str, version: int, clock: Clock = SYSTEM) -> Outcome:
    """The agent answers for a case from now on. Raises NotFound, Denied, Conflict."""

    def act(case: Case) -> None:
        casework.assign(
            actor=actor, case_id=case.pk, version=version, assignee_id=actor.user_id, clock=clock
        )

    return _once(actor, key, "take", reference, act, clock)


def report(
    *,
    actor: Actor,
    key: str,
    reference: str,
    version: int,
    report: Report,
    photos: Photos | None = None,
    clock: Clock = SYSTEM,
) -> Outcome:
    """Write what was done: a note between agents with the photos, and the transition asked for.

    Without a transition nothing can be in conflict: words and photos are added to whatever the
    case has become. Raises NotFound, Denied, Conflict, and Invalid by field (`report`, `minutes`,
    `parts`, `transition`, `message`).
    """
    photos = photos or {}
    _check(report, any(photos.values()))

    def act(case: Case) -> None:
        if report.transition:
            casework.perform(
                actor=actor,
                case_id=case.pk,
                transition_id=report.transition,
                version=version,
                message=report.message,
                clock=clock,
            )
        if report.order is not None:
            interventions.finish_intervention(
                actor=actor,
                intervention_id=report.order,
                report=report.text,
                minutes=report.minutes,
                parts=[{"label": part.label, "quantity": part.quantity} for part in report.parts],
                resolve=False,
                clock=clock,
            )
        note = _note(report)
        documents = [
            casework.NewDocument(file_id=each.pk, kind=kind, label=_label(kind))
            for kind, received in photos.items()
            for each in received
        ]
        if note or documents:
            casework.reply(
                actor=actor, case_id=case.pk, body=note, internal=True, files=documents,
                clock=clock,
            )  # fmt: skip

    return _once(actor, key, "report", reference, act, clock)


def _once(
    actor: Actor,
    key: str,
    kind: str,
    reference: str,
    act: Callable[[Case], None],
    clock: Clock,
) -> Outcome:
    """Do an act and remember its outcome, in one transaction: both, or neither."""
    if actor.user_id is None:
        raise Denied
    known = done_before(actor, key)
    if known is not None:
        return known
    case = cases.case_for_agent(actor, reference)
    try:
        with transaction.atomic():
            # First: of two tries at the same moment the second waits here, then learns the outcome.
            row = FieldAct.objects.create(
                key=device_key(key), user_id=actor.user_id, kind=kind, at=clock.now()
            )
            act(case)
            now = Case.objects.only("version", "state").get(pk=case.pk)
            row.outcome = {"reference": case.reference, "version": now.version, "state": now.state}
            row.save(update_fields=["outcome"])
    except IntegrityError:
        known = done_before(actor, key)
        if known is None:
            raise
        return known
    return Outcome(case.reference, now.version, now.state)


def _check(report: Report, has_photos: bool) -> None:
    fields: dict[str, list[str]] = {}
    said = report.text.strip() or report.transition or report.minutes or report.parts
    said = said or report.order is not None
    if not said and not has_photos:
        fields["report"] = [_("Écrivez ce que vous avez fait, ou ajoutez une photo.")]
    if len(report.text) > TEXT_MAX:
        fields["report"] = [_("Ce texte dépasse %(n)s caractères.") % {"n": TEXT_MAX}]
    if report.minutes is not None and not 0 <= report.minutes <= MINUTES_MAX:
        fields["minutes"] = [_("Indiquez un temps en minutes, 1440 au plus.")]
    if len(report.parts) > PARTS_MAX or any(part.quantity < 1 for part in report.parts):
        fields["parts"] = [_("Cette liste de pièces n’est pas comprise.")]
    if fields:
        raise Invalid(_("Le rapport est à corriger."), fields=fields)


def _note(report: Report) -> str:
    lines = [values.clean(report.text, lines=True)]
    if report.minutes:
        n = report.minutes
        spent = ngettext("Temps passé : %(n)s minute", "Temps passé : %(n)s minutes", n)
        lines.append(spent % {"n": n})
    if report.parts:
        used = ", ".join(f"{part.quantity} × {values.clean(part.label)}" for part in report.parts)
        lines.append(_("Pièces : %(list)s") % {"list": used})
    return "\n\n".join(line for line in lines if line)


def _label(kind: str) -> str:
    return str(_("Photo avant")) if kind == BEFORE else str(_("Photo après"))
