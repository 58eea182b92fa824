"""Sending a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires.actions import claim_hash
from socle.domains.reports import queries
from socle.domains.reports.pack import Category, Taxonomy
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid

DESCRIPTION_MAX = 4000
SERVICE_KEY = "signaler-un-probleme"


@dataclass(frozen=True, slots=True)
class Sent:
    """The outcome. `follow_token` is given once, on the submit that created the case."""

    case: Case
    follow_token: str
    created: bool


def owner(
    taxonomy: Taxonomy, category: Category, area_organisation_id: int | None
) -> tuple[int, Team | None]:
    """Who answers: the commune's own team when it has one for this category, else the default's."""
    if category.commune_team and area_organisation_id:
        team = accounts.team_by_slug(area_organisation_id, category.commune_team)
        if team is not None:
            return area_organisation_id, team
    organisation = territories.organisation(taxonomy.organisation)
    return organisation.pk, accounts.team_by_slug(organisation.pk, category.team)


@transaction.atomic
def submit_report(
    *,
    actor: Actor,
    category_id: str,
    lon: float | None,
    lat: float | None,
    description: str,
    address: str = "",
    file_ids: Sequence[str] = (),
    claim: str = "",
    contact: dict[str, Any] | None = None,
    channel: str = Case.Channel.WEB,
    helping: bool = False,
    idempotency_key: str | None = None,
    clock: Clock = SYSTEM,
) -> Sent:
    """Open a report. Degrees WGS84; `claim` is the browser's token, owner of the photos.

    Raises Invalid with the fields at fault: an unknown category, no place, a place outside the
    territory, neither words nor a photo. The same `idempotency_key` twice gives the same report.
    """
    contact = contact or {}
    revision = queries.revision_in_force()
    reporting = queries.reporting_of(revision)
    category = queries.category(category_id, revision)
    faults: dict[str, list[str]] = {}
    if category is None:
        faults["category"] = [_("Choisissez ce que vous signalez.")]
    area = None
    if lon is None or lat is None:
        faults["place"] = [_("Placez le problème sur la carte, ou indiquez une adresse.")]
    else:
        area = territories.area_at(lon, lat)
        if area is None:
            faults["place"] = [
                _("Cet endroit n’est pas sur le territoire : nous ne pouvons pas y intervenir.")
            ]
    text = description.replace("\x00", "").strip()
    if len(text) > DESCRIPTION_MAX:
        faults["description"] = [
            _("Ce texte a %(length)s caractères, le maximum est %(limit)s.")
            % {"length": len(text), "limit": DESCRIPTION_MAX}
        ]
    if not text and not file_ids:
        faults["description"] = [_("Décrivez le problème en quelques mots, ou ajoutez une photo.")]
    if faults or category is None or area is None:
        raise Invalid(_("Le signalement est incomplet."), fields=faults)

    organisation_id, team = owner(reporting.categories, category, area.organisation_id)
    where = address.strip()[:300]
    opened = casework.open_case(
        actor=actor,
        kind=Case.Kind.REPORT,
        service_key=SERVICE_KEY,
        definition=revision,
        workflow=reporting.workflow,
        letters=reporting.letters,
        prefix=reporting.categories.reference_prefix,
        title=f"{category.label} – {where or area.name}"[:200],
        description=text,
        category=category.id,
        answers={},
        organisation_id=organisation_id,
        team_id=team.pk if team else None,
        applicant_id=contact.get("user_id") if helping else actor.user_id,
        entity_id=None,
        contact_name=contact.get("name", ""),
        contact_email=contact.get("email", ""),
        contact_phone=contact.get("phone", ""),
        filed_by_id=actor.user_id if helping else None,
        channel=channel,
        lon=lon,
        lat=lat,
        address=where,
        area_code=area.code,
        documents=[{"file_id": each, "kind": "photo", "label": _("Photo")} for each in file_ids],
        claim=claim_hash(claim),
        idempotency_key=idempotency_key,
        clock=clock,
    )
    return Sent(opened.case, opened.follow_token, opened.created)
