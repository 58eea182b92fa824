"""A mailbox on an IMAP server. Messages wait while they are not seen.

Each is fetched without being marked (``BODY.PEEK``), then marked once treated: a poll that is cut
reads it again. With an archive folder, treated messages are moved there. Those that cannot be read
are flagged, and seen: a person finds them in any mail program.
"""

from __future__ import annotations

import imaplib
import logging
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from socle.kernel.errors import TooLarge, Unavailable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """Where and how to connect. `timeout` in seconds, `limit` in bytes of one message."""

    host: str
    port: int
    user: str
    password: str
    security: str = "tls"
    inbox: str = "INBOX"
    archive: str = ""
    timeout: int = 20
    limit: int = 35_000_000


class Imap:
    """One connection per poll, closed when its messages are exhausted."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def waiting(self, limit: int) -> Iterator[Remote]:
        """Messages not seen yet, the oldest first. Raises `Unavailable`."""
        link = _asked(self._connect)
        try:
            _asked(lambda: _ok(link.select(_quoted(self.account.inbox))))
            # By UID: numbers shift when another program removes a message meanwhile.
            found = _asked(lambda: _ok(link.uid("SEARCH", "UNSEEN", "UNDELETED")))
            uids = [each.decode() for each in (found[0] or b"").split()]
            for uid in sorted(uids, key=int)[:limit]:
                yield Remote(link, uid, self.account)
        finally:
            _leave(link)

    def _connect(self) -> imaplib.IMAP4:
        account = self.account
        context = ssl.create_default_context()
        link: imaplib.IMAP4
        if account.security == "tls":
            link = imaplib.IMAP4_SSL(
                account.host, account.port, ssl_context=context, timeout=account.timeout
            )
        else:
            link = imaplib.IMAP4(account.host, account.port, timeout=account.timeout)
            if account.security == "starttls":
                link.starttls(context)
        try:
            link.login(account.user, account.password)
        except BaseException:
            _leave(link)
            raise
        return link


@dataclass
class Remote:
    """One message of an IMAP mailbox."""

    link: imaplib.IMAP4
    uid: str
    account: Account

    @property
    def name(self) -> str:
        return f"uid {self.uid}"

    def raw(self) -> bytes:
        sizes = _asked(lambda: _ok(self.link.uid("FETCH", self.uid, "(RFC822.SIZE)")))
        line = b" ".join(each for each in sizes if isinstance(each, bytes))
        size = re.search(rb"RFC822\.SIZE (\d+)", line)
        if size is not None and int(size[1]) > self.account.limit:
            raise TooLarge()
        answer = _asked(lambda: _ok(self.link.uid("FETCH", self.uid, "(BODY.PEEK[])")))
        for each in answer:
            if isinstance(each, tuple):
                return bytes(each[1])
        raise Unavailable(code="mailbox-unavailable")

    def done(self) -> None:
        _asked(lambda: _ok(self.link.uid("STORE", self.uid, "+FLAGS.SILENT", r"(\Seen)")))
        if self.account.archive:
            _asked(self._archive)

    def failed(self) -> None:
        _asked(lambda: _ok(self.link.uid("STORE", self.uid, "+FLAGS.SILENT", r"(\Seen \Flagged)")))

    def _archive(self) -> None:
        folder = _quoted(self.account.archive)
        if "MOVE" in self.link.capabilities:
            _ok(self.link.uid("MOVE", self.uid, folder))
            return
        _ok(self.link.uid("COPY", self.uid, folder))
        _ok(self.link.uid("STORE", self.uid, "+FLAGS.SILENT", r"(\Deleted)"))


def _asked(question: Callable[[], Any]) -> Any:
    """Ask the server; `Unavailable` when it does not answer, or refuses."""
    try:
        return question()
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        # Server answers may hold addresses: only the kind of error is logged.
        logger.warning("the mailbox does not answer: %s", type(error).__name__)
        raise Unavailable(code="mailbox-unavailable") from error


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return data


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _leave(link: imaplib.IMAP4) -> None:
    try:
        link.logout()
    except (imaplib.IMAP4.error, OSError):
        link.shutdown()


def from_settings() -> Imap:
    """The one that ``SOCLE_MAILBOX_*`` describe."""
    options = settings.SOCLE.mailbox
    return Imap(
        Account(
            host=options.host,
            port=options.port,
            user=options.user,
            password=options.password.get_secret_value(),
            security=options.security,
            inbox=options.inbox,
            archive=options.archive,
            timeout=options.timeout,
            limit=options.max_megabytes * 1_000_000,
        )
    )
