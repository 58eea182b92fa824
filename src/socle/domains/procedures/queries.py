"""What sites show of a procedure."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from socle.domains.procedures.pack import Procedure
from socle.foundations.packs import queries as packs
from socle.foundations.packs.models import Revision
from socle.kernel.errors import NotFound

SECTION = "procedures.procedure"


def revision_in_force(service_key: str) -> Revision:
    """The revision new drafts begin with. Raises NotFound when the service has none."""
    if not exists(service_key):
        raise NotFound(_("Cette démarche n’existe pas en ligne."))
    return packs.current(SECTION, service_key)


def exists(service_key: str) -> bool:
    """Whether the service can be asked for online."""
    return service_key in packs.keys(SECTION)


def procedure_of(revision: Revision) -> Procedure:
    """The typed declaration of a revision, from the process's cache."""
    document = packs.document(revision)
    assert isinstance(document, Procedure)  # noqa: S101 -- the section's model
    return document


__all__ = ["SECTION", "exists", "procedure_of", "revision_in_force"]
