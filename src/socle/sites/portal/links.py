"""Addresses that rooms below need in letters: registered here, where addresses are known."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from socle.capabilities.casework import links
from socle.capabilities.casework.models import Case
from socle.domains.reports import alerts


def base_url() -> str:
    """Scheme and host people type, without a slash at the end."""
    server = settings.SOCLE.server
    return str(server.public_url or f"http://{server.host}:{server.port}")


def case_url(case: Case, token: str = "") -> str:
    """Where the person who asked follows a case: privately by token, else in their account."""
    if token:
        return base_url() + reverse("portal:follow", args=[case.reference, token])
    return base_url() + reverse("portal:request", args=[case.reference])


def following_url(case: Case, token: str = "", act: str = "") -> str:
    """Where somebody who follows a report reads it; by token, where they confirm or stop."""
    if token:
        return base_url() + reverse("portal:subscription", args=[token])
    return base_url() + reverse("portal:public-report", args=[case.reference])


def alert_url(kind: str, value: str) -> str:
    """What a letter about an alert points to: a public report, or the alert itself."""
    name = "portal:public-report" if kind == "report" else "portal:alert-link"
    return base_url() + reverse(name, args=[value])


def register() -> None:
    links.register(case_url, following_url=following_url)
    alerts.register_links(alert_url)
