"""Handing an e-mail to the mail server, or keeping it (demonstration)."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F

from socle.capabilities.notifications import actions, attachments
from socle.capabilities.notifications.models import Email
from socle.foundations.tasks import GiveUp
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Unavailable

logger = logging.getLogger(__name__)


def deliver(*, email_id: int, clock: Clock = SYSTEM) -> None:
    """Send one queued e-mail; nothing when it is sent already. Not in a transaction: servers are
    slow.

    Raises ``Unavailable`` when trying later may help, ``GiveUp`` when the server refuses for good.
    Between the server's yes and our note of it a crash makes a second copy; it has the same
    Message-ID.
    """
    email = Email.objects.filter(pk=email_id, state=Email.State.QUEUED).first()
    if email is None:
        return
    attachments.keep_promises(email)
    if settings.SOCLE.mail.kind == "smtp":
        Email.objects.filter(pk=email.pk).update(attempts=F("attempts") + 1)
        _hand_over(compose(email))
    with transaction.atomic():
        email.state, email.sent_at, email.error = Email.State.SENT, clock.now(), ""
        email.save(update_fields=["state", "sent_at", "error"])
        if email.forget_once_sent:
            actions.erase(email)


def failed(arguments: Mapping[str, Any], error: str) -> None:
    """The task gave up: show it on the e-mail."""
    Email.objects.filter(pk=arguments["email_id"], state=Email.State.QUEUED).update(
        state=Email.State.FAILED, error=error[:2000]
    )


def compose(email: Email) -> EmailMultiAlternatives:
    """The message as it goes out. Transactional: it carries no List-Unsubscribe, and asks machines
    not to answer.
    """
    headers = {
        "Message-ID": email.message_id,
        "Date": email.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        **email.headers,
    }
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=email.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[email.to],
        headers=headers,
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    for stored in email.attachments:
        message.attach(stored["name"], attachments.load(stored), stored["media_type"])
    return message


def _hand_over(message: EmailMultiAlternatives) -> None:
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        code, reason = next(iter(refusal.recipients.values()))
        _refused(code, reason)
    except smtplib.SMTPResponseException as refusal:
        # A wrong password of ours (535) is no fault of the message: it must go once that is mended.
        if isinstance(refusal, smtplib.SMTPAuthenticationError):
            raise Unavailable(code="mail-authentication") from refusal
        _refused(refusal.smtp_code, refusal.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        raise Unavailable(code="mail-server") from error


def _refused(code: int, reason: bytes | str) -> None:
    shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    text = f"{code} {shown}"
    if 500 <= code < 600:
        raise GiveUp(text)
    raise Unavailable(text, code="mail-refused-for-now")
