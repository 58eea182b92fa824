"""E-mails: written with the act, sent by a task, refused when they would be forged."""

from __future__ import annotations

import pytest

from socle.capabilities.notifications import actions
from socle.capabilities.notifications.models import Email
from socle.foundations.tasks.testing import drain

pytestmark = pytest.mark.django_db


def test_an_email_is_written_then_captured_by_its_task() -> None:
    email = actions.send_email(
        to="lea@example.org",
        subject="Votre demande a été reçue",
        template="notifications/message",
        context={"title": "Reçue", "body": "L'équipe & vous", "url": "/mes-demandes/"},
    )
    assert email is not None
    assert email.state == Email.State.QUEUED
    assert "L'équipe & vous" in email.text
    assert "L&#39;équipe &amp; vous" in email.html
    drain()
    email.refresh_from_db()
    assert email.state == Email.State.SENT
