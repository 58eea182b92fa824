"""The catalogue in memory shows the names of organisations: it is renewed when one changes."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save

from socle.capabilities.catalogue.models import Edition
from socle.foundations.territories.models import Organisation


def connect() -> None:
    post_save.connect(_organisation_saved, sender=Organisation, dispatch_uid="catalogue-edition")


def _organisation_saved(*, created: bool, **_kwargs: Any) -> None:
    if not created:
        Edition.renew()
