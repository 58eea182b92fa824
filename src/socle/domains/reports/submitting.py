"""Sending a report: what is asked, where it is, who gets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires import values
from socle.capabilities.questionnaires.actions import claim_hash
from socle.domains.reports import owners, promises, queries, questions, routing
from socle.domains.reports.activation import queries as activation
from socle.domains.reports.assets import queries as equipment
from socle.domains.reports.pack import Category, Taxonomy
from socle.domains.reports.routing import Facts
from socle.domains.reports.routing import actions as rules
from socle.domains.reports.routing.language import moment
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, Clock, local_date
from socle.kernel.errors import Invalid

DESCRIPTION_MAX = 4000
ADDRESS_MAX = 300
SERVICE_KEY = "signaler-un-probleme"
NOWHERE = 0.001
"""Degrees around 0, 0: what a device that knows no position answers, in the Gulf of Guinea."""
_BRIEF = frozenset({Case.Channel.EMAIL.value, Case.Channel.IMPORT.value})
"""Channels that could not ask the extra questions: answers may be missing."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The outcome. A retry gets the same case and link; `created` is then false."""

    case: Case
    follow_token: str
    created: bool


def owner(
    taxonomy: Taxonomy, category: Category, area_organisation_id: int | None
) -> tuple[int, Team | None]:
    """Who answers before any rule is read: see `owners.owner_of`."""
    found = owners.owner_of(taxonomy, category, area_organisation_id)
    return found.organisation_id, found.team


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
    answers: Mapping[str, Any] | None = None,
    asset_id: str = "",
    priority: int = 0,
    source: str = "",
    source_id: str = "",
    idempotency_key: str | None = None,
    clock: Clock = SYSTEM,
) -> Sent:
    """Open a report, and send it where the rules say. Degrees WGS84; `claim` is the browser's
    token, owner of the photos.

    `contact`: `name`, `email`, `phone`, all optional; with `helping` (an agent types it for
    somebody), also `user_id`. `answers`: to the extra questions of the category. `asset_id`: the
    equipment picked, of the category's layer. `priority`: 0 to 2; rules may raise it. `source`,
    `source_id`: the program that sent it and its own number, both or none. The same
    `idempotency_key` twice gives the same report.

    Raises Invalid with the fields at fault (`category`, `place`, `description`, `asset`,
    `answers.<question>`): an unknown category or one that the commune closed, no place, a place
    outside the territory or at 0, 0, neither words nor a photo, too many words, an answer that is
    missing or makes no sense.
    """
    revision = queries.revision_in_force()
    reporting = queries.reporting_of(revision)
    contact = contact or {}
    text = values.clean(description[: DESCRIPTION_MAX * 4], lines=True)
    area = _area(lon, lat)
    home = area.organisation_id if area else None
    category = queries.category(category_id, revision)
    offered = activation.here(category, home) if category and area else category
    faults = _faults(category, lon, lat, area, text, bool(file_ids))
    if category is not None and offered is None:
        faults["category"] = [
            _("Cette commune ne reçoit pas ce signalement : choisissez-en un autre.")
        ]
    today = local_date(clock.now(), settings.TIME_ZONE)
    extra: dict[str, Any] = {}
    if offered is not None:
        extra, wrong = questions.checked(
            offered, answers or {}, today, complete=channel not in _BRIEF
        )
        faults |= wrong
        asset = equipment.asset(offered.asset_layer, asset_id) if asset_id else None
        if asset is not None:
            extra[questions.ASSET] = asset.to_json()
        elif asset_id:
            faults["asset"] = [_("Cet équipement n’existe pas : choisissez-le sur la carte.")]
    if faults or offered is None or area is None:
        raise Invalid(_("Le signalement est incomplet."), fields=faults)
    where = values.clean(address[: ADDRESS_MAX * 4])[:ADDRESS_MAX]
    start = owners.owner_of(reporting.categories, offered, home)
    hour, weekday = moment(clock.now(), settings.TIME_ZONE)
    decision = routing.route(
        Facts(
            category=offered.id,
            group=offered.group,
            area=area.code,
            text=text,
            address=where,
            asset=asset_id,
            hour=hour,
            weekday=weekday,
            channel=channel,
            source=source,
            priority=priority,
        ),
        organisation_id=start.organisation_id,
        default=lambda organisation_id: owners.default(start, offered.id, organisation_id),
    )
    if source and source_id:
        # Their number, sent again under another key: it is the same report.
        known = Case.objects.filter(source=source, source_id=source_id).first()
        if known is not None:
            return Sent(known, "", False)
    with transaction.atomic():
        opened = casework.open_case(
            actor=actor,
            kind=Case.Kind.REPORT,
            service_key=SERVICE_KEY,
            definition=revision,
            prefix=reporting.categories.reference_prefix,
            title=title(offered, where or area.name),
            description=text,
            category=offered.id,
            answers=extra,
            organisation_id=decision.organisation_id,
            team_id=decision.team_id,
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
            due_at=promises.due_at(
                offered, reporting.workflow, decision.organisation_id, decision.priority,
                clock.now(),
            ),
            priority=decision.priority,
            source=source if source_id else "",
            source_id=source_id if source else "",
            documents=[
                {"file_id": each, "kind": "photo", "label": _("Photo")} for each in file_ids
            ],
            claim=claim_hash(claim),
            idempotency_key=idempotency_key,
            clock=clock,
        )  # fmt: skip
        if opened.created:
            rules.keep(opened.case, decision, clock.now())
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
    elif abs(lon) < NOWHERE and abs(lat) < NOWHERE:
        faults["place"] = [
            _(
                "La position reçue est 0, 0 : l’appareil n’a pas trouvé où il est. "
                "Placez le problème sur la carte, ou indiquez une adresse."
            )
        ]
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
