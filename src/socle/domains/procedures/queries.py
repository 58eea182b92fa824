"""What sites show of a procedure, and what a case was filed under."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework.models import Case
from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.catalogue.pack import ServiceDeclaration
from socle.domains.procedures.pack import Procedure
from socle.foundations.packs import queries as packs
from socle.foundations.packs.models import Revision
from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import NotFound

SECTION = "procedures.procedure"
SERVICES = "service"
"""The section of the catalogue's declarations."""


def revision_in_force(service_key: str) -> Revision:
    """The revision new drafts begin with. Raises NotFound when the service has none."""
    revision = packs.current(SECTION, service_key) if service_key else None
    if revision is None:
        raise NotFound(_("Cette démarche n’existe pas en ligne."))
    return revision


def exists(service_key: str) -> bool:
    """Whether the service can be asked for online."""
    return service_key in packs.keys(SECTION)


def procedure_of(revision: Revision) -> Procedure:
    """The typed declaration of a revision, from the process's cache."""
    document = packs.document(revision)
    if not isinstance(document, Procedure):
        raise TypeError(f"{revision} declares no procedure")
    return document


def declaration_at(case: Case) -> ServiceDeclaration | None:
    """What the service declared when the case was filed: what a receipt said stays said.

    A case older than the first declaration kept goes by the one in force; None without any.
    """
    kept = (
        Revision.objects.filter(
            section=SERVICES, key=case.service_key, created_at__lte=case.created_at
        )
        .defer("content")
        .order_by("-created_at", "-pk")
        .first()
    )
    if kept is None:
        return catalogue.declaration(case.service_key)
    declared: ServiceDeclaration = packs.document(kept)
    return declared


def organisation_for(declaration: ServiceDeclaration, area_code: str) -> Organisation:
    """Who answers: the organisation declared, or the commune of the place for what communes offer.

    Raises NotFound when the pack in force no longer has that organisation.
    """
    if declaration.provider == "commune" and area_code:
        return territories.organisation_for_area(area_code)
    return territories.organisation(declaration.organisation)


def organisation_in_charge(case: Case, declaration: ServiceDeclaration | None) -> Organisation:
    """Who was in charge when the case was filed, whoever holds it now."""
    if declaration is not None:
        try:
            return organisation_for(declaration, case.area_code)
        except NotFound:
            pass
    return territories.organisation_by_id(case.organisation_id)


__all__ = [
    "SECTION", "declaration_at", "exists", "organisation_for", "organisation_in_charge",
    "procedure_of", "revision_in_force",
]  # fmt: skip
