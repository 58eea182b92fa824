"""From a case: regroup it with others, share it out, plan work, hand it over to somebody outside."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from socle.capabilities.casework import actions, queries
from socle.capabilities.casework.actions import Part
from socle.domains.reports.handovers import actions as handovers
from socle.domains.reports.interventions import actions as interventions
from socle.kernel.errors import Invalid
from socle.sites.desk import reading
from socle.sites.desk.access import actor_of, agents_only
from socle.sites.desk.reports import PARTS
from socle.sites.desk.views import cases


@require_POST
@agents_only
def merge(request: HttpRequest, reference: str) -> HttpResponse:
    """Take other cases into this one: those ticked, and one typed by its reference."""
    case = cases.case_of(request, reference)
    actor = actor_of(request)

    def act() -> None:
        chosen: dict[int, int] = {}
        for text in request.POST.getlist("other"):
            number, _colon, version = text.partition(":")
            other_id, seen = reading.number(number), reading.number(version)
            if other_id is not None and seen is not None:
                chosen[other_id] = seen
        named = request.POST.get("reference", "").strip()
        if named:
            other = queries.case_for_agent(actor, named)
            chosen[other.pk] = other.version
        if not chosen:
            raise Invalid(_("Choisissez au moins un autre signalement."))
        versions = {case.pk: cases.version_of(request, case), **chosen}
        actions.merge(actor=actor, survivor_id=case.pk, merged_ids=list(chosen), versions=versions)

    return cases.attempt(request, case, act, _("Les signalements sont regroupés."), "regroupement")


@require_POST
@agents_only
def unmerge(request: HttpRequest, reference: str, merge_id: int) -> HttpResponse:
    """Take a merge apart: everything goes back where it was."""
    case = cases.case_of(request, reference)
    return cases.attempt(
        request,
        case,
        lambda: actions.unmerge(actor=actor_of(request), merge_id=merge_id),
        _("Le regroupement est défait."),
        "regroupement",
    )


@require_POST
@agents_only
def split(request: HttpRequest, reference: str) -> HttpResponse:
    """Share a case out among teams."""
    case = cases.case_of(request, reference)
    parts = [
        Part(title=title, team_id=reading.number(request.POST.get(f"team-{rank}", "")))
        for rank in range(1, PARTS + 1)
        if (title := request.POST.get(f"title-{rank}", "").strip())
    ]
    return cases.attempt(
        request,
        case,
        lambda: actions.split(
            actor=actor_of(request), case_id=case.pk, parts=parts,
            version=cases.version_of(request, case),
        ),
        _("Le signalement est réparti."),
        "repartition",
    )  # fmt: skip


@require_POST
@agents_only
def plan(request: HttpRequest, reference: str) -> HttpResponse:
    """Order work for a report, and for those around that are ticked."""
    case = cases.case_of(request, reference)
    others = reading.numbers([each.partition(":")[0] for each in request.POST.getlist("other")])
    who = request.POST.get("who", "")
    kind, _dash, number = who.partition("-")
    identity = reading.number(number)

    def act() -> None:
        if identity is None:
            raise Invalid(
                _("Choisissez qui intervient."), fields={"who": [_("Choisissez qui intervient.")]}
            )
        interventions.plan_intervention(
            actor=actor_of(request),
            case_ids=[case.pk, *others],
            title=request.POST.get("title", ""),
            team_id=identity if kind == "team" else None,
            contractor_id=identity if kind == "contractor" else None,
            instructions=request.POST.get("instructions", ""),
            planned_for=reading.day(request.POST.get("planned_for", "")),
            idempotency_key=f"desk:{request.POST['key']}" if request.POST.get("key") else None,
        )

    return cases.attempt(request, case, act, _("L’intervention est prévue."), "interventions")


@require_POST
@agents_only
def hand_over(request: HttpRequest, reference: str) -> HttpResponse:
    """Give a report to somebody outside, try again, or take it back."""
    case = cases.case_of(request, reference)
    actor = actor_of(request)
    what = request.POST.get("do", "")

    def act() -> None:
        if what == "back":
            handovers.take_back(actor=actor, case_id=case.pk, reason=request.POST.get("reason", ""))
        elif what == "retry":
            handovers.retry_handover(
                actor=actor, handover_id=reading.number(request.POST.get("handover", "")) or 0
            )
        else:
            handovers.hand_over(
                actor=actor,
                case_id=case.pk,
                body_id=reading.number(request.POST.get("body", "")) or 0,
                reason=request.POST.get("reason", ""),
            )

    done = {
        "back": _("Le signalement est repris."),
        "retry": _("L’envoi va être tenté à nouveau."),
    }.get(what, _("Le signalement est transmis."))
    return cases.attempt(request, case, act, done, "organismes")
