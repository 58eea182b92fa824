"""Where an agent handles a case: registered here, where addresses are known."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from socle.capabilities.casework import links
from socle.capabilities.casework.models import Case


def desk_url(case: Case) -> str:
    """Absolute address of a case at the desk."""
    server = settings.SOCLE.server
    base = server.public_url or f"http://{server.host}:{server.port}"
    return f"{base}{reverse('desk:case', args=[case.reference])}"


def register() -> None:
    links.register(desk_url=desk_url)
