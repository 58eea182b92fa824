"""The PDF receipt of a request: an *accusé de réception* with what CRPA art. R.112-11-1 lists.

Date of receipt; the service in charge with its address and telephone; whether silence accepts or
refuses and from which day, when the file is complete; then the right to an attestation (L.232-3) or
the ways and time of appeal (R.421-5 of the code of administrative justice).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from socle.capabilities.casework.models import Case
from socle.capabilities.catalogue.pack import ServiceDeclaration
from socle.capabilities.questionnaires import rules
from socle.domains.procedures import queries
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import add_months, local

_TEMPLATE = Path(__file__).parent / "typst" / "receipt.typ"
_UNREADABLE = re.compile(r'the text `"([^`]+)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")
_SQUARE = "\u25a1"
_LONG = re.compile(r"\S{40}(?=\S)")


@lru_cache(maxsize=1)
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


@lru_cache(maxsize=4)
def _fonts(folder: Path | None) -> typst.Fonts:
    # Looked for once: reading the folder for each receipt would cost more than the page.
    paths: list[Path] = [folder] if folder else []
    return typst.Fonts(include_system_fonts=False, font_paths=paths)


def receipt_pdf(case: Case, *, language: str = "fr", fonts: Path | None = None) -> bytes:
    """The receipt as a tagged PDF (PDF/UA-1). The same case always gives the same bytes.

    `fonts`: folder of the house's own fonts; without it, those typst carries. A sign that no font
    has (an emoji, a name in Chinese) becomes a square: PDF/UA allows no letter one cannot read.
    """
    data = json.dumps(receipt(case, language=language), ensure_ascii=False)
    stamp = int(case.created_at.timestamp())
    for _attempt in range(3):
        try:
            return _compiled(data, fonts, stamp)
        except typst.TypstError as error:
            unknown = [_unescaped(text) for text in _UNREADABLE.findall(error.diagnostic)]
            if not unknown:
                raise
            for text in sorted(unknown, key=len, reverse=True):
                data = data.replace(text, _SQUARE)
    return _compiled(data, fonts, stamp)


def _compiled(data: str, fonts: Path | None, stamp: int) -> bytes:
    # One compiler each: after an error it does not find its template again.
    compiler = typst.Compiler(
        input=_template(), root=_TEMPLATE.parent, font_paths=_fonts(fonts), sys_inputs={}
    )
    pdf = compiler.compile(
        format="pdf", sys_inputs={"data": data}, pdf_standards="ua-1", timestamp=stamp
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no PDF")
    return pdf


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def receipt(case: Case, *, language: str = "fr") -> dict[str, Any]:
    """What the receipt says, as the template takes it."""
    with translation.override(language):
        return _receipt(case, language)


def _receipt(case: Case, language: str) -> dict[str, Any]:
    declaration = queries.declaration_at(case)
    organisation = queries.organisation_in_charge(case, declaration)
    received = local(case.created_at)
    return {
        "language": language,
        "title": _("Accusé de réception"),
        "reference": case.reference,
        "received": _moment(received, language),
        "organisation": organisation.name,
        "labels": {
            "reference": _("Référence"),
            "received": _("Demande reçue"),
            "next": _("Et maintenant ?"),
            "contact": _("Le service qui s’occupe de votre demande"),
            "legal": _("Vos droits"),
        },
        "next": list(_next(case, declaration, language)),
        "sections": [*_person(case), *_answers(case, received.date(), language)],
        "contact": _contact(organisation, declaration),
        "legal": silence(declaration, received.date(), language),
    }


def _moment(at: datetime, language: str) -> str:
    time = at.strftime("%H h %M" if language == "fr" else "%H:%M")
    return _("le %(day)s à %(time)s") % {"day": _day(at.date(), language), "time": time}


def _day(day: date, language: str) -> str:
    first = day.day == 1 and language == "fr"
    return date_format(day, r"j\e\r F Y" if first else "j F Y")


def _breakable(text: str) -> str:
    """A word longer than a line may be cut anywhere rather than leave the page."""
    return _LONG.sub(lambda found: found[0] + "\u200b", text)


def _next(case: Case, declaration: ServiceDeclaration | None, language: str) -> Iterator[str]:
    yield _("Votre demande « %(title)s » est enregistrée.") % {"title": _breakable(case.title)}
    if declaration is not None:
        translated = declaration.en if language == "en" else None
        time = (translated and translated.processing_time) or declaration.processing_time
        if time:
            yield time
    yield _("Gardez la référence : elle vous sera demandée si vous nous appelez.")


def _person(case: Case) -> list[dict[str, Any]]:
    entity = case.entity
    known = [
        (_("Nom"), case.contact_name),
        (_("Pour"), entity.name if entity else ""),
        (_("SIRET"), entity.siret if entity else ""),
        (_("Adresse électronique"), case.contact_email),
        (_("Téléphone"), case.contact_phone),
        (_("Déposée"), str(case.get_channel_display())),
    ]
    rows = [{"label": label, "value": _breakable(value)} for label, value in known if value]
    return [{"title": _("Vos coordonnées"), "rows": rows}]


def _answers(case: Case, today: date, language: str) -> Iterator[dict[str, Any]]:
    questionnaire = queries.procedure_of(case.definition).questionnaire
    rows = rules.rows(questionnaire, case.answers, today, language)
    for page in questionnaire.pages:
        here = [
            {"label": row.label, "value": _breakable(row.value or _("Non renseigné"))}
            for row in rows
            if row.page_id == page.id
        ]
        if here:
            yield {"title": page.title, "rows": here}


def _contact(organisation: Organisation, declaration: ServiceDeclaration | None) -> list[str]:
    """The service in charge: its own contact, and the organisation's where it says nothing."""
    own = declaration.contact if declaration and declaration.provider != "commune" else None
    lines = [
        organisation.name,
        own.name if own else "",
        (own and own.address) or organisation.postal_address,
        (own and own.phone) or organisation.phone,
        (own and own.email) or organisation.email,
        own.hours if own else "",
    ]
    return list(dict.fromkeys(line for line in lines if line))


def silence(
    declaration: ServiceDeclaration | None, received: date, language: str = "fr"
) -> list[str]:
    """What an absence of answer means and from which day (CRPA, L.231-1, L.231-4, R.112-11-1)."""
    rule = declaration.silence if declaration else None
    if rule is None or rule.meaning == "none":
        return []
    day = _day(add_months(received, rule.months), language)
    if rule.meaning == "acceptance":
        lines = [
            _(
                "Si vous n’avez pas de réponse le %(day)s, votre demande est acceptée, à condition "
                "que votre dossier soit complet."
            )
            % {"day": day},
            _(
                "Vous pourrez alors nous demander une attestation (article L. 232-3 du code des "
                "relations entre le public et l’administration)."
            ),
        ]
    else:
        lines = [
            _(
                "Si vous n’avez pas de réponse le %(day)s, votre demande est refusée, si votre "
                "dossier est complet."
            )
            % {"day": day},
            _(
                "Vous aurez alors deux mois pour contester ce refus : par un recours gracieux "
                "auprès du service ci-dessus, ou devant le tribunal administratif (par courrier, "
                "ou en ligne sur www.telerecours.fr)."
            ),
        ]
    lines.append(
        _(
            "S’il manque une pièce, nous vous le dirons : ce délai attend alors que vous l’ayez "
            "envoyée (article L. 114-5 du même code)."
        )
    )
    return [*lines, rule.source] if rule.source else lines
