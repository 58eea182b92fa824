"""`jurisdiction_id`: the whole territory, a commune or a partner, on one endpoint.

An organisation is named by its key, by its web site without "www" (as the specification suggests)
or, for a commune, by its official code. Without one, the whole territory answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.translation import gettext as _

from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Organisation
from socle.kernel.errors import NotFound
from socle.sites.api.open311.answering import Refusal


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Whose reports: of an area (`area_codes`), of an organisation, or all (neither)."""

    id: str = ""
    name: str = ""
    area_codes: frozenset[str] = frozenset()
    organisation_id: int | None = None

    def holds(self, area_code: str, organisation_id: int) -> bool:
        """Whether a report there, of that organisation, belongs to it."""
        if self.area_codes:
            return area_code in self.area_codes
        return self.organisation_id in (None, organisation_id)


def of_request(request: HttpRequest) -> Jurisdiction:
    """The jurisdiction that a call names, in its query or its form. 404 for an unknown one."""
    name = request.GET.get("jurisdiction_id")
    if name is None and request.method == "POST":
        name = request.POST.get("jurisdiction_id")
    return find((name or "").strip().lower())


def find(name: str) -> Jurisdiction:
    """A jurisdiction by any of its names, in lower case. Raises :class:`Refusal` (404)."""
    if not name:
        return Jurisdiction()
    found = _organisation(name)
    if found is None:
        raise Refusal(404, _("Ce jurisdiction_id n’existe pas."))
    if found.kind == Organisation.Kind.METROPOLE:
        return Jurisdiction(id=found.slug, name=found.name)
    codes = frozenset(area.code for area in territories.areas() if area.organisation_id == found.pk)
    if codes:
        return Jurisdiction(id=found.slug, name=found.name, area_codes=codes)
    return Jurisdiction(id=found.slug, name=found.name, organisation_id=found.pk)


def _organisation(name: str) -> Organisation | None:
    for each in territories.organisations():
        if each.slug == name or (each.website and website(each) == name):
            return each
    try:
        owner = territories.area(name.upper()).organisation_id
        return territories.organisation_by_id(owner) if owner else None
    except NotFound:
        return None


def website(organisation: Organisation) -> str:
    """The host of an organisation's web site, without "www"; empty when it has none."""
    host = urlsplit(organisation.website).hostname or ""
    return host.removeprefix("www.")
