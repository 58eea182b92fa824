"""Bytes sent along with e-mails: kept in storage beside the row that names them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from socle.capabilities.notifications import registry
from socle.capabilities.notifications.models import Email
from socle.capabilities.notifications.registry import Enclosure
from socle.capabilities.notifications.rules import MAX_ATTACHED, Attachment, attachment_name
from socle.foundations.files import blobs
from socle.kernel.errors import TooLarge

logger = logging.getLogger(__name__)

PREFIX = "mail"


def store(
    token: UUID, attachments: Sequence[Attachment], *, first: int = 0
) -> list[dict[str, Any]]:
    """Write the bytes under the token of their message, numbered from `first`; give what the row
    keeps of each. ``TooLarge``.
    """
    if sum(len(attachment.content) for attachment in attachments) > MAX_ATTACHED:
        raise TooLarge(_("Les pièces jointes sont trop volumineuses pour un courriel."))
    return [
        {
            "name": attachment_name(attachment.name),
            "media_type": attachment.media_type,
            "size": len(attachment.content),
            "sha256": hashlib.sha256(attachment.content).hexdigest(),
            "key": default_storage.save(
                f"{PREFIX}/{token}/{number}", File(BytesIO(attachment.content))
            ),
        }
        for number, attachment in enumerate(attachments, first)
    ]


def promise(enclosure: Enclosure) -> dict[str, Any]:
    """What the row keeps of a document to be made when the message leaves."""
    return asdict(enclosure)


def keep_promises(email: Email) -> None:
    """Make what is still to be made and keep it as sent. A document that cannot be made does not
    hold the letter: that something was received must be acknowledged all the same.
    """
    if not any("maker" in each for each in email.attachments):
        return
    kept = [each for each in email.attachments if "maker" not in each]
    token = UUID(email.message_id.partition("@")[0].strip("<"))
    for each in email.attachments:
        if "maker" not in each:
            continue
        try:
            made = registry.make(Enclosure(**each))
        except Exception:
            logger.exception("An enclosure could not be made", extra={"maker": each["maker"]})
            continue
        if made is not None:
            kept += store(token, [made], first=len(kept))
    email.attachments = kept
    email.save(update_fields=["attachments"])


def load(stored: Mapping[str, Any]) -> bytes:
    """The bytes of one attachment. ``FileNotFoundError`` when they are gone."""
    with blobs.get(stored["key"]) as stream:
        return stream.read()


def remove(attachments: Iterable[Mapping[str, Any]]) -> None:
    """Remove the bytes once the current transaction is committed."""
    keys = [stored["key"] for stored in attachments if "key" in stored]
    transaction.on_commit(lambda: blobs.remove(*keys), robust=True)


def sweep(now: datetime) -> None:
    """Remove bytes older than two days whose e-mail is gone or never was."""
    keys = blobs.older_than(PREFIX, timedelta(days=2), now)
    while batch := list(islice(keys, 200)):
        tokens = {key: key.split("/")[1] for key in batch}
        for key, token in tokens.items():
            if not Email.objects.filter(message_id__startswith=f"<{token}@").exists():
                blobs.remove(key)
