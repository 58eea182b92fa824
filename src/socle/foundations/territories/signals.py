"""Saving an organisation or an area makes this process forget what it held in memory."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save

from socle.foundations.packs import stamps

from .models import Area, Organisation


def connect() -> None:
    for model in (Area, Organisation):
        for signal in (post_save, post_delete):
            signal.connect(_forget, sender=model, dispatch_uid="territories.forget")


def _forget(**_kwargs: Any) -> None:
    stamps.forget_after_commit()
