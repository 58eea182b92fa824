"""Reads of files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO
from uuid import UUID

from django.core.exceptions import ValidationError

from socle.foundations.accounts.actors import Actor
from socle.foundations.files import blobs
from socle.foundations.files.models import StoredFile
from socle.foundations.files.policies import can_download, is_holder
from socle.kernel.errors import Gone, NotFound


def by_id(file_id: UUID | str) -> StoredFile:
    """The file, whoever asks: the caller's policy decides. ``NotFound``."""
    try:
        return StoredFile.objects.get(pk=file_id)
    except (StoredFile.DoesNotExist, ValidationError):
        raise NotFound from None


def for_download(actor: Actor, file_id: UUID | str, claim: str = "") -> StoredFile:
    """The actor's own clean file; ``NotFound`` for anybody else's."""
    stored = by_id(file_id)
    if not can_download(actor, stored, claim):
        raise NotFound
    return stored


def for_claim(actor: Actor, file_ids: Iterable[UUID | str], claim: str = "") -> list[StoredFile]:
    """Those of ``file_ids`` that are the actor's or the claim's, in the order given, whatever their
    state.
    """
    wanted = [UUID(str(file_id)) for file_id in file_ids]
    found = {
        stored.pk: stored for stored in StoredFile.objects.filter(pk__in=wanted).order_by("pk")
    }
    return [
        found[file_id]
        for file_id in wanted
        if file_id in found and is_holder(actor, found[file_id], claim)
    ]


def open_file(stored: StoredFile) -> BinaryIO:
    """The bytes of a clean file. ``Gone`` when it was refused, is not verified yet or its bytes are
    lost.
    """
    return _open(stored, stored.storage_key)


def open_thumbnail(stored: StoredFile) -> BinaryIO:
    """The small JPEG of a picture (480 px). ``NotFound`` when there is none; raises like
    :func:`open_file`.
    """
    if not stored.thumbnail_key:
        raise NotFound
    return _open(stored, stored.thumbnail_key)


def _open(stored: StoredFile, key: str) -> BinaryIO:
    if not stored.is_clean or not key:
        raise Gone
    try:
        return blobs.get(key)
    except FileNotFoundError:
        raise Gone from None


def of_person(user_id: int) -> list[dict[str, Any]]:
    """What a person sent: their share of the export of their data."""
    return [
        {
            "name": stored.name,
            "media_type": stored.media_type,
            "bytes": stored.size,
            "sent_at": stored.created_at.isoformat(),
            "attached": stored.attached_at is not None,
        }
        for stored in StoredFile.objects.filter(owner_id=user_id).order_by("created_at", "pk")
    ]
