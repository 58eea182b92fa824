"""The PDF receipt of a request: an *accusé de réception* with what CRPA art. R.112-11-1 lists."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from socle.capabilities.casework.models import Case
from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.catalogue.pack import ServiceDeclaration
from socle.capabilities.questionnaires import rules
from socle.domains.procedures import queries
from socle.foundations.territories import queries as territories
from socle.kernel.clock import add_months, local

_TEMPLATE = Path(__file__).parent / "typst" / "receipt.typ"


@lru_cache(maxsize=1)
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def receipt_pdf(case: Case, *, language: str = "fr", fonts: Path | None = None) -> bytes:
    """The receipt as a tagged PDF (PDF/UA-1), made from the case's pinned revision."""
    data = json.dumps(receipt(case, language=language))
    return bytes(
        typst.compile(
            _template(),
            format="pdf",
            sys_inputs={"data": data},
            font_paths=[fonts] if fonts else [],
            ignore_system_fonts=True,
            pdf_standards="ua-1",
            timestamp=int(case.created_at.timestamp()),
        )
    )


def receipt(case: Case, *, language: str = "fr") -> dict[str, Any]:
    """What the receipt says: reference, date of receipt, answers, contact, meaning of silence."""
    procedure = queries.procedure_of(case.definition)
    declaration = catalogue.declaration(case.service_key)
    organisation = territories.organisation_by_id(case.organisation_id)
    received = local(case.created_at)
    rows = rules.rows(procedure.questionnaire, case.answers, received.date(), language)
    titles = {page.id: page.title for page in procedure.questionnaire.pages}
    sections: list[dict[str, Any]] = [
        {"title": _("Vos coordonnées"), "rows": _person(case)},
    ]
    for row in rows:
        title = titles[row.page_id]
        if sections[-1]["title"] != title:
            sections.append({"title": title, "rows": []})
        sections[-1]["rows"].append({"label": row.label, "value": row.value or _("Non renseigné")})
    contact = declaration.contact if declaration else None
    lines = [contact.name, contact.address, contact.phone, contact.email] if contact else []
    return {
        "language": language,
        "title": _("Accusé de réception"),
        "reference": case.reference,
        "received": _("le %(day)s à %(time)s")
        % {"day": date_format(received, "j F Y"), "time": date_format(received, "H \\h i")},
        "organisation": organisation.name,
        "labels": {
            "reference": _("Référence"),
            "received": _("Reçue"),
            "next": _("Et maintenant ?"),
            "contact": _("Le service qui s’en occupe"),
            "legal": _("Vos droits"),
        },
        "next": [
            _("Votre demande « %(title)s » est enregistrée.") % {"title": case.title},
            *([declaration.processing_time] if declaration and declaration.processing_time else []),
        ],
        "sections": sections,
        "contact": [line for line in [organisation.name, *lines] if line],
        "legal": silence(declaration, received) if declaration else [],
    }


def _person(case: Case) -> list[dict[str, str]]:
    known = [
        (_("Nom"), case.contact_name),
        (_("Adresse électronique"), case.contact_email),
        (_("Téléphone"), case.contact_phone),
    ]
    return [{"label": label, "value": value} for label, value in known if value]


def silence(declaration: ServiceDeclaration, received: datetime) -> list[str]:
    """What an absence of answer means, and from which day (CRPA L.231-1, L.231-4, L.232-3, R.421-5 CJA)."""
    rule = declaration.silence
    if rule is None or rule.meaning == "none":
        return []
    day = date_format(add_months(received.date(), rule.months), "j F Y")
    if rule.meaning == "acceptance":
        lines = [
            _(
                "Sans réponse de notre part le %(day)s, votre demande est acceptée, si votre dossier est complet."
            )
            % {"day": day},
            _(
                "Vous pourrez alors demander une attestation (article L. 232-3 du code des relations entre le public et l’administration)."
            ),
        ]
    else:
        lines = [
            _("Sans réponse de notre part le %(day)s, votre demande est refusée.") % {"day": day},
            _(
                "Vous pourrez alors, pendant deux mois, former un recours gracieux auprès du service ou saisir le tribunal administratif."
            ),
        ]
    return [*lines, rule.source] if rule.source else lines
