"""Sending a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import rules as cases
from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires import values
from socle.capabilities.questionnaires.actions import claim_hash
from socle.domains.reports import queries
from socle.domains.reports.pack import Category, Reporting, Taxonomy
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid

DESCRIPTION_MAX = 4000
ADDRESS_MAX = 300
SERVICE_KEY = "signaler-un-probleme"


@dataclass(frozen=True, slots=True)
class Sent:
    """The outcome. A retry gets the same case and link; `created` is then false."""

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


def title(category: Category, where: str) -> str:
    """The title of a report: what, and where."""
    return f"{category.label} – {where}"[:200] if where else category.label


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
    contact: Mapping[str, Any] | None = None,
    channel: str = Case.Channel.WEB,
    helping: bool = False,
    idempotency_key: str | None = None,
    clock: Clock = SYSTEM,
) -> Sent:
    """Open a report. Degrees WGS84; `claim` is the browser's token, owner of the photos.

    `contact`: `name`, `email`, `phone`, all optional; with `helping` (an agent types it for
    somebody), also `user_id`. The same `idempotency_key` twice gives the same report. Raises
    Invalid with the fields at fault (`category`, `place`, `description`): an unknown category, no
    place, a place outside the territory, neither words nor a photo, too many words.
    """
    revision = queries.revision_in_force()
    reporting = queries.reporting_of(revision)
    contact = contact or {}
    text = values.clean(description[: DESCRIPTION_MAX * 4], lines=True)
    category = queries.category(category_id, revision)
    area = _area(lon, lat)
    faults = _faults(category, lon, lat, area, text, bool(file_ids))
    if faults or category is None or area is None:
        raise Invalid(_("Le signalement est incomplet."), fields=faults)
    organisation_id, team = owner(reporting.categories, category, area.organisation_id)
    where = values.clean(address[: ADDRESS_MAX * 4])[:ADDRESS_MAX]
    opened = casework.open_case(
        actor=actor,
        kind=Case.Kind.REPORT,
        service_key=SERVICE_KEY,
        definition=revision,
        prefix=reporting.categories.reference_prefix,
        title=title(category, where or area.name),
        description=text,
        category=category.id,
        organisation_id=organisation_id,
        team_id=team.pk if team else None,
        applicant_id=contact.get("user_id") if helping else actor.user_id,
        contact_name=contact.get("name", ""),
        contact_email=contact.get("email", ""),
        contact_phone=contact.get("phone", ""),
        filed_by_id=actor.user_id if helping else None,
        channel=channel,
        lon=lon,
        lat=lat,
        address=where,
        area_code=area.code,
        due_at=_due_at(reporting, category, clock),
        documents=[{"file_id": each, "kind": "photo", "label": _("Photo")} for each in file_ids],
        claim=claim_hash(claim),
        idempotency_key=idempotency_key,
        clock=clock,
    )
    return Sent(opened.case, opened.follow_token, opened.created)


def _area(lon: float | None, lat: float | None) -> territories.AreaInfo | None:
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return None
    return territories.area_at(lon, lat)


def _faults(
    category: Category | None,
    lon: float | None,
    lat: float | None,
    area: territories.AreaInfo | None,
    text: str,
    has_photo: bool,
) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if category is None:
        faults["category"] = [_("Choisissez ce que vous signalez.")]
    if lon is None or lat is None:
        faults["place"] = [_("Placez le problème sur la carte, ou indiquez une adresse.")]
    elif area is None:
        faults["place"] = [
            _("Cet endroit n’est pas sur le territoire : nous ne pouvons pas y intervenir.")
        ]
    if len(text) > DESCRIPTION_MAX:
        faults["description"] = [
            _("Ce texte a %(length)s caractères, le maximum est %(limit)s.")
            % {"length": len(text), "limit": DESCRIPTION_MAX}
        ]
    elif not text and not has_photo:
        faults["description"] = [_("Décrivez le problème en quelques mots, ou ajoutez une photo.")]
    return faults


def _due_at(reporting: Reporting, category: Category, clock: Clock) -> Any:
    """What the category promises, unless the workflow gives its first state its own deadline."""
    workflow = reporting.workflow
    if any(deadline.state == workflow.initial for deadline in workflow.deadlines):
        return None
    return cases.end_of_period(clock.now(), category.days)
