"""People, a storage of their own, and a real SMTP server on the loopback."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from socle.foundations.accounts.models import User


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    """The folder of stored bytes."""
    folder = tmp_path / "files"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        },
    }
    return folder


@pytest.fixture
def lea() -> User:
    return User.objects.create_user("lea@example.org", given_names="Léa")


class Mailbox:
    """Receives mail; ``refusals`` are answers given, one per attempt, before it accepts."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.recipients: list[list[str]] = []
        self.refusals: list[str] = []
        self.recipient_refusals: list[str] = []

    @property
    def messages(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[misc]
            for raw in self.raw
        ]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_refusals:
            return self.recipient_refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.recipients.append(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def use_smtp(settings: Any) -> Callable[[int], None]:
    """Makes the settings name an SMTP server."""

    def use(port: int) -> None:
        mail = settings.SOCLE.mail.model_copy(update={"kind": "smtp"})
        settings.SOCLE = settings.SOCLE.model_copy(update={"mail": mail})
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 10
        settings.DEFAULT_FROM_EMAIL = '"Métropole de Saint-Test" <services@saint-test.example>'

    return use


class Server(Controller):
    """On any free port."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def mailbox(use_smtp: Callable[[int], None]) -> Iterator[Mailbox]:
    """A real SMTP server which the settings name."""
    box = Mailbox()
    controller = Server(box, hostname="127.0.0.1", port=0)
    controller.start()
    use_smtp(controller.port)
    yield box
    controller.stop()
