"""What programs are told of cases: facts become webhook events, in the transaction of the act.

A payload holds ids and what anybody may see of a report; nothing a person wrote. A program that
needs more asks the REST interface, with its key.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework.events import (
    CaseAssigned,
    CaseChanged,
    CaseTransferred,
    MessagePosted,
)
from socle.capabilities.casework.models import Case
from socle.capabilities.webhooks import actions
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound

EVENTS = {
    "report.created": _("Signalement reçu"),
    "report.updated": _("Signalement modifié"),
    "report.closed": _("Signalement clos"),
    "report.reopened": _("Signalement rouvert"),
    "report.assigned": _("Signalement attribué"),
    "report.transferred": _("Signalement transmis à une autre organisation"),
    "report.merged": _("Signalement réuni avec un autre"),
    "report.unmerged": _("Signalement séparé de celui qui l’avait repris"),
    "report.split": _("Signalement partagé en plusieurs"),
    "report.message": _("Message sur un signalement"),
    "report.anonymised": _("Signalement anonymisé"),
    "request.created": _("Demande reçue"),
    "request.updated": _("Demande modifiée"),
    "request.closed": _("Demande close"),
    "request.reopened": _("Demande rouverte"),
    "request.assigned": _("Demande attribuée"),
    "request.transferred": _("Demande transmise à une autre organisation"),
    "request.message": _("Message sur une demande"),
    "request.anonymised": _("Demande anonymisée"),
}

# By the name of the fact: those that rooms add later are updates until they are written here.
_VERBS = {
    "CaseOpened": "created",
    "CaseClosed": "closed",
    "CaseReopened": "reopened",
    "CaseAssigned": "assigned",
    "CaseTransferred": "transferred",
    "CaseMerged": "merged",
    "CaseUnmerged": "unmerged",
    "CaseSplit": "split",
    "MessagePosted": "message",
    "CaseAnonymised": "anonymised",
}


def tell(fact: CaseChanged) -> None:
    """Write what the programs of the organisations concerned are told of a fact."""
    if isinstance(fact, MessagePosted) and fact.internal:
        return
    name = f"{fact.kind}.{_VERBS.get(type(fact).__name__, 'updated')}"
    if name not in EVENTS:
        name = f"{fact.kind}.updated"
    concerned = {fact.organisation_id}
    if isinstance(fact, CaseTransferred):
        concerned.add(fact.from_organisation_id)
    actions.publish(organisation_ids=concerned, event=name, data=lambda: payload(fact))


def payload(fact: CaseChanged) -> dict[str, Any] | None:
    """Ids and public fields of the case of a fact; None when it is gone."""
    case = Case.objects.filter(pk=fact.case_id).first()
    if case is None:
        return None
    data: dict[str, Any] = {
        "reference": case.reference,
        "kind": case.kind,
        "version": fact.version,
        "organisation": _slug(case.organisation_id),
        "service": case.service_key,
        "category": case.category,
        "status": case.public_status,
        "is_open": case.is_open,
        "created_at": case.created_at.isoformat(),
        "updated_at": case.updated_at.isoformat(),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "path": f"/api/v1/cases/{case.reference}",
    }
    if case.kind == Case.Kind.REPORT:
        # Where a request comes from is its applicant's business.
        data |= {"area": case.area_code, "lon": case.lon, "lat": case.lat}
    return data | _details(fact)


def _details(fact: CaseChanged) -> dict[str, Any]:
    if isinstance(fact, MessagePosted):
        return {"message_id": fact.message_id, "from_agent": fact.from_agent}
    if isinstance(fact, CaseAssigned):
        return {"team_id": fact.team_id}
    if isinstance(fact, CaseTransferred):
        return {"from_organisation": _slug(fact.from_organisation_id)}
    survivor_id = getattr(fact, "survivor_id", None)
    if survivor_id is not None:
        survivor = Case.objects.filter(pk=survivor_id).values_list("reference", flat=True).first()
        return {"survivor": survivor}
    return {}


def _slug(organisation_id: int) -> str:
    try:
        return territories.organisation_by_id(organisation_id).slug
    except NotFound:
        return ""
