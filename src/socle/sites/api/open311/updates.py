"""The history of service requests, read and written: FixMyStreet's extension of GeoReport v2.

Everybody may read what is public: changes of status. The program that sent a report also reads what
agents answered to it, as the person who reported would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import policies
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case, CaseEvent, Message, PublicStatus
from socle.capabilities.casework.pack import Transition
from socle.domains.reports import queries as reports
from socle.domains.reports.queries import PublicFilter
from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied, NotFound
from socle.sites.api.authentication import Program
from socle.sites.api.open311 import listing, media, parameters, posting, presenting
from socle.sites.api.open311.answering import Refusal
from socle.sites.api.open311.jurisdictions import Jurisdiction

_STATES = ("opened", "imported", "state", "restored")
_STATUS_OF = {extended: status for status, extended in presenting.EXTENDED.items()}
# What a program may say, and which of our statuses do for it, the best first.
_WANTED: dict[str, tuple[str, ...]] = {
    "open": ("received", "in_progress"),
    "reopen": ("in_progress", "received"),
    "in_progress": ("in_progress",),
    "investigating": ("in_progress", "waiting"),
    "action_scheduled": ("planned", "in_progress"),
    "fixed": ("resolved", "accepted"),
    "closed": ("resolved", "accepted", "closed"),
    "duplicate": ("closed",),
    "no_further_action": ("refused", "closed", "cancelled"),
    "not_councils_responsibility": ("not_ours",),
    "internal_referral": (),
}
CASES_MOST = 500
DESCRIPTION_MAX = 4000


@dataclass(frozen=True, slots=True)
class Known:
    """A case somebody may read here. `own`: the program sent it, or its organisation treats it."""

    case: Case
    own: bool


def find(reference: str, jurisdiction: Jurisdiction, program: Program | None) -> Known:
    """The case of a service_request_id, as this program may read it. Raises NotFound."""
    if program is not None:
        case = (
            Case.objects.filter(reference=reference, kind=Case.Kind.REPORT)
            .select_related("organisation", "definition")
            .first()
        )
        if case is not None and _is_own(case, program):
            return Known(case, own=True)
    row = listing.one(reference, jurisdiction)
    case = Case.objects.select_related("organisation", "definition").get(pk=row.case_id)
    return Known(case, own=False)


def _is_own(case: Case, program: Program) -> bool:
    if posting.filed_by(case, program):
        return True
    return program.allows("cases:read") and policies.can_see(program.actor, case)


def of_case(known: Known) -> list[dict[str, Any]]:
    """The updates of one case, oldest first; once merged, then those of the case that took it over,
    under the number the reader knows.
    """
    found = list(_of(known.case, known.own))
    survivor = survivor_of(known.case)
    if survivor is not None:
        merged = CaseEvent.objects.filter(case_id=known.case.pk, kind="merged").order_by("version")
        last = merged.last()
        since = parameters.written(last.at) if last else ""
        later = list(_of(survivor, own=False))
        # What was said of it before is another story, except where it stands.
        news = [each for each in later if each["updated_datetime"] >= since] or later[-1:]
        found += [{**each, "service_request_id": known.case.reference} for each in news]
    return found


def survivor_of(case: Case) -> Case | None:
    """The case that took this one over, through several mergers; None for one that stands."""
    survivor = None
    for _hop in range(10):
        if case.merged_into_id is None:
            break
        case = survivor = Case.objects.select_related("definition").get(pk=case.merged_into_id)
    return survivor


def _of(case: Case, own: bool) -> Iterator[dict[str, Any]]:
    kinds = (*_STATES, "transferred", *(("message",) if own else ()))
    events = list(
        CaseEvent.objects.filter(case_id=case.pk, kind__in=kinds, public=True).order_by("version")
    )
    told = {line.version: line for line in cases.timeline(case, public=True)}
    said = _messages(events) if own else {}
    status = PublicStatus.RECEIVED.value
    for event in events:
        if event.kind in _STATES:
            status = event.data.get("public_status") or status
        text = ""
        if event.kind == "message" and not event.data.get("from_agent"):
            continue
        if event.data.get("message_id") in said:
            text = said[event.data["message_id"]]
        elif event.kind == "message":
            continue
        line = told.get(event.version)
        if line is not None and event.kind != "message":
            title = _("Signalement reçu") if event.kind in ("opened", "imported") else line.title
            text = " – ".join(part for part in (title, text or line.text) if part)
        shown = presenting.EXTENDED.get(status, "open")
        yield _update(case.reference, event, shown, text)


def _messages(events: Iterable[CaseEvent]) -> dict[int, str]:
    ids = [each.data["message_id"] for each in events if each.data.get("message_id")]
    rows = Message.objects.filter(pk__in=ids, internal=False, from_agent=True)
    return dict(rows.values_list("pk", "body"))


def _update(reference: str, event: CaseEvent, status: str, text: str) -> dict[str, Any]:
    return {
        "update_id": f"{reference}.{event.version}",
        "service_request_id": reference,
        "status": status,
        "updated_datetime": parameters.written(event.at),
        "description": text[:DESCRIPTION_MAX] or None,
        "media_url": None,
    }


def between(since: datetime, until: datetime, jurisdiction: Jurisdiction) -> list[dict[str, Any]]:
    """Changes of status of public reports in a period, oldest first. Three queries."""
    page = reports.public_list(
        PublicFilter(
            organisation_id=jurisdiction.organisation_id,
            area_code=min(jurisdiction.area_codes, default=""),
            updated_since=since,
        ),
        None,
        limit=CASES_MOST,
    )
    rows: dict[int, str] = {
        row.case_id: row.reference
        for row in page.rows
        if jurisdiction.holds(row.area_code, row.organisation_id)
    }
    events = CaseEvent.objects.filter(
        case_id__in=list(rows), kind__in=_STATES, public=True, at__gte=since, at__lte=until
    ).order_by("at", "pk")
    found = []
    for event in events[: parameters.MOST]:
        status = event.data.get("public_status") or PublicStatus.RECEIVED.value
        label = PublicStatus(status).label if status in PublicStatus.values else status
        shown = presenting.EXTENDED.get(status, "open")
        found.append(_update(rows[event.case_id], event, shown, str(label)))
    return found


def post(
    request: HttpRequest,
    reference: str,
    jurisdiction: Jurisdiction,
    program: Program,
    *,
    clock: Clock = SYSTEM,
) -> str:
    """Add what a program says of a report: words, photos, a status. Give the update's id.

    The program that sent the report speaks as the person who reported; with ``cases:write``, a
    program of the organisation that treats it speaks as its agent. The same ``update_id`` is taken
    once. Raises :class:`Refusal` and `SocleError`.
    """
    form = request.POST
    given = form.get("update_id", "").strip()[:500]
    words = form.get("description", "").strip()
    status = form.get("status", "").strip().lower()
    if status and status not in _WANTED:
        raise Refusal(400, _("Ce statut n’est pas connu."))
    if len(words) > DESCRIPTION_MAX:
        raise Refusal(400, _("description : au plus %(most)s caractères.") % {"most": 4000})
    case = Case.objects.filter(reference=reference, kind=Case.Kind.REPORT).first()
    own = case is not None and posting.filed_by(case, program)
    treats = (
        case is not None
        and program.allows("cases:write")
        and policies.can_handle(program.actor, case)
    )
    if case is None or not (own or treats):
        # It exists for everybody to see, or not at all.
        listing.one(reference, jurisdiction)
        raise Refusal(403, _("Cette clé ne permet pas de compléter cette demande."))
    survivor = case.merged_into
    if own:
        program.require(posting.SCOPE)
    actor, token = (
        (posting.reporter(program), cases.follow_token(case)) if own else (program.actor, "")
    )
    if survivor is not None:
        raise Refusal(
            400,
            _("Cette demande est réunie à %(reference)s.") % {"reference": survivor.reference},
        )
    key = _key(program, case, given) if given else None
    if key is not None and Message.objects.filter(idempotency_key=key).exists():
        return given
    photos = (
        media.received(request, actor, key or token or given, clock) if _has_photo(request) else []
    )
    claim = key or token or given
    moved = _move(case, actor, token, status, words, own=own, clock=clock)
    if (words and not moved) or photos:
        try:
            casework.reply(
                actor=actor,
                case_id=case.pk,
                body=words if not moved else "",
                files=media.labelled(photos),
                claim=claim,
                follow_token=token,
                idempotency_key=key,
                clock=clock,
            )
        except Denied as error:
            raise Refusal(400, str(error)) from None
    elif not moved and not status:
        raise Refusal(400, _("description manque."))
    return given or f"{case.reference}.{Case.objects.values_list('version').get(pk=case.pk)[0]}"


def _has_photo(request: HttpRequest) -> bool:
    named = any(request.POST.get(name) for name in ("media_url", "media_url[]"))
    return named or bool(request.FILES)


def _key(program: Program, case: Case, given: str) -> str:
    digest = hashlib.sha256(given.encode()).hexdigest()[:40]
    return f"o311u:{program.organisation_id}:{case.pk}:{digest}"


def _move(
    case: Case, actor: Actor, token: str, status: str, words: str, *, own: bool, clock: Clock
) -> bool:
    """Bring the case to a status where its workflow lets this actor; whether the words went along.

    An agent's program is told when it cannot be; what a reporter says of the status is only words.
    """
    wanted = _WANTED.get(status, ())
    if not wanted or case.public_status in wanted:
        return False
    if own and status == "open" and case.is_open:
        return False
    offered = cases.transitions_for(actor, case, follow_token=token, clock=clock)
    chosen = _best(case, offered, wanted)
    if chosen is None:
        if own:
            return False
        raise Refusal(400, _("Cette demande ne peut pas prendre ce statut maintenant."))
    try:
        casework.perform(
            actor=actor,
            case_id=case.pk,
            transition_id=chosen.id,
            version=case.version,
            message=words,
            reason=words if "reason" in chosen.needs else "",
            follow_token=token,
            clock=clock,
        )
    except (Denied, NotFound) as error:
        raise Refusal(400, str(error)) from None
    return True


def _best(case: Case, offered: Sequence[Transition], wanted: Sequence[str]) -> Transition | None:
    public = {each.id: each.public.value for each in cases.workflow_of(case).states}
    for status in wanted:
        for each in offered:
            if public.get(each.target) == status:
                return each
    return None
