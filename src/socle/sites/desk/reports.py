"""What the page of a report shows besides what every case has: why it is here, what it is tied to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from socle.capabilities.casework import policies, queries
from socle.capabilities.casework.models import Case
from socle.capabilities.casework.pack import Transition
from socle.domains.reports import queries as report_queries
from socle.domains.reports.handovers import queries as handover_queries
from socle.domains.reports.interventions import queries as intervention_queries
from socle.domains.reports.models import Handover
from socle.domains.reports.routing import queries as routing
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.sites.desk.access import actor_of

PARTS = 4
HANDOVER_TONES = {"queued": "info", "sent": "progress", "accepted": "progress", "failed": "danger",
                  "returned": "warning", "done": "success"}  # fmt: skip
WORK_TONES = {"planned": "info", "under_way": "progress", "done": "success", "cancelled": "neutral"}


def work(request: HttpRequest, case: Case) -> dict[str, Any]:
    """What the page of a report shows besides what every case has."""
    actor = actor_of(request)
    if case.kind != Case.Kind.REPORT:
        return {"is_report": False}
    why = routing.why_routed(case)
    handed = handover_queries.handovers_of(actor, case)
    return {
        "is_report": True,
        "why": _why(why) if why else None,
        "merges": [
            {
                "id": each.pk,
                "reference": each.merged.reference,
                "href": reverse("desk:case", args=[each.merged.reference]),
            }
            for each in queries.merges_of(actor, case)
        ],
        "survivor": case.merged_into.reference if case.merged_into else "",
        "children": [
            {
                "title": each.title,
                "reference": each.reference,
                "open": each.is_open,
                "team": each.team.name if each.team else "",
            }
            for each in queries.children_of(actor, case)
        ],
        "parent": case.parent.reference if case.parent else "",
        "followers": queries.followers_count(case),
        "works": [
            {
                "reference": each.reference,
                "title": each.title,
                "status": {"label": each.get_state_display(), "tone": WORK_TONES[each.state]},
                "who": each.team.name if each.team else str(each.contractor or ""),
            }
            for each in intervention_queries.interventions_of(actor, case)
        ],
        "handovers": [
            {
                "name": each.body.name,
                "status": {"label": each.get_state_display(), "tone": HANDOVER_TONES[each.state]},
                "error": each.error,
                "their": each.external_id,
                "failed": each.state == Handover.State.FAILED and each.ended_at is None,
                "id": each.pk,
            }
            for each in handed
        ],
        "handed": any(each.ended_at is None for each in handed),
        "bodies": [(str(each.pk), each.name) for each in handover_queries.bodies_for(actor, case)],
        "work_teams": _hands(actor, case) if policies.can_handle(actor, case) else [],
        "parts": range(1, PARTS + 1),
    }


def closing_texts(
    actor: Actor, case: Case, transitions: Sequence[Transition]
) -> dict[str, list[queries.Reply]]:
    """Ready-made words for each act on a report, by transition; nothing for other cases."""
    if case.kind != Case.Kind.REPORT:
        return {}
    return {
        each.id: found
        for each in transitions
        if (found := report_queries.closing_texts(actor, case, each.id))
    }


def _hands(actor: Actor, case: Case) -> list[tuple[str, str]]:
    """Who may be sent: the organisation's teams, then its companies."""
    return [
        *((f"team-{each.pk}", each.name) for each in accounts.teams_in(case.organisation_id)),
        *(
            (f"contractor-{each.pk}", each.name)
            for each in intervention_queries.contractors(actor, case.organisation_id)
        ),
    ]


def _why(routed: Any) -> dict[str, Any]:
    explanation = routed.explanation
    return {
        "lines": routing.labels(explanation),
        "default": not explanation.get("path"),
        "fault": routed.fault,
        "at": routed.at,
    }
