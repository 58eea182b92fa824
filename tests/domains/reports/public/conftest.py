"""Reports of the small pack, opened and moved by the real actions."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from tests.cast import Cast

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.domains.reports import queries
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import SYSTEM, Actor
from socle.foundations.accounts.models import User
from socle.foundations.files import actions as files
from socle.foundations.territories import queries as territories

CATEGORIES = ("depot-sauvage", "tag", "nid-de-poule", "eclairage")
CENTRE = (2.05, 46.05)


def root() -> Actor:
    """A platform administrator."""
    return accounts.actor_for(User.objects.get(email__startswith="admin@"))


@pytest.fixture
def report(cast: Cast) -> Callable[..., Case]:
    """Open a report: `report(category=…, lon=…, lat=…, description=…)`."""
    dice = random.Random(5)

    def open_report(**given: Any) -> Case:
        organisation = territories.organisation(given.pop("organisation", "metropole-du-lac"))
        return casework.open_case(
            **{
                "actor": SYSTEM,
                "kind": "report",
                "service_key": "signaler-un-probleme",
                "definition": queries.revision_in_force(),
                "prefix": "SG",
                "title": "Un signalement",
                "category": "tag",
                "organisation_id": organisation.pk,
                "lon": CENTRE[0] + dice.uniform(-0.01, 0.01),
                "lat": CENTRE[1] + dice.uniform(-0.01, 0.01),
                **given,
            }
        ).case

    return open_report


@pytest.fixture
def picture() -> Callable[..., str]:
    """Send a picture of noise; gives its file's id."""

    def send(size: tuple[int, int] = (400, 300)) -> str:
        stream = io.BytesIO()
        noise = Image.effect_noise(size, 90).convert("RGB")
        noise.save(stream, "JPEG", quality=95)
        stream.seek(0)
        return str(files.receive(upload=stream, name="photo.jpg", actor=SYSTEM).pk)

    return send
