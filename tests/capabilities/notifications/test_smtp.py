"""Sending for real: what arrives, what a refusal, a silence or a crash leave behind."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.capabilities.notifications.conftest import Mailbox

from socle.capabilities.notifications import actions, delivery, queries
from socle.capabilities.notifications.models import Email
from socle.capabilities.notifications.rules import Attachment
from socle.foundations.tasks.models import Task
from socle.foundations.tasks.testing import drain
from socle.kernel.clock import SYSTEM, FixedClock
from socle.kernel.errors import Unavailable

pytestmark = pytest.mark.django_db


def send(**options: object) -> Email:
    email = actions.send_email(
        **{  # type: ignore[arg-type]
            "to": "lea@example.org",
            "subject": "Votre demande a été reçue – n° 7 « vélo »",
            "template": "notifications/message",
            "context": {"title": "Reçue", "body": "Où l’été arrive", "url": ""},
            **options,
        }
    )
    assert email is not None
    return email


def test_what_arrives_is_what_was_written(mailbox: Mailbox) -> None:
    pdf = Attachment("Reçu de l’été.pdf", b"%PDF-1.7 \x00\xff")
    email = send(attachments=[pdf], reply_to="equipe@saint-test.example")
    drain()
    [message] = mailbox.messages
    assert mailbox.recipients == [["lea@example.org"]]
    assert message["Subject"].strip() == "Votre demande a été reçue – n° 7 « vélo »"
    assert message["From"] == "Métropole de Saint-Test <services@saint-test.example>"
    assert message["To"] == "lea@example.org"
    assert message["Reply-To"] == "equipe@saint-test.example"
    assert message["Message-ID"] == email.message_id
    assert message["Message-ID"].endswith("@saint-test.example>")
    assert message["Content-Language"] == "fr"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    assert message["Date"].datetime.date() == email.created_at.date()
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and html is not None
    assert "Où l’été arrive" in text.get_content()
    assert "Où l’été arrive" in html.get_content()
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "Reçu de l’été.pdf"
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_content() == b"%PDF-1.7 \x00\xff"
    email.refresh_from_db()
    assert (email.state, email.attempts) == (Email.State.SENT, 1)


def test_headers_are_ascii_on_the_wire(mailbox: Mailbox) -> None:
    send()
    drain()
    mailbox.raw[0].partition(b"\r\n\r\n")[0].decode("ascii")


def test_a_refusal_for_now_is_tried_again_with_the_same_message_id(
    mailbox: Mailbox, clock: FixedClock
) -> None:
    mailbox.refusals = ["451 try later", "452 disk full"]
    email = send()
    for _attempt in range(2):
        assert drain(clock=later(clock), reraise=False) == 1
        email.refresh_from_db()
        assert email.state == Email.State.QUEUED
    assert drain(clock=later(clock)) == 1
    email.refresh_from_db()
    assert (email.state, email.attempts) == (Email.State.SENT, 3)
    assert [message["Message-ID"] for message in mailbox.messages] == [email.message_id]


def later(clock: FixedClock) -> FixedClock:
    """The same clock, a day on, after the time of the machine."""
    clock.advance(max(SYSTEM.now() - clock.now(), timedelta()) + timedelta(days=1))
    return clock


def test_a_crash_after_the_servers_yes_makes_a_copy_with_the_same_message_id(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = send()
    with monkeypatch.context() as broken:
        broken.setattr(Email, "save", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            delivery.deliver(email_id=email.pk)
    delivery.deliver(email_id=email.pk)
    delivery.deliver(email_id=email.pk)
    assert [message["Message-ID"] for message in mailbox.messages] == [email.message_id] * 2
    assert mailbox.raw[0].count(b"Message-ID") == 1
    email.refresh_from_db()
    assert email.attempts == 2


@pytest.mark.parametrize("at", ["recipient", "data"])
def test_a_refusal_for_good_is_shown_at_once(mailbox: Mailbox, at: str) -> None:
    answers = ["550 5.1.1 no such user lea@example.org"]
    if at == "recipient":
        mailbox.recipient_refusals = answers
    else:
        mailbox.refusals = answers
    email = send()
    drain(reraise=False)
    email.refresh_from_db()
    assert email.state == Email.State.FAILED
    assert "550 5.1.1 no such user" in email.error
    assert "lea@example.org" not in email.error
    assert Task.objects.get().state == Task.State.FAILED
    assert [row.pk for row in queries.undelivered()] == [email.pk]
    assert mailbox.raw == []


def test_a_failed_email_can_be_sent_again(mailbox: Mailbox) -> None:
    mailbox.refusals = ["550 no"]
    email = send()
    drain(reraise=False)
    assert actions.send_again(email_id=email.pk)
    assert not actions.send_again(email_id=email.pk)
    assert drain() == 1
    email.refresh_from_db()
    assert (email.state, email.error) == (Email.State.SENT, "")
    assert [message["Message-ID"] for message in mailbox.messages] == [email.message_id]


def test_a_server_that_never_answers_ends_in_a_visible_failure(
    use_smtp: Callable[[int], None], clock: FixedClock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    use_smtp(port)
    email = send()
    with pytest.raises(Unavailable):
        delivery.deliver(email_id=email.pk)
    row = Task.objects.get()
    for _attempt in range(row.max_attempts):
        drain(clock=later(clock), reraise=False)
    row.refresh_from_db()
    email.refresh_from_db()
    assert row.state == Task.State.FAILED
    assert email.state == Email.State.FAILED
    assert email.attempts == row.max_attempts + 1


def test_a_message_that_comes_back_is_shown(mailbox: Mailbox) -> None:
    email = send()
    drain()
    assert actions.record_bounce(message_id=email.message_id, reason="mailbox full")
    assert not actions.record_bounce(message_id="<unknown@example.org>", reason="x")
    email.refresh_from_db()
    assert (email.state, email.error) == (Email.State.BOUNCED, "mailbox full")
    assert [row.pk for row in queries.undelivered()] == [email.pk]


def test_in_the_demonstration_nothing_is_sent(mailbox: Mailbox, settings: object) -> None:
    mail = settings.SOCLE.mail.model_copy(update={"kind": "capture"})  # type: ignore[attr-defined]
    settings.SOCLE = settings.SOCLE.model_copy(update={"mail": mail})  # type: ignore[attr-defined]
    email = send()
    drain()
    email.refresh_from_db()
    assert email.state == Email.State.SENT
    assert mailbox.raw == []
