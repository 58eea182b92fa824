"""Reads for the bell, the notifications centre, the desk and the demonstration's mailbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from socle.capabilities.notifications.models import Email, Notification
from socle.kernel.errors import Invalid, NotFound

CAP = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some notifications, and where the next ones begin (None at the end)."""

    items: list[Notification]
    next_cursor: str | None


def unread_count(user_id: int) -> int:
    """Unread notifications, counted up to 100 (show "99+")."""
    unread = Notification.objects.filter(user_id=user_id, read_at__isnull=True)
    return len(unread.order_by().values_list("pk")[:CAP])


def recent(user_id: int, limit: int = 10) -> list[Notification]:
    """The newest first."""
    return list(Notification.objects.filter(user_id=user_id).order_by("-created_at", "-id")[:limit])


def page(user_id: int, cursor: str | None = None, limit: int = 30) -> Page:
    """A page of the notifications centre, the newest first. ``Invalid`` on a cursor that is not
    ours.
    """
    rows = Notification.objects.filter(user_id=user_id)
    if cursor:
        at, pk = _read(cursor)
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    found = list(rows.order_by("-created_at", "-id")[: limit + 1])
    more = len(found) > limit
    items = found[:limit]
    return Page(items, f"{items[-1].created_at.isoformat()}~{items[-1].pk}" if more else None)


def of_user(user_id: int, notification_id: int) -> Notification:
    """One of a person's own notifications. ``NotFound``."""
    found = Notification.objects.filter(pk=notification_id, user_id=user_id).first()
    if found is None:
        raise NotFound
    return found


def captured(
    *, to: str | None = None, before_id: int | None = None, limit: int = 50
) -> list[Email]:
    """Every e-mail (those to an address when given), the newest first: the mailbox of the
    demonstration. Never show it elsewhere.
    """
    rows = Email.objects.filter(to=to.strip().lower()) if to else Email.objects.all()
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return list(rows.order_by("-pk")[:limit])


def email(email_id: int) -> Email:
    """One e-mail. ``NotFound``. The caller's policy decides who may."""
    found = Email.objects.filter(pk=email_id).first()
    if found is None:
        raise NotFound
    return found


def sent_as(message_ids: Iterable[str]) -> list[Email]:
    """The e-mails of ours that went out under these Message-IDs, the newest first."""
    wanted = list(dict.fromkeys(message_ids))[:100]
    return list(Email.objects.filter(message_id__in=wanted).order_by("-pk"))


def undelivered(*, before_id: int | None = None, limit: int = 50) -> list[Email]:
    """E-mails that failed or came back, the newest first."""
    rows = Email.objects.filter(state__in=[Email.State.FAILED, Email.State.BOUNCED])
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return list(rows.order_by("-pk")[:limit])


def of_person(user_id: int) -> list[dict[str, Any]]:
    """What a person was told: their share of the export of their data."""
    return [
        {
            "at": row.created_at.isoformat(),
            "title": row.title,
            "body": row.body,
            "read_at": row.read_at.isoformat() if row.read_at else None,
        }
        for row in Notification.objects.filter(user_id=user_id).order_by("created_at", "pk")
    ]


def _read(cursor: str) -> tuple[datetime, int]:
    at, _separator, pk = cursor.partition("~")
    try:
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise ValueError(cursor)
        return instant, int(pk)
    except ValueError:
        raise Invalid(code="bad-cursor") from None
