"""A client of clamd's ``INSTREAM`` command (clamd(8)): the file travels, the daemon needs no access
to it.

Protocol: ``zINSTREAM\\0``, then chunks (length on four bytes, network order, then the bytes), then
a length of zero; the answer is ``stream: OK``, ``stream: <name> FOUND`` or ``… ERROR``, ended by
``\\0``.
"""

from __future__ import annotations

import logging
import socket
import struct
import time
from contextlib import closing
from typing import BinaryIO

from django.conf import settings

from socle.foundations.files.ports import Verdict
from socle.kernel.errors import Unavailable

logger = logging.getLogger(__name__)

CHUNK = 131_072
_MAX_ANSWER = 4_096


class Clamd:
    """``address``: ``host:port``, or the path of a unix socket. ``timeout``: seconds for the whole
    exchange.
    """

    immediate = False

    def __init__(self, address: str, timeout: float = 30.0) -> None:
        self.address = address
        self.timeout = timeout

    def scan(self, stream: BinaryIO) -> Verdict:
        """Send the whole stream; give the daemon's verdict.

        Raises ``Unavailable`` when the daemon does not answer, answers an error or nonsense: then
        nothing is known.
        """
        return _verdict(self._exchange(b"zINSTREAM\0", stream))

    def ping(self) -> bool:
        """Whether the daemon answers."""
        try:
            return self._exchange(b"zPING\0", None) == "PONG"
        except Unavailable:
            return False

    def version(self) -> str:
        """Version of the engine and of its signatures. Raises ``Unavailable``."""
        return self._exchange(b"zVERSION\0", None)

    def _exchange(self, command: bytes, stream: BinaryIO | None) -> str:
        deadline = time.monotonic() + self.timeout
        try:
            with closing(self._connect()) as link:
                link.sendall(command)
                if stream is not None:
                    _send(link, stream, deadline)
                return _answer(link, deadline)
        except OSError as error:
            logger.warning("clamd does not answer: %s", type(error).__name__)
            raise Unavailable(code="antivirus-unavailable") from error

    def _connect(self) -> socket.socket:
        if "/" in self.address:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                link.settimeout(self.timeout)
                link.connect(self.address)
            except BaseException:
                link.close()
                raise
            return link
        host, _separator, port = self.address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=self.timeout)


def from_settings() -> Clamd:
    """The client that ``SOCLE_ANTIVIRUS_*`` describe."""
    options = settings.SOCLE.antivirus
    return Clamd(options.address, options.timeout)


def _send(link: socket.socket, stream: BinaryIO, deadline: float) -> None:
    stream.seek(0)
    try:
        while piece := stream.read(CHUNK):
            link.settimeout(_left(deadline))
            link.sendall(struct.pack("!I", len(piece)) + piece)
        link.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        # Past its size limit the daemon answers and hangs up: its answer is still to be read.
        return


def _answer(link: socket.socket, deadline: float) -> str:
    received = b""
    while not received.endswith(b"\0"):
        link.settimeout(_left(deadline))
        piece = link.recv(1024)
        if not piece or len(received) > _MAX_ANSWER:
            raise ConnectionError("answer cut")
        received += piece
    return received.rstrip(b"\0\n").decode("utf-8", "replace")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _verdict(answer: str) -> Verdict:
    if answer == "stream: OK":
        return Verdict(clean=True)
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return Verdict(
            clean=False, signature=answer.removeprefix("stream: ").removesuffix(" FOUND")
        )
    if "size limit exceeded" in answer:
        logger.error("clamd refuses files of this size: raise its StreamMaxLength")
    else:
        logger.error("clamd answered an error")
    raise Unavailable(code="antivirus-error")
