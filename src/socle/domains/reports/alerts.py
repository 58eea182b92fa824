"""Telling people what is newly reported around a place, in an area, or about a matter.

One reading of the new public reports serves every alert: what changes with the number of alerts is
arithmetic in memory, never the number of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from socle.capabilities.casework.models import PublicStatus
from socle.capabilities.notifications import actions as notifications
from socle.domains.reports import queries
from socle.domains.reports.models import Alert, PublicReport
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories import queries as territories
from socle.kernel import geo
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid, NotFound, Throttled

RADIUS_M = (100, 5_000)
MAX_ALERTS = 20
SHOWN = 20
"""Reports listed in one letter; beyond, the letter says how many more."""
WINDOW = timedelta(days=31)
UNCONFIRMED = timedelta(days=7)
_SALT = "socle.reports.alert"

Links = Callable[[str, str], str]
_links: list[Links] = []


def register_links(links: Links) -> None:
    """Give absolute addresses: `links("report", reference)`, `links("alert", token)`."""
    _links.append(links)


def _link(kind: str, value: str) -> str:
    return _links[-1](kind, value) if _links else ""


def token_of(alert: Alert) -> str:
    """What a letter carries: it confirms the alert, and ends it."""
    return signing.dumps(alert.pk, salt=_SALT)


def _of_token(token: str) -> Alert:
    try:
        found = Alert.objects.filter(pk=signing.loads(token, salt=_SALT)).first()
    except signing.BadSignature:
        found = None
    if found is None:
        raise NotFound(_("Cette alerte n’existe pas ou n’existe plus."))
    return found


@transaction.atomic
def create_alert(
    *,
    actor: Actor,
    label: str = "",
    email: str = "",
    language: str = "fr",
    lon: float | None = None,
    lat: float | None = None,
    radius_m: int | None = None,
    area_code: str = "",
    categories: Sequence[str] = (),
    clock: Clock = SYSTEM,
) -> Alert:
    """Ask to be told. Degrees WGS84, `radius_m` in metres (100 to 5,000).

    With an account it works at once; by an address, once the letter sent there is confirmed. The
    same wish twice gives the first alert. Raises Invalid (`email`, `place`, `radius_m`, `area`,
    `categories`), Throttled past twenty alerts.
    """
    email = "" if actor.user_id is not None else email.strip().lower()
    known = {each.id for each in queries.in_force().categories.categories}
    faults: dict[str, list[str]] = {}
    if actor.user_id is None:
        try:
            validate_email(email)
        except ValidationError:
            faults["email"] = [_("Écrivez une adresse électronique, comme nom@exemple.fr.")]
    if (lon is None) != (lat is None) or (
        lon is not None and lat is not None and territories.area_at(lon, lat) is None
    ):
        faults["place"] = [_("Choisissez un endroit du territoire.")]
    if lon is not None and (radius_m is None or not RADIUS_M[0] <= radius_m <= RADIUS_M[1]):
        faults["radius_m"] = [_("Choisissez un rayon de 100 m à 5 km.")]
    if area_code and area_code not in {each.code for each in territories.areas("commune")}:
        faults["area"] = [_("Choisissez une commune de la liste.")]
    if set(categories) - known:
        faults["categories"] = [_("Choisissez dans la liste.")]
    if faults:
        raise Invalid(_("L’alerte est incomplète."), fields=faults)
    mine = (
        Alert.objects.filter(user_id=actor.user_id)
        if actor.user_id is not None
        else Alert.objects.filter(email=email)
    )
    wish: dict[str, Any] = {
        "lon": lon,
        "lat": lat,
        "radius_m": radius_m if lon is not None else None,
        "area_code": "" if lon is not None else area_code,
        "categories": sorted(set(categories)),
    }
    existing = list(mine[: MAX_ALERTS + 1])
    for alert in existing:
        if all(getattr(alert, name) == value for name, value in wish.items()):
            return alert
    if len(existing) >= MAX_ALERTS:
        raise Throttled(86_400, _("Vous avez déjà vingt alertes : retirez-en une."))
    now = clock.now()
    alert = Alert.objects.create(
        user_id=actor.user_id,
        email=email,
        language=language,
        label=(label or _label(wish))[:200],
        created_at=now,
        told_until=now,
        confirmed_at=now if actor.user_id is not None else None,
        **wish,
    )
    if email:
        with translation.override(language):
            notifications.send_letter(
                to=email,
                subject=_("Confirmez votre alerte"),
                letter=_(
                    "Bonjour,\n\nVous avez demandé à être averti des nouveaux signalements : "
                    "{label}.\n\n[Confirmer cette alerte]({link})\n\n"
                    "Si ce n’est pas vous, ne faites rien : nous n’écrirons plus."
                ),
                values={"label": alert.label, "link": _link("alert", token_of(alert))},
                key=f"alert:{alert.pk}:confirm",
                language=language,
                required=True,
                clock=clock,
            )
    return alert


def _label(wish: dict[str, Any]) -> str:
    if wish["lon"] is not None:
        area = territories.area_at(wish["lon"], wish["lat"])
        return _("à %(metres)s m d’un point de %(area)s") % {
            "metres": wish["radius_m"],
            "area": area.name if area else "",
        }
    if wish["area_code"]:
        return territories.area(wish["area_code"]).name
    return _("tout le territoire")


def alerts_of(actor: Actor) -> list[Alert]:
    """The alerts of somebody signed in, oldest first."""
    if actor.user_id is None:
        return []
    return list(Alert.objects.filter(user_id=actor.user_id).order_by("pk"))


def alert_for(token: str) -> Alert:
    """The alert a letter speaks of. Raises NotFound."""
    return _of_token(token)


def confirm_alert(*, token: str, clock: Clock = SYSTEM) -> Alert:
    """Confirm from the letter; twice changes nothing. Raises NotFound."""
    alert = _of_token(token)
    if alert.confirmed_at is None:
        alert.confirmed_at = alert.told_until = clock.now()
        alert.save(update_fields=["confirmed_at", "told_until"])
    return alert


def delete_alert(*, actor: Actor, alert_id: int | None = None, token: str = "") -> None:
    """End an alert: one's own, or that of the letter. Raises NotFound for another's."""
    if token:
        _of_token(token).delete()
        return
    found, _rows = Alert.objects.filter(pk=alert_id, user_id=actor.user_id or 0).delete()
    if not found:
        raise NotFound(_("Cette alerte n’existe pas ou n’existe plus."))


# --- Sending ---


@dataclass(frozen=True, slots=True)
class New:
    """A report newly public."""

    reference: str
    category: str
    area_code: str
    status: str
    address: str
    lon: float
    lat: float
    created_at: datetime


def _new_reports(since: datetime, until: datetime) -> list[New]:
    rows = (
        PublicReport.objects.filter(visible=True, created_at__gt=since, created_at__lte=until)
        .order_by("created_at", "pk")
        .values_list(
            "reference", "category", "area_code", "status", "address", "lon", "lat", "created_at"
        )
    )
    return [New(*row) for row in rows]


def matching(alert: Alert, reports: Iterable[New]) -> list[New]:
    """Those an alert is about. Pure."""
    wanted = set(alert.categories)
    found = []
    for each in reports:
        if each.created_at <= alert.told_until or (wanted and each.category not in wanted):
            continue
        if alert.area_code and each.area_code != alert.area_code:
            continue
        if (
            alert.lon is not None
            and alert.lat is not None
            and geo.distance_m(alert.lon, alert.lat, each.lon, each.lat) > (alert.radius_m or 0)
        ):
            continue
        found.append(each)
    return found


def send_alerts(*, clock: Clock = SYSTEM) -> int:
    """Write to everybody whose alert has something new; give how many letters were queued.

    Each alert moves its own mark in the transaction of its letter: begun again after a crash,
    nobody is told twice.
    """
    now = clock.now()
    Alert.objects.filter(confirmed_at=None, created_at__lt=now - UNCONFIRMED).delete()
    due = list(Alert.objects.filter(confirmed_at__isnull=False).select_related("user"))
    if not due:
        return 0
    since = max(min(alert.told_until for alert in due), now - WINDOW)
    fresh = _new_reports(since, now)
    sent = 0
    for alert in due:
        found = matching(alert, fresh)
        with transaction.atomic():
            mine = Alert.objects.filter(pk=alert.pk, told_until=alert.told_until)
            if not mine.update(told_until=now):
                continue
            if found and _tell(alert, found, clock):
                sent += 1
    return sent


def _tell(alert: Alert, found: list[New], clock: Clock) -> bool:
    address = alert.user.email if alert.user else alert.email
    language = alert.user.language if alert.user else alert.language
    with translation.override(language):
        lines = [
            f"- [{queries.category_label(each.category)} – {_where(each)}]"
            f"({_link('report', each.reference)}) ({PublicStatus(each.status).label})"
            for each in found[:SHOWN]
        ]
        if len(found) > SHOWN:
            lines.append(_("- et %(count)s autres") % {"count": len(found) - SHOWN})
        row = notifications.send_letter(
            to=address,
            subject=_("Nouveaux signalements : {label}"),
            letter=_("Bonjour,\n\nVoici ce qui a été signalé ({label}) :\n\n")
            + "\n".join(lines).replace("{", "").replace("}", "")
            + _("\n\n[Ne plus recevoir cette alerte]({link})"),
            values={"label": alert.label, "link": _link("alert", token_of(alert))},
            key=f"alert:{alert.pk}:{clock.now().isoformat()}",
            language=language,
            clock=clock,
        )
    return row is not None


def _where(report: New) -> str:
    area = next((a for a in territories.areas("commune") if a.code == report.area_code), None)
    place = report.address or (area.name if area else report.reference)
    # An address is data, never Markdown.
    return "".join(each for each in place if each not in "[]()*_`<>#\\")
