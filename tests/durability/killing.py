"""A server, thirty-two writers, and `kill -9` at a moment nobody chose."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WRITERS = 32
_CSRF = "c" * 32


def environment(home: Path, url: str, settings: str = "socle.config.settings") -> dict[str, str]:
    """Variables of every process of the house at `home`, on the database of `url`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOCLE_")}
    return {
        **kept,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "DJANGO_SETTINGS_MODULE": settings,
        "SOCLE_ENV_FILE": "",
        "SOCLE_HOME": str(home),
        "SOCLE_DATABASE_URL": url,
        "SOCLE_SECURITY_SECRET_KEY": "only-for-tests-" + "0" * 40,
        "SOCLE_SECURITY_HTTPS": "false",
        "SOCLE_SERVER_WORKERS": "2",
        "SOCLE_LOGGING_FORMAT": "console",
        "SOCLE_LOGGING_LEVEL": "WARNING",
    }


def inside(environ: Mapping[str, str], *words: str, told: object = None) -> Any:
    """Run :mod:`tests.durability.house` in that house; gives what it prints."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.durability.house", *words],
        env=dict(environ), cwd=ROOT, input=json.dumps(told), stdout=subprocess.PIPE, text=True,
        check=True,
    )  # fmt: skip
    return json.loads(ran.stdout)


@contextmanager
def database(server: str) -> Iterator[str]:
    """The address of a database of its own on a PostgreSQL server; `""` (SQLite) for no server."""
    if not server:
        yield ""
        return
    import psycopg

    name = f"socle_killed_{os.getpid()}_{random.randrange(10**6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
        try:
            yield server.rsplit("/", 1)[0] + f"/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]


class Server:
    """`socle serve` with two web workers and a task worker, as people start it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until it says that it is ready."""
        started = time.monotonic()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "socle.config.cli", "serve", "--worker"),
                *("--port", str(self.port)),
            ],
            env=dict(self.environ), cwd=ROOT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() - started > 60:
                self.kill()
                raise AssertionError("the server does not start again")
            time.sleep(0.02)
        return time.monotonic() - started

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """SIGKILL to the supervisor, the web server, its workers and the task worker, at once."""
        assert self.process is not None
        # Their parents first: nobody is left to raise the others.
        for pid in _family(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, as Ctrl-C does."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(60)


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # "pid (any name) state parent …": the name may hold spaces and parentheses.
                rest = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                parent = int(rest.rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


@dataclass
class Tally:
    """What became of every write."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """Draft → the address its sender was led to."""
    tried: set[str] = field(default_factory=set)
    unanswered: list[dict[str, str]] = field(default_factory=list)
    """Sent, cut before any answer: to be sent again."""
    repeated: int = 0
    strange: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Writers:
    """Thirty-two browsers that send reports as fast as they are answered."""

    def __init__(self, port: int, waiting: queue.SimpleQueue[dict[str, str]], tally: Tally) -> None:
        self.port, self.waiting, self.tally = port, waiting, tally
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def join(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _write(self) -> None:
        dice = random.Random()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.over.is_set():
            try:
                draft = self.waiting.get_nowait()
            except queue.Empty:
                break
            if not self._send(connection, draft):
                break
            # Somebody clicks twice now and then.
            if dice.random() < 0.1 and not self._send(connection, draft):
                break
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, draft: dict[str, str]) -> bool:
        with self.tally.lock:
            self.tally.tried.add(draft["id"])
        try:
            told = send(connection, draft)
        except (OSError, http.client.HTTPException):
            with self.tally.lock:
                self.tally.unanswered.append(draft)
            return False
        with self.tally.lock:
            if told.startswith("302 ") and told.endswith("/confirmation"):
                before = self.tally.acknowledged.setdefault(draft["id"], told)
                self.tally.repeated += before is not told
            else:
                self.tally.strange.append(f"{draft['text']}: {told}")
        return True


def send(connection: http.client.HTTPConnection, draft: Mapping[str, str]) -> str:
    """Post a draft as the browser that holds it; gives the status and where it leads."""
    connection.request(
        "POST",
        f"/signaler/{draft['id']}/envoi",
        f"csrfmiddlewaretoken={_CSRF}",
        {
            "Cookie": f"csrf={_CSRF}; {draft['cookie']}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    answer = connection.getresponse()
    answer.read()
    return f"{answer.status} {answer.headers.get('Location', '')}"


@dataclass
class Killed:
    """The figures of some cycles."""

    cycles: int = 0
    writes: int = 0
    unanswered: int = 0
    repeated: int = 0
    ready: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    cases: int = 0


def cycles(
    home: Path,
    url: str,
    count: int,
    *,
    drafts: int,
    longest: float = 1.5,
    thorough: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> Killed:
    """Start, write, kill, verify, `count` times; then start again, finish, stop and verify.

    `longest`: seconds of writing before the kill, at most. `drafts`: writes prepared.
    `thorough`: verify after every kill too, before anything is sent again.
    """
    environ = environment(home, url)
    waiting: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
    for draft in inside(environ, "prepare", str(drafts)):
        waiting.put(draft)
    found, tally, server = Killed(), Tally(), Server(environ)
    dice = random.Random()

    def check() -> dict[str, Any]:
        verdict: dict[str, Any] = inside(
            environ,
            "verify",
            told={"acknowledged": list(tally.acknowledged), "tried": sorted(tally.tried)},
        )
        found.wrong += verdict["wrong"]
        return verdict

    for number in range(count):
        found.ready.append(server.start())
        _again(waiting, tally)
        writers = Writers(server.port, waiting, tally)
        writers.start()
        time.sleep(dice.uniform(0.2, longest))
        server.kill()
        writers.join()
        found.cycles, found.unanswered = number + 1, found.unanswered + len(tally.unanswered)
        if thorough:
            check()
        say(f"cycle {number + 1}: {len(tally.acknowledged)} writes, {found.ready[-1]:.1f} s")
    found.ready.append(server.start())
    try:
        _again(waiting, tally, only=True)
        writers = Writers(server.port, waiting, tally)
        writers.start()
        for thread in writers.threads:
            thread.join()
    finally:
        server.stop()
    found.cases = check()["cases"]
    found.writes, found.repeated = len(tally.acknowledged), tally.repeated
    found.wrong += [*tally.strange, *(f"unanswered: {each['text']}" for each in tally.unanswered)]
    return found


def _again(waiting: queue.SimpleQueue[dict[str, str]], tally: Tally, *, only: bool = False) -> None:
    """Put what got no answer back at the head of the queue (alone, when `only`)."""
    others = []
    while not waiting.empty():
        others.append(waiting.get())
    for draft in [*tally.unanswered, *([] if only else others)]:
        waiting.put(draft)
    tally.unanswered.clear()
