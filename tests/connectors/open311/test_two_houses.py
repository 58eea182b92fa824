"""Two socle, two processes, two databases: a report kept in step both ways, through failures."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# Each house has its own SQLite database, whatever the tests of the rooms run on: once is enough.
pytestmark = pytest.mark.sqlite
ROOT = Path(__file__).parents[3]
PATIENCE = 90.0
"""Seconds that a house may take to answer a command."""


class House:
    """A process, its database and its line. `port` stays the same when it is started again."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home, self.settings = home, settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/open311/v2"

    def start(self) -> None:
        kept = {name: each for name, each in os.environ.items() if not name.startswith("SOCLE_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.connectors.open311.house", str(self.port)],
            env={
                **kept,
                "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
                "DJANGO_SETTINGS_MODULE": "socle.config.settings",
                "SOCLE_ENV_FILE": "",
                "SOCLE_HOME": str(self.home),
                "SOCLE_SECURITY_SECRET_KEY": "only-for-tests-" + "0" * 40,
                "SOCLE_SECURITY_HTTPS": "false",
                "SOCLE_LOGGING_LEVEL": "ERROR",
                "SOCLE_OUTGOING_PRIVATE_HOSTS": "127.0.0.1",
                **self.settings,
            },
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def kill(self) -> None:
        """Without warning, as a machine that loses its power."""
        if self.process is not None:
            if self.process.poll() is None:
                os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(20)
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
            self.process = None

    def __getattr__(self, name: str) -> Any:
        def ask(**arguments: Any) -> Any:
            assert self.process is not None and self.process.stdin is not None
            self.process.stdin.write(json.dumps([name, arguments]) + "\n")
            self.process.stdin.flush()
            answer = self._line()
            assert "error" not in answer, answer
            return answer["value"]

        return ask

    def _line(self) -> Any:
        assert self.process is not None and self.process.stdout is not None
        ready, _w, _x = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, "the house does not answer"
        line = self.process.stdout.readline()
        assert line, f"the house ended: {self.process.poll()}"
        return json.loads(line)


@contextmanager
def _opened(home: Path, **settings: str) -> Iterator[House]:
    house = House(home, **settings)
    try:
        house.start()
        house.prepare()
        yield house
    finally:
        house.kill()


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    """Ours, which hands over, and theirs, which receives."""
    with _opened(tmp_path_factory.mktemp("theirs")) as theirs:
        secret = theirs.key(slug="saint-test")
        home = tmp_path_factory.mktemp("ours")
        with _opened(home, SOCLE_OUTGOING_SECRETS=f"OTHER={secret}") as ours:
            yield ours, theirs


def only(held: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The last case of a house."""
    return list(held["cases"].items())[-1]


@pytest.mark.slow
def test_a_report_is_kept_in_step_both_ways_through_the_other_being_down(
    houses: tuple[House, House],
) -> None:
    ours, theirs = houses
    sent = ours.report(text="Un frigo au bord de l’eau")
    reference = sent["reference"]

    # They are down: it waits, and the failure shows.
    theirs.kill()
    ours.hand(reference=reference, url=theirs.url)
    ours.work()
    waiting = ours.look()["handovers"][-1]
    assert (waiting["state"], waiting["external_id"]) == ("queued", "")
    assert waiting["error"]
    # What the person says meanwhile waits too.
    ours.say(reference=reference, text="Il y a aussi un four.")
    ours.work()

    # They come back, take it, and die before they can say so: the answer is lost.
    theirs.start()
    theirs.die_at_the_next_post()
    ours.work()
    assert ours.look()["handovers"][-1]["state"] == "queued"
    theirs.kill()
    theirs.start()
    held = theirs.look()
    assert len(held["cases"]) == 1, "it arrived"

    # Tried again: delivered once, and the person's words after it, once.
    for _round in range(3):
        ours.work()
    there, copy = only(theirs.look())
    assert len(theirs.look()["cases"]) == 1
    handed = ours.look()["handovers"][-1]
    assert (handed["state"], handed["external_id"], handed["error"]) == ("sent", there, "")
    assert "Un frigo au bord de l’eau" in copy["description"] and reference in copy["description"]
    assert copy["email"] == "", "who reported it stays here"
    assert copy["messages"] == ["Il y a aussi un four."]

    # Their work comes back here, through one of their absences, each thing once.
    theirs.act(reference=there, transition="start")
    theirs.kill()
    ours.work()
    assert ours.look()["handovers"][-1]["error"]
    theirs.start()
    theirs.act(reference=there, transition="plan", message="Mardi prochain.")
    for _round in range(2):
        ours.work()
    mine = ours.look()
    assert mine["handovers"][-1]["state"] == "accepted" and not mine["handovers"][-1]["error"]
    told = mine["cases"][reference]["news"]
    assert sum("Mardi prochain." in each for each in told) == 1

    # Our side goes on too.
    ours.act(reference=reference, transition="start")
    ours.work()
    assert "En cours" in theirs.look()["cases"][there]["messages"][-1]
    theirs.act(reference=there, transition="resolve")
    ours.work()
    ours.work()
    assert ours.look()["handovers"][-1]["state"] == "done"
    # Nothing that they told us was told back to them.
    assert len(theirs.look()["cases"][there]["messages"]) == 3


@pytest.mark.slow
def test_a_report_that_is_not_theirs_comes_back_and_one_taken_back_is_said(
    houses: tuple[House, House],
) -> None:
    ours, theirs = houses
    first = ours.report(text="Un banc cassé")["reference"]
    ours.hand(reference=first, url=theirs.url)
    ours.work()
    there, _copy = only(theirs.look())
    theirs.act(reference=there, transition="decline", message="C’est à vous.")
    ours.work()
    mine = ours.look()
    assert mine["handovers"][-1]["state"] == "returned"
    assert any("C’est à vous." in each for each in mine["cases"][first]["news"])

    second = ours.report(text="Un autre banc")["reference"]
    ours.hand(reference=second, url=theirs.url)
    ours.work()
    there, _copy = only(theirs.look())
    ours.take_back(reference=second)
    ours.work()
    assert "Nous y allons." in theirs.look()["cases"][there]["messages"][-1]
