"""The clamd client, against a peer that speaks the daemon's protocol: over TCP and over a unix
socket.
"""

from __future__ import annotations

import io
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.foundations.files import samples

from socle.connectors.clamd.client import CHUNK, Clamd, from_settings
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.files import actions
from socle.foundations.files.models import StoredFile
from socle.foundations.files.ports import Verdict
from socle.foundations.tasks.testing import drain
from socle.kernel.errors import Unavailable

# The test file of the antivirus industry, in two parts so that none stops at this source.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Daemon:
    """clamd as clamd(8) describes it: null-ended commands, chunks with their length, a
    size limit.

    ``behaviour``: ``scan``, or how to misbehave: ``silent``, ``hang-up``, ``half-answer``,
    ``nonsense``, ``error``.
    """

    def __init__(
        self, listener: socket.socket, behaviour: str = "scan", limit: int = 25_000_000
    ) -> None:
        self.listener = listener
        self.behaviour = behaviour
        self.limit = limit
        self.received: list[bytes] = []
        self.chunks: list[int] = []
        self.released = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.released.set()
        with suppress(OSError):
            # close() alone does not wake a thread in accept().
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def serve(self) -> None:
        while True:
            try:
                link, _peer = self.listener.accept()
            except OSError:
                return
            with link:
                try:
                    self.answer(link)
                except OSError:
                    continue

    def answer(self, link: socket.socket) -> None:
        stream = link.makefile("rb")
        command = b""
        while not command.endswith(b"\0"):
            command += stream.read(1)
        if command == b"zPING\0":
            link.sendall(b"PONG\0")
        elif command == b"zVERSION\0":
            link.sendall(b"ClamAV 1.4.3/27800/Wed Mar  4 09:00:00 2026\0")
        elif command == b"zINSTREAM\0":
            self.scan(link, stream)
        else:
            link.sendall(b"UNKNOWN COMMAND\0")

    def scan(self, link: socket.socket, stream: Any) -> None:
        if self.behaviour == "hang-up":
            return
        content = b""
        while size := struct.unpack("!I", stream.read(4))[0]:
            if len(content) + size > self.limit:
                link.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
            self.chunks.append(size)
            content += stream.read(size)
        self.received.append(content)
        if self.behaviour == "silent":
            self.released.wait(20)
        elif self.behaviour == "half-answer":
            link.sendall(b"stream: O")
        elif self.behaviour == "nonsense":
            link.sendall(b"\xff\xfe???\0")
        elif self.behaviour == "error":
            link.sendall(b"stream: Can't allocate memory ERROR\0")
        elif EICAR in content:
            link.sendall(b"stream: Eicar-Test-")
            link.sendall(b"Signature FOUND\0")
        else:
            link.sendall(b"stream: OK\0")


@pytest.fixture(params=["tcp", "unix"])
def start(request: pytest.FixtureRequest) -> Iterator[Callable[..., tuple[Daemon, Clamd]]]:
    """Starts a daemon that behaves as told, and a client of it."""
    daemons: list[Daemon] = []
    # A short path: the address of a unix socket has 107 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="clamd-"))

    def start(behaviour: str = "scan", timeout: float = 10, **options: Any) -> tuple[Daemon, Clamd]:
        if request.param == "tcp":
            listener = socket.create_server(("127.0.0.1", 0))
            address = f"127.0.0.1:{listener.getsockname()[1]}"
        else:
            address = str(folder / f"{len(daemons)}.sock")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            listener.listen()
        daemons.append(Daemon(listener, behaviour, **options))
        return daemons[-1], Clamd(address, timeout)

    yield start
    for daemon in daemons:
        daemon.stop()
    shutil.rmtree(folder)


Start = Callable[..., tuple[Daemon, Clamd]]


def test_a_clean_file_is_clean_and_travelled_whole(start: Start) -> None:
    daemon, client = start()
    content = bytes(range(256)) * 2_000
    assert client.scan(io.BytesIO(content)) == Verdict(clean=True)
    assert daemon.received == [content]
    assert len(daemon.chunks) > 1
    assert max(daemon.chunks) <= CHUNK


def test_what_was_found_is_named(start: Start) -> None:
    _daemon, client = start()
    content = b"x" * 1000 + EICAR
    assert client.scan(io.BytesIO(content)) == Verdict(
        clean=False, signature="Eicar-Test-Signature"
    )


def test_a_stream_is_scanned_from_its_start(start: Start) -> None:
    daemon, client = start()
    stream = io.BytesIO(b"whole")
    stream.read()
    client.scan(stream)
    assert daemon.received == [b"whole"]


def test_an_empty_file_is_scanned_too(start: Start) -> None:
    _daemon, client = start()
    assert client.scan(io.BytesIO()).clean


@pytest.mark.parametrize("behaviour", ["hang-up", "half-answer", "nonsense", "error"])
def test_without_a_clear_answer_nothing_is_known(start: Start, behaviour: str) -> None:
    _daemon, client = start(behaviour)
    with pytest.raises(Unavailable):
        client.scan(io.BytesIO(b"x" * 100_000))


def test_a_silent_daemon_is_left_after_the_timeout(start: Start) -> None:
    _daemon, client = start("silent", timeout=0.3)
    with pytest.raises(Unavailable):
        client.scan(io.BytesIO(b"x"))


def test_a_file_beyond_the_daemons_limit_is_unknown_not_clean(start: Start) -> None:
    _daemon, client = start(limit=100_000)
    with pytest.raises(Unavailable) as refused:
        client.scan(io.BytesIO(b"x" * 5_000_000))
    assert refused.value.code in {"antivirus-error", "antivirus-unavailable"}


def test_a_daemon_that_is_not_there_is_unavailable(start: Start) -> None:
    daemon, client = start()
    assert client.ping()
    assert client.version().startswith("ClamAV ")
    daemon.stop()
    assert not client.ping()
    with pytest.raises(Unavailable):
        client.scan(io.BytesIO(b"x"))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "/nowhere/clamd.sock", "[::1]:1"])
def test_an_address_where_nobody_listens_is_unavailable(address: str) -> None:
    with pytest.raises(Unavailable):
        Clamd(address, 2).scan(io.BytesIO(b"x"))


@pytest.fixture
def chosen(settings: Any) -> Callable[[Clamd], None]:
    """Makes the settings name a clamd."""

    def choose(client: Clamd) -> None:
        antivirus = settings.SOCLE.antivirus.model_copy(
            update={"kind": "clamd", "address": client.address, "timeout": 10}
        )
        settings.SOCLE = settings.SOCLE.model_copy(update={"antivirus": antivirus})

    return choose


@pytest.mark.django_db
def test_files_are_scanned_by_the_clamd_the_settings_name(
    start: Start, chosen: Callable[[Clamd], None]
) -> None:
    daemon, client = start()
    chosen(client)
    assert from_settings().address == client.address
    stored = actions.receive(
        upload=io.BytesIO(samples.picture()), name="x", actor=ANONYMOUS, claim="claim"
    )
    assert stored.state == StoredFile.State.QUARANTINED
    assert daemon.received == []
    drain()
    stored.refresh_from_db()
    assert stored.is_clean
    assert len(daemon.received) == 1


@pytest.mark.django_db
def test_what_clamd_finds_is_blocked(start: Start, chosen: Callable[[Clamd], None]) -> None:
    _daemon, client = start()
    chosen(client)
    infected = samples.pdf(samples.stream(EICAR, deflate=False))
    stored = actions.receive(upload=io.BytesIO(infected), name="x", actor=ANONYMOUS, claim="claim")
    drain()
    stored.refresh_from_db()
    assert (stored.state, stored.signature) == ("infected", "Eicar-Test-Signature")
