"""Tasks of these tests; child processes import them too."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from socle.foundations.tasks import GiveUp, RetryLater, periodic, task
from socle.foundations.tasks.models import Schedule
from socle.foundations.tasks.rules import exponential

calls: list[Any] = []
failures: list[tuple[Mapping[str, Any], str]] = []
gate = threading.Event()
entered = threading.Event()


def reset() -> None:
    calls.clear()
    failures.clear()
    gate.clear()
    entered.clear()


def remember_failure(arguments: Mapping[str, Any], error: str) -> None:
    failures.append((dict(arguments), error))


@task(name="tests.note")
def note(number: int) -> None:
    calls.append(number)


@task(name="tests.urgent", queue="urgent")
def urgent(number: int) -> None:
    calls.append(number)


@task(name="tests.mark")
def mark(name: str) -> None:
    """Leaves a row behind, then fails if told to."""
    Schedule.objects.create(name=name, last_slot="2026-01-01T00:00:00Z")
    if name.startswith("bad"):
        raise ValueError(f"cannot write to lea@example.org about {name}")


@task(
    name="tests.fails",
    max_attempts=3,
    backoff=exponential(first=timedelta(seconds=10), jitter=0),
    on_failed=remember_failure,
)
def fails(reason: str) -> None:
    if reason == "hopeless":
        raise GiveUp("the server said no")
    if reason == "later":
        raise RetryLater(timedelta(minutes=5), "the other side sleeps")
    if reason == "exit":
        sys.exit(3)
    raise ValueError(reason)


@task(name="tests.chain")
def chain(left: int) -> None:
    calls.append(left)
    if left:
        chain.enqueue(left=left - 1)


@task(name="tests.endless")
def endless() -> None:
    endless.enqueue()


@task(name="tests.waits", atomic=False)
def waits(number: int) -> None:
    """Begins, then waits for the gate."""
    entered.set()
    gate.wait(30)
    calls.append(number)


@task(name="tests.slow_in_child", atomic=False)
def slow_in_child(name: str) -> None:
    """In a child process: says it has begun, waits for a line, then leaves a row. Elsewhere: leaves
    the row.
    """
    if os.environ.get("TESTS_CHILD"):
        print("begun", flush=True)
        sys.stdin.readline()
    Schedule.objects.create(name=name, last_slot="2026-01-01T00:00:00Z")


@task(name="tests.poison", atomic=False, on_failed=remember_failure)
def poison() -> None:
    """Kills whoever runs it."""
    print("begun", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


@periodic(at="03:00")
@task(name="tests.nightly")
def nightly() -> None:
    calls.append("night")


@periodic(every=timedelta(minutes=10))
@task(name="tests.often")
def often() -> None:
    calls.append("often")
