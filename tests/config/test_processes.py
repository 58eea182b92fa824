"""The supervisor: children live as long as it does, and no longer."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.consistency.house import ROOT

from socle.config.cli import processes
from socle.config.cli.speaking import Refusal
from socle.config.options import Server

_PROGRAM = """
import sys
from socle.config.cli.processes import Child, Supervisor
with Supervisor() as supervisor:
    for name, code in {children!r}.items():
        supervisor.start(Child(name, [sys.executable, "-c", code], dict(__import__("os").environ)))
    print("watching", flush=True)
    sys.exit(supervisor.watch())
"""
# Says its number, then waits for a signal; a grandchild does the same.
_CHILD = """
import os, signal, subprocess, sys
grand = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(os.getpid(), grand.pid, flush=True)
signal.pause()
"""
_LONELY = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
_DEAF = "import signal; signal.signal(15, signal.SIG_IGN)\n" + _CHILD


class Running:
    """A supervisor in a process of its own, and the numbers of its children."""

    def __init__(self, program: str, **children: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", program.format(children=children)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.PIPE,
            text=True,
        )
        said = [self.line() for _ in range(len(children) + 1)]
        self.pids = [int(word) for line in said for word in line.split() if word.isdigit()]

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        # After what the test asserted; nothing is left behind when it failed.
        if self.process.poll() is None:
            self.process.kill()
        # Whoever is left holds the pipe: reading it to its end could last for ever.
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait(30)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _gone(pids: list[int]) -> bool:
    """Whether every process ends, waiting on the kernel rather than on the clock."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue

        ended, _, _ = select.select([handle], [], [], 25)
        os.close(handle)
        if not ended and _alive(pid):
            return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_process_in_order(number: signal.Signals) -> None:
    with Running(_PROGRAM, web=_CHILD, worker=_CHILD) as running:
        assert len(running.pids) == 4
        running.process.send_signal(number)
        assert running.process.wait(30) == 0
        assert _gone(running.pids)


def test_a_child_that_ignores_the_signal_is_ended_all_the_same() -> None:
    hurried = "from socle.config.cli import processes; processes.PATIENCE = 0.3\n"
    with Running(hurried + _PROGRAM, web=_DEAF) as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
        assert _gone(running.pids)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_supervisor_that_is_killed_takes_its_children_along() -> None:
    with Running(_PROGRAM, web=_LONELY) as running:
        running.process.kill()
        running.process.wait(10)
        assert _gone(running.pids)


def test_a_child_that_falls_is_raised_again(tmp_path: Path) -> None:
    once = textwrap.dedent(
        f"""
        import os, pathlib, signal, sys
        mark = pathlib.Path({str(tmp_path / "mark")!r})
        print(os.getpid(), flush=True)
        if not mark.exists():
            mark.touch()
            sys.exit(3)
        signal.pause()
        """
    )
    with Running(_PROGRAM, worker=once) as running:
        again = int(running.line())
        assert again not in running.pids
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
        assert _gone([again])


def test_a_taken_port_is_told_with_another_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refusal) as refused:
            processes.check_port(Server(port=port), "./socle demo")
    assert f"--port {processes.free_port(port + 1)}" in refused.value.english
    # The control: once free, it is accepted.
    processes.check_port(Server(port=port), "./socle demo")


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(Refusal, match=r"192\.0\.2\.1"):
        processes.check_port(Server(host="192.0.2.1"), "./socle serve")
