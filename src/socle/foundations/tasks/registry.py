"""What can be run: functions declared with :func:`task`, rhythms declared with :func:`periodic`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Generic, ParamSpec

from socle.foundations.tasks.rules import Backoff, Daily, Every, Rhythm, exponential

if TYPE_CHECKING:
    from socle.foundations.tasks.models import Task

P = ParamSpec("P")
OnFailed = Callable[[Mapping[str, Any], str], object]


class GiveUp(Exception):
    """Raised by a task that will never succeed: it is marked failed at once, without another
    attempt.
    """


class RetryLater(Exception):
    """Raised by a task that must wait for something: runs again after ``delay``; the attempt does
    not count.
    """

    def __init__(self, delay: timedelta, reason: str = "") -> None:
        super().__init__(reason or f"again in {delay}")
        self.delay = delay


@dataclass(frozen=True, eq=False)
class TaskFunction(Generic[P]):
    """A declared task: call it to run it here and now, :meth:`enqueue` it to have a
    worker run it.
    """

    function: Callable[P, object]
    name: str
    queue: str = "default"
    priority: int = 0
    max_attempts: int = 8
    backoff: Backoff = field(default_factory=exponential)
    time_limit: timedelta = timedelta(minutes=10)
    atomic: bool = True
    on_failed: OnFailed | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> object:
        return self.function(*args, **kwargs)

    def enqueue(
        self,
        *,
        _key: str | None = None,
        _run_at: datetime | None = None,
        _priority: int | None = None,
        **kwargs: Any,
    ) -> Task:
        """Write the task in the current transaction; it runs after the commit, or never if that is
        undone.

        ``_key``: a second enqueue with the same key changes nothing and gives the first row (also
        once it is done, until done tasks are purged). ``_run_at``: not before this instant.
        Arguments are JSON values: ids, not rows; ``TypeError`` for any other or when they do not
        fit the function.
        """
        from socle.foundations.tasks.actions import enqueue

        return enqueue(task=self, arguments=kwargs, key=_key, run_at=_run_at, priority=_priority)

    def check(self, arguments: Mapping[str, Any]) -> None:
        """``TypeError`` when the function cannot be called with these arguments or they are not
        JSON.
        """
        inspect.signature(self.function).bind(**arguments)
        json.dumps(arguments, allow_nan=False)


_tasks: dict[str, TaskFunction[Any]] = {}
_rhythms: dict[str, tuple[TaskFunction[Any], Rhythm]] = {}


def task(
    *,
    name: str,
    queue: str = "default",
    priority: int = 0,
    max_attempts: int = 8,
    backoff: Backoff | None = None,
    time_limit: timedelta = timedelta(minutes=10),
    atomic: bool = True,
    on_failed: OnFailed | None = None,
) -> Callable[[Callable[P, object]], TaskFunction[P]]:
    """Declare a task.

    ``name``: stable and dotted, ``room.verb``; it is stored. ``priority``: higher runs first within
    a queue. ``max_attempts``: then it is a visible failure. ``atomic``: the function runs in one
    transaction with the mark that it is done, hence exactly once; on the embedded database that
    transaction keeps every other writer waiting, so a task that talks to the network says
    ``atomic=False``, opens its own transactions and bears being run twice. ``time_limit``: past it
    the worker is believed dead. ``on_failed(arguments, error)`` runs in the transaction that marks
    the failure. ``ValueError`` when the name is taken.
    """

    def declare(function: Callable[P, object]) -> TaskFunction[P]:
        declared = TaskFunction(
            function=function,
            name=name,
            queue=queue,
            priority=priority,
            max_attempts=max_attempts,
            backoff=backoff or exponential(),
            time_limit=time_limit,
            atomic=atomic,
            on_failed=on_failed,
        )
        known = _tasks.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"two tasks are called {name!r}")
        _tasks[name] = declared
        return declared

    return declare


def periodic(
    *,
    every: timedelta | None = None,
    at: str | None = None,
    weekday: int | None = None,
    day: int | None = None,
) -> Callable[[TaskFunction[P]], TaskFunction[P]]:
    """Give a task (without compulsory arguments) a rhythm: ``every`` interval, or ``at="03:00"``
    local time.

    ``weekday`` (0 is Monday) and ``day`` (1–28) narrow ``at``. A slot is run once, whatever the
    number of workers; slots missed while no worker ran are not caught up, except the latest.
    """
    if (every is None) == (at is None):
        raise ValueError("a rhythm is either every=… or at=…")

    def declare(declared: TaskFunction[P]) -> TaskFunction[P]:
        declared.check({})
        rhythm: Rhythm = (
            Every(every)
            if every is not None
            else Daily(at=time.fromisoformat(at or ""), weekday=weekday, day=day)
        )
        _rhythms[declared.name] = (declared, rhythm)
        return declared

    return declare


def find(name: str) -> TaskFunction[Any] | None:
    """The declared task of that name."""
    return _tasks.get(name)


def rhythms() -> Mapping[str, tuple[TaskFunction[Any], Rhythm]]:
    """Every periodic task."""
    return dict(_rhythms)


def queues() -> tuple[str, ...]:
    """Every queue that a declared task uses, ``default`` first."""
    return tuple(sorted({declared.queue for declared in _tasks.values()}, key=_default_first))


def _default_first(queue: str) -> tuple[bool, str]:
    return queue != "default", queue
