"""E-mails: written with the act, sent by a task, once, to whom wants them, refused when forged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import jinja2
import pytest
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy

from socle.capabilities.notifications import actions, letters, queries
from socle.capabilities.notifications.models import Email
from socle.capabilities.notifications.rules import Attachment
from socle.foundations.accounts.models import User
from socle.foundations.tasks.models import Task
from socle.foundations.tasks.testing import drain
from socle.kernel.clock import FixedClock
from socle.kernel.errors import Invalid, NotFound, TooLarge

pytestmark = pytest.mark.django_db

MESSAGE = {"title": "Reçue", "body": "L'équipe & vous\n\nÀ bientôt", "url": "/mes-demandes/"}


def send(**options: Any) -> Email | None:
    return actions.send_email(
        **{"to": "lea@example.org", "subject": "Reçue", "text": "Bonjour", **options}
    )


def sent(**options: Any) -> Email:
    email = send(**options)
    assert email is not None
    return email


def test_an_email_is_written_then_captured_by_its_task(clock: FixedClock) -> None:
    email = sent(text="", template="notifications/message", context=MESSAGE)
    assert email.state == Email.State.QUEUED
    drain()
    email.refresh_from_db()
    assert email.state == Email.State.SENT
    assert email.sent_at is not None


def test_html_is_escaped_and_text_is_not() -> None:
    email = sent(text="", template="notifications/message", context=MESSAGE)
    assert "L'équipe & vous" in email.text
    assert "L&#39;équipe &amp; vous" in email.html
    assert email.html.count("<p>") >= 2


def test_links_are_absolute(settings: Any) -> None:
    server = settings.SOCLE.server.model_copy(update={"public_url": "https://saint-test.example"})
    settings.SOCLE = settings.SOCLE.model_copy(update={"server": server})
    email = sent(text="", template="notifications/message", context=MESSAGE)
    assert "https://saint-test.example/mes-demandes/" in email.text
    assert 'href="https://saint-test.example/mes-demandes/"' in email.html


def test_a_template_may_have_no_html_but_must_have_text() -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        send(template="notifications/absent")
    assert sent().html == ""


def test_an_email_of_an_act_that_is_undone_is_never_sent() -> None:
    def act() -> None:
        with transaction.atomic():
            send()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert not Email.objects.exists()
    assert not Task.objects.exists()


def test_the_same_key_sends_once() -> None:
    first, second = sent(key="case:1"), sent(key="case:1", subject="Another")
    assert first.pk == second.pk
    assert drain() == 1
    sent(key="case:1")
    assert drain() == 0
    assert drain() == 0
    sent(key="case:2")
    assert drain() == 1


# --- To whom ---


def test_a_person_who_refused_emails_only_gets_what_is_required(lea: User) -> None:
    User.objects.filter(pk=lea.pk).update(email_notifications=False)
    assert send(to="LEA@example.org") is None
    assert send(required=True) is not None
    assert send(to="team@example.org") is not None


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_email_is_in_the_persons_language(lea: User, language: str) -> None:
    User.objects.filter(pk=lea.pk).update(language=language)
    with translation.override("fr"):
        email = sent(subject=gettext_lazy("Monday"))
    assert email.headers["Content-Language"] == language
    assert email.subject == {"fr": "lundi", "en": "Monday"}[language]


def test_the_language_asked_for_wins_and_an_unknown_one_does_not_break(lea: User) -> None:
    assert sent(language="en").headers["Content-Language"] == "en"
    assert sent(language="xx").headers["Content-Language"] == "fr"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "lea",
        "lea@example.org\nBcc: all@example.org",
        "lea@example.org, all@example.org",
        "lea@example.org\r\n",
        '"Léa" <lea@example.org>',
    ],
)
def test_a_wrong_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        send(to=address)
    with pytest.raises(Invalid):
        send(reply_to=address or "x")


@pytest.mark.parametrize("breaker", ["\n", "\r\n", "\r", "\u2028", "\x00", "\x0b"])
def test_a_subject_that_would_forge_a_header_is_refused(breaker: str) -> None:
    with pytest.raises(Invalid):
        send(subject=f"Bonjour{breaker}Bcc: all@example.org")
    assert not Email.objects.exists()


def test_a_long_subject_is_cut() -> None:
    subject = sent(subject="é" * 300).subject
    assert len(subject) == 250
    assert subject.endswith("…")


# --- Attachments ---


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_attachments_are_kept_with_a_safe_name(storage: Path) -> None:
    email = sent(attachments=[Attachment("../Reçu\n de\u202e Léa.pdf", b"%PDF-1.7")])
    [attachment] = email.attachments
    assert attachment["name"] == "Reçu de Léa.pdf"
    assert attachment["size"] == 8
    assert len(stored(storage)) == 1


def test_too_much_attached_is_refused(storage: Path) -> None:
    half = Attachment("a.pdf", b"x" * 6_000_000)
    with pytest.raises(TooLarge):
        send(attachments=[half, half])
    assert not stored(storage)


@pytest.mark.django_db(transaction=True)
def test_old_messages_and_their_attachments_are_forgotten(
    storage: Path, clock: FixedClock, lea: User
) -> None:
    sent(attachments=[Attachment("a.pdf", b"old")], clock=clock)
    actions.notify(user_id=lea.pk, kind="x", title="t", clock=clock)
    clock.advance(timedelta(days=300))
    sent(attachments=[Attachment("b.pdf", b"new")], clock=clock)
    assert actions.purge(clock=clock) == 0
    clock.advance(timedelta(days=66))
    assert actions.purge(clock=clock) == 2
    assert [path.read_bytes() for path in stored(storage)] == [b"new"]


@pytest.mark.django_db(transaction=True)
def test_a_closed_account_is_erased_from_messages(storage: Path, lea: User) -> None:
    old = sent(attachments=[Attachment("a.pdf", b"x")])
    other = sent(to="noe@example.org")
    drain()
    last = sent(subject="Votre compte est fermé", required=True)
    actions.notify(user_id=lea.pk, kind="x", title="t")
    actions.forget_person(user_id=lea.pk, email="lea@example.org")
    old.refresh_from_db()
    assert (old.to, old.subject, old.text, old.attachments) == ("", "", "", [])
    assert old.state == Email.State.SENT
    assert not stored(storage)
    assert queries.recent(lea.pk) == []
    # The farewell still leaves, then is erased too.
    last.refresh_from_db()
    assert last.to == "lea@example.org"
    drain()
    last.refresh_from_db()
    assert (last.state, last.to) == (Email.State.SENT, "")
    other.refresh_from_db()
    assert other.to == "noe@example.org"


# --- Letters ---


def test_a_letter_is_filled_rendered_and_sent() -> None:
    email = actions.send_letter(
        to="lea@example.org",
        subject="Votre demande {reference}",
        letter="Bonjour {name},\n\nVotre demande **{reference}** est acceptée.\n\n[Suivre]({link})",
        values={"reference": "SG-26-7K4M2X", "name": "<b>Léa</b>", "link": "https://example.org/s"},
    )
    assert email is not None
    assert email.subject == "Votre demande SG-26-7K4M2X"
    assert "<strong>SG-26-7K4M2X</strong>" in email.html
    assert "&lt;b&gt;Léa&lt;/b&gt;" in email.html
    assert "<b>" not in email.html
    assert 'href="https://example.org/s"' in email.html
    assert "Bonjour <b>Léa</b>," in email.text
    assert "Suivre (https://example.org/s)" in email.text


def test_a_letter_that_lacks_a_value_is_not_sent() -> None:
    with pytest.raises(letters.UnknownPlaceholder):
        actions.send_letter(
            to="lea@example.org", subject="x", letter="Bonjour {nmae}", values={"name": "Léa"}
        )
    assert not Email.objects.exists()


# --- Reading ---


def test_the_demonstrations_mailbox_is_paged_and_filtered() -> None:
    emails = [sent(to=f"{name}@example.org") for name in ("a", "b", "a")]
    assert [row.pk for row in queries.captured(limit=2)] == [emails[2].pk, emails[1].pk]
    assert [row.pk for row in queries.captured(before_id=emails[1].pk)] == [emails[0].pk]
    assert [row.pk for row in queries.captured(to=" A@example.org")] == [emails[2].pk, emails[0].pk]
    assert queries.email(emails[0].pk).to == "a@example.org"
    with pytest.raises(NotFound):
        queries.email(0)
