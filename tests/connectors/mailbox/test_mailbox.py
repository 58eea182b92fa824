"""Reading a Maildir and an IMAP server, and what a poll does with what it finds."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from socle.capabilities.casework import inbound, registry
from socle.capabilities.casework.inbound import polling
from socle.capabilities.casework.models import InboundEmail
from socle.connectors.mailbox.imap import Account, Imap
from socle.connectors.mailbox.maildir import Maildir
from socle.kernel.errors import TooLarge, Unavailable

RAW = b"From: zoe@example.org\r\nMessage-ID: <%d@example.org>\r\n\r\nBonjour\r\n"


class Server:
    """As much of an IMAP server as one mailbox needs, on loopback."""

    def __init__(self, messages: list[bytes]) -> None:
        self.messages = dict(enumerate(messages, start=101))
        self.flags: dict[int, set[str]] = {uid: set() for uid in self.messages}
        self.commands: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        if self._listening.fileno() >= 0:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                link, _address = self._listening.accept()
            except OSError:
                return
            with link, link.makefile("rwb", buffering=0) as stream:
                stream.write(b"* OK ready\r\n")
                for line in stream:
                    if not self._answer(stream, line.decode().strip()):
                        break

    def _answer(self, stream: Any, line: str) -> bool:
        tag, command, *words = line.split(" ")
        verb = words[0] if command == "UID" else command
        self.commands.append(verb)
        if verb == "CAPABILITY":
            stream.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif verb == "LOGIN" and '"secret"' not in line:
            stream.write(f"{tag} NO no\r\n".encode())
            return True
        elif verb == "SELECT":
            stream.write(b"* %d EXISTS\r\n" % len(self.messages))
        elif verb == "SEARCH":
            unseen = [str(uid) for uid, flags in self.flags.items() if "\\Seen" not in flags]
            stream.write(f"* SEARCH {' '.join(unseen)}\r\n".encode())
        elif verb == "FETCH":
            uid = int(words[1])
            raw = self.messages[uid]
            if "SIZE" in line:
                stream.write(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(raw)})\r\n".encode())
            else:
                stream.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode())
                stream.write(raw + b")\r\n")
        elif verb == "STORE":
            self.flags[int(words[1])] |= set(line.partition("(")[2].rstrip(")").split())
        stream.write(f"{tag} OK done\r\n".encode())
        return verb != "LOGOUT"


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server([RAW % 1, RAW % 2, b"x" * 2_000])
    yield running
    running.close()


def account(server: Server, **given: Any) -> Account:
    values = {"user": "suivi", "password": "secret", "security": "none", "limit": 1_000}
    return Account("127.0.0.1", server.port, **values | given)  # type: ignore[arg-type]


def use(monkeypatch: pytest.MonkeyPatch, mailbox: Any) -> None:
    monkeypatch.setattr(registry, "mailbox", lambda: mailbox)


@pytest.mark.django_db
def test_a_poll_treats_each_message_once_and_puts_aside_what_is_too_large(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Imap(account(server)))
    assert inbound.poll() == polling.Polled(treated=2, failed=1)
    assert inbound.poll() == polling.Polled()
    assert server.flags[101] == {"\\Seen"}
    assert server.flags[103] == {"\\Seen", "\\Flagged"}
    assert InboundEmail.objects.count() == 2


@pytest.mark.django_db
def test_a_poll_that_is_cut_reads_the_message_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Imap(account(server)))
    calls = []

    def away(raw: bytes, **given: Any) -> None:
        calls.append(raw)
        raise Unavailable()

    monkeypatch.setattr(polling, "receive", away)
    with pytest.raises(Unavailable):
        inbound.poll()
    assert (len(calls), server.flags[101]) == (1, set())
    monkeypatch.undo()
    use(monkeypatch, Imap(account(server)))
    assert inbound.poll().treated == 2


@pytest.mark.django_db
def test_a_message_that_breaks_our_reading_holds_up_no_other(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Imap(account(server)))
    receive = polling.receive

    def broken(raw: bytes, **given: Any) -> Any:
        if b"<1@" in raw:
            raise RuntimeError
        return receive(raw, **given)

    monkeypatch.setattr(polling, "receive", broken)
    assert inbound.poll() == polling.Polled(treated=1, failed=2)


def test_a_server_that_refuses_or_is_away_is_said_so(server: Server) -> None:
    with pytest.raises(Unavailable):
        list(Imap(account(server, password="wrong")).waiting(5))
    server.close()
    with pytest.raises(Unavailable):
        list(Imap(account(server)).waiting(5))


def test_a_maildir_is_read_in_order_and_marked(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "1.a.host").write_bytes(RAW % 1)
    (tmp_path / "new" / "2.b.host").write_bytes(b"x" * 2_000)
    (tmp_path / "cur" / "0.c.host:2,S").write_bytes(RAW % 3)
    (tmp_path / "tmp" / "9.d.host").write_bytes(RAW % 4)
    box = Maildir(tmp_path, limit=1_000)
    first, second = box.waiting(10)
    assert first.raw() == RAW % 1
    with pytest.raises(TooLarge):
        second.raw()
    first.done()
    first.done()
    second.failed()
    assert list(box.waiting(10)) == []
    assert (tmp_path / "cur" / "1.a.host:2,S").exists()
    assert (tmp_path / "failed" / "2.b.host").exists()
    with pytest.raises(Unavailable):
        list(Maildir(tmp_path / "absent", limit=1).waiting(1))


@pytest.mark.django_db
def test_the_twin_reads_nothing() -> None:
    assert inbound.poll() == polling.Polled()
