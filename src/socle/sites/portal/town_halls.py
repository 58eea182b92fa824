"""The town hall that provides a service, when each commune serves its own residents."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from socle.design.filters import phone_fr
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import User
from socle.foundations.territories import queries as territories
from socle.foundations.territories.rules import readable_hours

PARAMETER = "commune"


def commune_of(request: HttpRequest) -> str:
    """The code of the commune chosen on the page, else of the person's own address; else "".

    The address serves only those who agreed to it (purpose `personalisation`): one query for them,
    none for visitors.
    """
    known = {each.code for each in territories.areas()}
    chosen = request.GET.get(PARAMETER)
    if chosen is not None:
        return chosen if chosen in known else ""
    code = _of_the_profile(request.actor)  # type: ignore[attr-defined]
    return code if code in known else ""


def _of_the_profile(actor: Actor) -> str:
    if actor.user_id is None:
        return ""
    return (
        User.objects.filter(
            pk=actor.user_id,
            consents__purpose="personalisation",
            consents__withdrawn_at__isnull=True,
        )
        .values_list("area_code", flat=True)
        .first()
        or ""
    )


def choices() -> list[tuple[str, str]]:
    """Every commune, for the choice of one's own."""
    return [("", _("Choisissez votre commune"))] + [
        (each.code, each.name) for each in territories.areas()
    ]


def contact(code: str) -> dict[str, Any] | None:
    """Name and contact rows of a commune's town hall; None when the commune has no organisation."""
    if not code:
        return None
    area = territories.area(code)
    if area.organisation_id is None:
        return None
    hall = territories.organisation_by_id(area.organisation_id)
    rows: list[dict[str, Any]] = []
    if hall.postal_address:
        rows.append({"kind": "place", "value": hall.postal_address})
    if hall.phone:
        rows.append({"kind": "phone", "value": phone_fr(hall.phone)})
    if hall.email:
        rows.append({"kind": "email", "value": hall.email})
    if hall.website:
        host = hall.website.partition("://")[2].strip("/")
        rows.append({"kind": "web", "value": host, "href": hall.website})
    rows += [
        {"kind": "hours", "label": days, "value": hours}
        for days, hours in readable_hours(hall.opening_hours)
    ]
    return {"name": area.name, "rows": rows} if rows else None
