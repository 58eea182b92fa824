"""A worker: several threads that run tasks, one that keeps their leases, one that watches the queue
and the clock.
"""

from __future__ import annotations

import logging
import os
import secrets
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random
from types import FrameType
from typing import Any, TypeVar

from django.db import Error, close_old_connections, connections, reset_queries

from socle.foundations.tasks import leases, runner, signals
from socle.foundations.tasks.models import Task
from socle.foundations.tasks.models import Worker as WorkerRow
from socle.foundations.tasks.registry import find, queues
from socle.foundations.tasks.scheduling import Scheduler
from socle.kernel.clock import SYSTEM, Clock

T = TypeVar("T")
logger = logging.getLogger(__name__)

BUSY_PAUSE = 0.05
IDLE_PAUSE = 1.0
_AFTER_TROUBLE = 2.0


class Worker:
    """Runs tasks until told to stop.

    ``queues``: which, the most urgent first (default: all that are declared). ``threads``: tasks at
    a time. ``grace``: how long a stop waits for running tasks before giving them back. ``lease``:
    how long a silent worker is believed alive.
    """

    def __init__(
        self,
        *,
        queues: Sequence[str] | None = None,
        threads: int = 2,
        clock: Clock = SYSTEM,
        lease: timedelta = leases.LEASE,
        grace: timedelta = timedelta(seconds=30),
        name: str = "",
        seed: int | None = None,
    ) -> None:
        self.name = name or f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.threads = threads
        self.grace = grace
        self.lease = lease
        self.clock = clock
        self._queues = queues
        self._dice = Random(seed)  # noqa: S311 - spreads retries, guards nothing
        self._scheduler = Scheduler()
        self._bell = _Bell()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._running: dict[int, _Claim] = {}
        self._claims = 0
        self._idle = 0
        self._stopping = False
        self._ended = threading.Event()

    def run(self, *, handle_signals: bool = True) -> bool:
        """Work until :meth:`stop` or, from the main thread, SIGTERM or SIGINT (a second one no
        longer waits).

        True when everything under way was finished; False when some was given back: then leave the
        process at once, a thread may still be in it. Raises ``RuntimeError`` when every thread is
        stuck beyond its task's time limit.
        """
        restore = self._handle_signals() if handle_signals else ()
        signals.listen(self._bell.ring)
        executors = [
            threading.Thread(target=self._execute, name=f"task-{number}", daemon=True)
            for number in range(self.threads)
        ]
        heart = threading.Thread(target=self._beat, name="task-heartbeat", daemon=True)
        try:
            self._guarded(self._announce)
            for thread in (*executors, heart):
                thread.start()
            while not self._stopping:
                self._refuse_to_be_stuck()
                self._bell.wait(self._guarded(self._watch) or _AFTER_TROUBLE)
        finally:
            self._stopping = True
            finished = self._finish(executors)
            self._ended.set()
            heart.join(5)
            signals.forget(self._bell.ring)
            self._guarded(self._leave)
            for number, handler in restore:
                signal.signal(number, handler)
        return finished

    def stop(self) -> None:
        """Ask :meth:`run` to end; from any thread or signal handler."""
        self._stopping = True
        self._bell.ring()

    def run_once(self) -> bool:
        """Run the next due task in this thread. False when there was none."""
        now = self.clock.now()
        leases.take_over(now, self._dice)
        leases.promote(now)
        return self._run_next()

    def drain(self) -> int:
        """Run due tasks in this thread until none is left; give how many."""
        count = 0
        while self.run_once():
            count += 1
        return count

    # --- Watching: the thread that called run() ---

    def _watch(self) -> float:
        """Look at the clock and the queue; give the wait before the next look, in seconds."""
        close_old_connections()
        reset_queries()
        now = self.clock.now()
        self._scheduler.tick(now)
        with self._lock:
            idle = self._idle
        # With every executor busy, what is ready can wait: one of them rings when it is free.
        if not leases.due(self._served() if idle else (), now):
            return IDLE_PAUSE
        leases.take_over(now, self._dice)
        leases.promote(now)
        with self._work:
            self._work.notify_all()
        return BUSY_PAUSE

    def _served(self) -> Sequence[str]:
        return self._queues if self._queues is not None else queues()

    def _refuse_to_be_stuck(self) -> None:
        with self._lock:
            stuck = sum(claim.overdue() for claim in self._running.values())
        if stuck >= self.threads:
            self.grace = timedelta()
            raise RuntimeError("every thread of the worker is stuck in a task past its time limit")

    # --- Executing ---

    def _execute(self) -> None:
        try:
            while not self._stopping:
                while not self._stopping and self._guarded(self._run_next):
                    reset_queries()
                self._rest()
        finally:
            connections.close_all()

    def _rest(self) -> None:
        """Wait until the watching thread finds something."""
        with self._work:
            self._idle += 1
            self._bell.ring()
            if not self._stopping:
                self._work.wait()
            self._idle -= 1
        close_old_connections()

    def _run_next(self) -> bool:
        with self._lock:
            self._claims += 1
            owner = f"{self.name}#{self._claims}"
        row = leases.claim(self._served(), owner, self.clock.now(), self.lease)
        if row is None:
            return False
        declared = find(row.name)
        limit = declared.time_limit if declared else self.lease
        with self._lock:
            self._running[row.pk] = _Claim(row, owner, limit)
        try:
            runner.run(row, owner, self.clock, self._dice)
        finally:
            with self._lock:
                self._running.pop(row.pk, None)
        return True

    # --- Keeping leases ---

    def _beat(self) -> None:
        try:
            while not self._ended.wait(self.lease.total_seconds() / 4):
                self._guarded(self._extend)
        finally:
            connections.close_all()

    def _extend(self) -> None:
        with self._lock:
            held = {pk: claim.owner for pk, claim in self._running.items() if not claim.overdue()}
        now = self.clock.now()
        if held:
            leases.extend(held, now + self.lease)
        WorkerRow.objects.filter(name=self.name).update(heartbeat_at=now)

    def _announce(self) -> None:
        now = self.clock.now()
        WorkerRow.objects.filter(heartbeat_at__lt=now - timedelta(days=1)).delete()
        WorkerRow.objects.update_or_create(
            name=self.name, defaults={"started_at": now, "heartbeat_at": now}
        )

    # --- Stopping ---

    def _handle_signals(self) -> Sequence[tuple[int, Any]]:
        """Take SIGTERM and SIGINT over, in the main thread; give what they were."""
        if threading.current_thread() is not threading.main_thread():
            return ()
        return [
            (number, signal.signal(number, self._on_signal))
            for number in (signal.SIGTERM, signal.SIGINT)
        ]

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            self.grace = timedelta()
        self.stop()

    def _finish(self, executors: Sequence[threading.Thread]) -> bool:
        """Wait for running tasks within the grace period, then give back the others."""
        with self._work:
            self._work.notify_all()
        begun = time.monotonic()
        for executor in executors:
            while executor.is_alive():
                left = begun + self.grace.total_seconds() - time.monotonic()
                if left <= 0:
                    break
                executor.join(min(left, 0.2))
        with self._lock:
            held = {pk: claim.owner for pk, claim in self._running.items()}
        if held:
            logger.warning("stopping: %s task(s) given back unfinished", len(held))
            self._guarded(lambda: leases.release(held, self.clock.now()))
        return not held

    def _leave(self) -> None:
        WorkerRow.objects.filter(name=self.name).delete()

    def _guarded(self, call: Callable[[], T]) -> T | None:
        """``call()``, or None when the database is in trouble: a worker outlives its database's
        restarts.
        """
        try:
            return call()
        except Exception as error:
            if isinstance(error, Error):
                logger.error("the worker could not use the database: %s", type(error).__name__)
            else:
                logger.exception("the worker made a mistake")
            for connection in connections.all(initialized_only=True):
                with suppress(Exception):
                    connection.close()
            return None


class _Claim:
    """A task under way in this process."""

    def __init__(self, row: Task, owner: str, limit: timedelta) -> None:
        self.row = row
        self.owner = owner
        self._end = time.monotonic() + limit.total_seconds()

    def overdue(self) -> bool:
        """Past its time limit: its lease is no longer kept."""
        return time.monotonic() > self._end


class _Bell:
    """Wakes a waiting thread, from another thread or from a signal handler (which may take no
    lock): a pipe.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def ring(self) -> None:
        with suppress(BlockingIOError, OSError):
            os.write(self._write, b"!")

    def wait(self, seconds: float) -> None:
        """Until it rings, at most ``seconds``."""
        watch = select.poll()
        watch.register(self._read, select.POLLIN)
        if watch.poll(seconds * 1000):
            with suppress(BlockingIOError):
                while len(os.read(self._read, 4096)) == 4096:
                    pass

    def __del__(self) -> None:
        for end in (self._read, self._write):
            with suppress(OSError):
                os.close(end)


def run() -> None:
    """Run one worker in this process until it is told to stop; what ``socle worker`` does."""
    if not Worker().run():
        # A thread is still in a task that was given back: leave before it can do anything more.
        logging.shutdown()
        os._exit(0)
