"""The receipt that goes with the letter acknowledging a request, and on the follow-up page."""

from __future__ import annotations

from socle.capabilities.casework import registry as cases
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications import registry as enclosures
from socle.capabilities.notifications.rules import Attachment
from socle.design import assets
from socle.domains.procedures.receipt import receipt_pdf

MAKER = "portal.receipt"


def pdf(case: Case, language: str) -> bytes:
    """The receipt of a request, in the house's fonts."""
    return receipt_pdf(case, language=language, fonts=assets.DIST)


def filename(case: Case) -> str:
    return f"recepisse-{case.reference}.pdf"


def make(case_id: int) -> Attachment | None:
    """The receipt of a case, in the language it was filed in; None once the case is anonymised."""
    case = Case.objects.filter(pk=case_id, anonymised_at__isnull=True).first()
    return None if case is None else Attachment(filename(case), pdf(case, case.language))


def register() -> None:
    enclosures.register(MAKER, make)
    cases.enclose_receipt(Case.Kind.REQUEST, MAKER)
