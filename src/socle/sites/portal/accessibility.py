"""`accessibility.toml`: the last audit, and what may be said of the site because of it.

Without a valid audit the only lawful mention is « non conforme » (RGAA 4.1.2; décret 2019-768, art. 5):
the status is computed here, never written by hand.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import Field

from socle.foundations.packs import queries as packs
from socle.foundations.packs.document import Document, Line
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.registry import Section
from socle.kernel.clock import SYSTEM, add_months, local_date

Status = Literal["none", "partial", "full"]
_VALID_MONTHS = 36


class Audit(Document):
    """One audit of the site. `rate`: criteria met, in per cent of those that apply."""

    day: date
    auditor: Line
    rate: Annotated[float, Field(ge=0, le=100)]
    report: str = ""
    """Where the report can be read."""


SECTION = Section(name="accessibility", where=".", parts=(Toml("accessibility.toml"),), model=Audit)


def audit() -> Audit | None:
    """The audit in force: recorded, not in the future, less than three years old."""
    revision = packs.current(SECTION.name)
    if revision is None:
        return None
    found: Audit = packs.document(revision)
    today = local_date(SYSTEM.now())
    return found if found.day <= today < add_months(found.day, _VALID_MONTHS) else None


def status_of(found: Audit | None) -> Status:
    """`full` at 100 %, `partial` from 50 %, else `none`."""
    if found is None or found.rate < 50:
        return "none"
    return "full" if found.rate >= 100 else "partial"


def mention() -> str:
    """The words of the mention every page must carry."""
    words = {
        "none": _("non conforme"),
        "partial": _("partiellement conforme"),
        "full": _("totalement conforme"),
    }
    return words[status_of(audit())]


def sentence() -> str:
    """What the accessibility page says of the audit."""
    found = audit()
    if found is None:
        return _("Aucun audit n’a encore été enregistré.")
    return _(
        "L’audit réalisé le %(day)s par %(auditor)s constate que %(rate)s %% des critères sont respectés."
    ) % {
        "day": found.day.strftime("%d/%m/%Y"),
        "auditor": found.auditor,
        "rate": f"{found.rate:g}".replace(".", ","),
    }
