"""Starts the web server and the worker as children, and ends them all, whatever happens.

The supervisor imports no Django: it is ready at once and costs little memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from socle.config.cli.speaking import fail, refuse, say
from socle.config.options import LOOPBACK, Server

# Seconds given to children to finish what they do before they are killed.
PATIENCE = 20.0
_PR_SET_PDEATHSIG = 1


def web_command(server: Server) -> list[str]:
    """Granian over WSGI. Few threads: its default of hundreds doubles the slowest answers."""
    return [
        *(sys.executable, "-P", "-m", "granian", "--interface", "wsgi"),
        *("--host", server.host, "--port", str(server.port)),
        *("--workers", str(server.workers), "--blocking-threads", str(server.threads)),
        # A thread that ends takes its database connection along: let it live.
        *("--blocking-threads-idle-timeout", "600"),
        *("--backlog", "1024", "--no-ws", "--respawn-failed-workers", "--no-access-log"),
        *("--workers-kill-timeout", "10", "--log-level", "warning"),
        "socle.config.wsgi:application",
    ]


def worker_command() -> list[str]:
    return [sys.executable, "-P", "-m", "socle.config.cli", "worker"]


def check_port(server: Server, again: str) -> None:
    """Refuse with a sentence when the port cannot be listened on. ``again``: what to type."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
        except OSError as error:
            _refuse_port(server, error, again)


def _refuse_port(server: Server, error: OSError, again: str) -> None:
    port = server.port
    if error.errno == errno.EADDRINUSE:
        other = free_port(port + 1)
        refuse(
            f"Le port {port} est pris par un autre programme. Essayez : {again} --port {other}",
            f"Port {port} is taken by another program. Try: {again} --port {other}",
        )
    if error.errno == errno.EACCES:
        refuse(
            f"Le port {port} est réservé à l'administrateur de la machine. "
            f"Essayez : {again} --port 8000",
            f"Port {port} is reserved to the machine's administrator. Try: {again} --port 8000",
        )
    refuse(
        f"L'adresse {server.host} n'est pas une adresse de cette machine.",
        f"{server.host} is not an address of this machine.",
    )


def free_port(first: int) -> int:
    """The first port from ``first`` on which this machine can listen, on loopback."""
    for port in range(first, min(first + 200, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    return first


def fresh_metrics(home: Path) -> Path:
    """The folder where worker processes share their counts, emptied."""
    folder = home / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass
class Child:
    """One process to keep alive."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            # Its own group: Ctrl-C reaches the supervisor alone, which then ends everyone in order.
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal_group(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def _die_with_parent() -> None:
    # If the supervisor is killed outright, the kernel ends the child: no orphan keeps the port.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Supervisor:
    """Keeps children alive until a signal. Use as a context manager: leaving it ends them all."""

    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def start(self, child: Child) -> None:
        self.children.append(child)
        child.start()

    def wait_ready(self, url: str, seconds: float) -> bool:
        """Whether ``url`` answered 200 in time. False at once when a child falls or on a signal."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and not self.stopping:
            if not all(child.running for child in self.children):
                return False
            if _answers(url):
                return True
            time.sleep(0.05)
        return False

    def watch(self) -> int:
        """Restart what falls, until asked to stop. Returns the exit code."""
        while not self.stopping:
            for child in self.children:
                if child.running or self.stopping:
                    continue
                if not self._raise_again(child):
                    return 1
            time.sleep(0.2)
        return 0

    def _raise_again(self, child: Child) -> bool:
        """A process that ran for a while may fall once more; one that falls at once is given up."""
        child.falls = 1 if time.monotonic() - child.started > 60 else child.falls + 1
        code = child.process.returncode if child.process else 0
        if child.falls > 5:
            fail(
                f"Le processus « {child.name} » ne tient pas debout (code {code}) ; arrêt.",
                f"The “{child.name}” process keeps falling (code {code}); stopping.",
            )
            return False
        say(
            f"Le processus « {child.name} » s'est arrêté (code {code}) ; il est relancé.",
            f"The “{child.name}” process stopped (code {code}); it is started again.",
        )
        time.sleep(0.2 * 2**child.falls)
        child.start()
        return True

    def end(self) -> None:
        """TERM to every child, patience, then KILL to those that remain."""
        self.stopping = True
        for child in self.children:
            child.signal_group(signal.SIGTERM)
        limit = time.monotonic() + PATIENCE
        for child in self.children:
            if child.process is None:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, limit - time.monotonic()))
        for child in self.children:
            # The group, even when its leader has gone: granian's workers are in it.
            child.signal_group(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()


def local_url(server: Server, path: str = "/") -> str:
    """Where to find the server from this machine."""
    host = "127.0.0.1" if server.host in {"0.0.0.0", "::", *LOOPBACK} else server.host  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{server.port}{path}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
