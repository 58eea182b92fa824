"""Telling people things. Everything is written in the caller's transaction; a task sends after the
commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from socle.capabilities.notifications import attachments as stored_attachments
from socle.capabilities.notifications import letters, push, rendering
from socle.capabilities.notifications.models import Email, Notification
from socle.capabilities.notifications.registry import Enclosure
from socle.capabilities.notifications.rules import Attachment, one_line, shortened
from socle.foundations.accounts.models import User
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def notify(
    *,
    user_id: int,
    kind: str,
    title: StrOrPromise,
    body: StrOrPromise = "",
    url: str = "",
    key: str | None = None,
    email: bool = False,
    clock: Clock = SYSTEM,
) -> Notification | None:
    """Tell a person something inside the application, and by e-mail too with ``email`` if they want
    e-mails.

    ``kind``: stable dotted name. ``title``, ``body``: translated into the person's language when
    lazy. ``url``: a path of the platform. ``key``: a second call with the same key changes nothing
    and gives the first notification. None when the person is gone.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    with translation.override(_known(user.language)), transaction.atomic():
        row = Notification(
            user=user,
            kind=kind,
            title=shortened(str(title), 200),
            body=str(body),
            url=url,
            key=key,
            created_at=clock.now(),
        )
        if key is None:
            row.save(force_insert=True)
        else:
            Notification.objects.bulk_create([row], ignore_conflicts=True)
            row = Notification.objects.get(key=key)
        push.push(
            topic=push.user_topic(user_id),
            source="notification",
            source_id=row.pk,
            key=f"notification:{row.pk}",
        )
        if email:
            send_email(
                to=user.email,
                subject=str(title),
                template="notifications/message",
                context={"title": str(title), "body": str(body), "url": url},
                key=f"notification:{key}" if key else None,
                language=user.language,
                clock=clock,
            )
    return row


def send_email(
    *,
    to: str,
    subject: StrOrPromise,
    template: str = "",
    context: Mapping[str, Any] | None = None,
    text: str = "",
    html: str = "",
    key: str | None = None,
    language: str | None = None,
    attachments: Sequence[Attachment] = (),
    enclosures: Sequence[Enclosure] = (),
    reply_to: str = "",
    headers: Mapping[str, str] | None = None,
    required: bool = False,
    clock: Clock = SYSTEM,
) -> Email | None:
    """Write an e-mail and the task that sends it, in the current transaction.

    ``template``: ``room/name``, rendered from ``room/name.txt`` and, if it exists,
    ``room/name.html``; or give ``text`` (and ``html``, already safe). ``language``: default the
    recipient's own, else the platform's; lazy texts are translated into it. ``key``: a second
    call with the same key changes nothing and gives the first e-mail. ``enclosures``: documents
    made by the task that sends, so that who files waits for none. ``required``: sent even to a
    person who refused notifications by e-mail (codes they ask for, decisions and receipts the
    law requires); otherwise None is given for them. ``headers``: others, such as
    ``References``. Raises ``Invalid`` on a wrong address, a header with a line break, more than
    10 MB attached.
    """
    # As accounts keep theirs: no mail service tells capitals apart any more.
    to = _address(to).lower()
    person = User.objects.filter(email=to).only("language", "email_notifications").first()
    if person is not None and not person.email_notifications and not required:
        return None
    language = _known(language or (person.language if person else settings.LANGUAGE_CODE))
    with translation.override(language):
        title = str(subject)
        unsafe = not all(one_line(value) for value in (title, *(headers or {}).values()))
        if unsafe or (reply_to and _address(reply_to) != reply_to):
            raise Invalid(_("L’objet du courriel est incorrect."), code="header-injection")
        if template:
            values = dict(context or {})
            text = rendering.text(template, values)
            html = rendering.html(template, values)
    token = uuid.uuid4()
    email = Email(
        to=to,
        subject=shortened(title, 250),
        text=text,
        html=html,
        message_id=f"<{token}@{_domain()}>",
        headers={
            "Content-Language": language,
            **({"Reply-To": reply_to} if reply_to else {}),
            **(headers or {}),
        },
        key=key,
        created_at=clock.now(),
    )
    with transaction.atomic():
        if key is None:
            email.save(force_insert=True)
        else:
            Email.objects.bulk_create([email], ignore_conflicts=True)
            row = Email.objects.get(key=key)
            if row.message_id != email.message_id:
                return row
            email = row
        if attachments or enclosures:
            email.attachments = [
                *stored_attachments.store(token, attachments),
                *map(stored_attachments.promise, enclosures),
            ]
            email.save(update_fields=["attachments"])
        _queue(email)
    return email


def send_letter(
    *,
    to: str,
    subject: str,
    letter: str,
    values: Mapping[str, object],
    key: str | None = None,
    language: str | None = None,
    attachments: Sequence[Attachment] = (),
    enclosures: Sequence[Enclosure] = (),
    reply_to: str = "",
    headers: Mapping[str, str] | None = None,
    required: bool = False,
    clock: Clock = SYSTEM,
) -> Email | None:
    """Send a pack's letter (Markdown with placeholders, see ``letters``); ``subject`` may hold
    placeholders too.

    Raises ``letters.UnknownPlaceholder`` and what :func:`send_email` raises.
    """
    return send_email(
        to=to,
        subject=letters.fill_line(subject, values),
        template="notifications/letter",
        context={
            "html_body": letters.to_html(letter, values),
            "text_body": letters.to_text(letter, values),
        },
        key=key,
        language=language,
        attachments=attachments,
        enclosures=enclosures,
        reply_to=reply_to,
        headers=headers,
        required=required,
        clock=clock,
    )


def mark_read(
    *, user_id: int, notification_ids: Iterable[int] | None = None, clock: Clock = SYSTEM
) -> int:
    """Mark a person's notifications read: those given, or all. Others' are left alone. Give how
    many changed.
    """
    unread = Notification.objects.filter(user_id=user_id, read_at__isnull=True)
    if notification_ids is not None:
        unread = unread.filter(pk__in=list(notification_ids))
    return unread.update(read_at=clock.now())


def record_bounce(*, message_id: str, reason: str) -> bool:
    """A mail server sent a message back: keep why. False when the message is not ours."""
    return bool(
        Email.objects.filter(message_id=message_id).update(
            state=Email.State.BOUNCED, error=shortened(reason, 1000)
        )
    )


def send_again(*, email_id: int, clock: Clock = SYSTEM) -> bool:
    """Queue a failed or bounced e-mail once more, with the same Message-ID. False when it is
    neither.
    """
    with transaction.atomic():
        updated = Email.objects.filter(
            pk=email_id, state__in=[Email.State.FAILED, Email.State.BOUNCED]
        ).update(state=Email.State.QUEUED, error="")
        if updated:
            _queue(Email.objects.get(pk=email_id), again=clock.now().isoformat())
    return bool(updated)


def purge(
    *,
    emails_older_than: timedelta = timedelta(days=365),
    notifications_older_than: timedelta = timedelta(days=365),
    clock: Clock = SYSTEM,
) -> int:
    """Forget old messages, then attachments whose e-mail is gone. Give how many rows went."""
    now = clock.now()
    old_emails = Email.objects.filter(created_at__lt=now - emails_older_than)
    old = Notification.objects.filter(created_at__lt=now - notifications_older_than)
    gone = old_emails.delete()[0] + old.delete()[0]
    stored_attachments.sweep(now)
    return gone


def forget_person(*, user_id: int, email: str) -> None:
    """Erase what was told to somebody whose account closes; what is still queued is erased once
    sent.
    """
    with transaction.atomic():
        Notification.objects.filter(user_id=user_id).delete()
        push.forget_topic(push.user_topic(user_id))
        mine = Email.objects.filter(to=email.lower())
        mine.filter(state=Email.State.QUEUED).update(forget_once_sent=True)
        for row in mine.exclude(state=Email.State.QUEUED).order_by("pk"):
            erase(row)


def erase(email: Email) -> None:
    """Remove address and content of an e-mail; that it was sent, and when, stays."""
    stored_attachments.remove(email.attachments)
    email.to = email.subject = email.text = email.html = email.error = ""
    email.headers, email.attachments = {}, []
    email.save(update_fields=["to", "subject", "text", "html", "error", "headers", "attachments"])


def _queue(email: Email, again: str = "") -> None:
    from socle.capabilities.notifications.tasks import send

    send.enqueue(email_id=email.pk, _key=f"mail:{email.pk}:{again}".rstrip(":"))


def _address(address: str) -> str:
    address = address.strip(" ")
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(fields={"email": [_("Cette adresse électronique est incorrecte.")]}) from None
    return address


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _known(language: str) -> str:
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
