"""Who holds a task: claiming, finishing, giving back. Every write is fenced by the owner of the
lease.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from socle.foundations.tasks.models import READY, RUNNING, WAITING, Task
from socle.foundations.tasks.registry import TaskFunction, find

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
MAX_CRASHES = 3


class LeaseLost(Exception):
    """Another worker took the task over meanwhile: whatever was done here must be undone."""


def skip_locked(rows: QuerySet[Task]) -> QuerySet[Task]:
    """Lock what is read, leaving out what another worker is taking (SQLite: the transaction holds
    the only write lock).
    """
    return rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)


def due(queues: Sequence[str], now: datetime) -> bool:
    """Whether there is anything to do: one query of three index look-ups, no lock."""
    ready = Task.objects.filter(state=READY, queue__in=queues)
    waiting = Task.objects.filter(state=WAITING, run_at__lte=now)
    expired = Task.objects.filter(state=RUNNING, lease_until__lt=now)
    # A union stops at the first row found; an OR of EXISTS would walk SQLite through the whole
    # table.
    found = (rows.order_by().values_list("pk") for rows in (ready, waiting, expired))
    return bool(next(found).union(*found, all=True)[:1])


def promote(now: datetime, limit: int = 500) -> int:
    """Make ready what has become due."""
    with transaction.atomic():
        rows = Task.objects.filter(state=WAITING, run_at__lte=now)
        ids = list(skip_locked(rows).order_by("run_at").values_list("pk", flat=True)[:limit])
        if not ids:
            return 0
        return Task.objects.filter(pk__in=ids).update(state=Task.State.READY)


def claim(
    queues: Sequence[str], owner: str, now: datetime, lease: timedelta = LEASE
) -> Task | None:
    """Take the next ready task, for ``lease``: queues in the order given, then
    priority, then age.
    """
    with transaction.atomic():
        for queue in queues:
            row = (
                skip_locked(Task.objects.filter(state=READY, queue=queue))
                .order_by("-priority", "run_at", "id")
                .first()
            )
            if row is not None:
                row.state = Task.State.RUNNING
                row.attempts += 1
                row.lease_owner = owner
                row.lease_until = now + lease
                row.save(update_fields=["state", "attempts", "lease_owner", "lease_until"])
                return row
    return None


def extend(held: Mapping[int, str], until: datetime) -> int:
    """Heartbeat: keep these leases (task id → owner). Gives how many still stand."""
    return (
        Task.objects.filter(
            pk__in=list(held), state=Task.State.RUNNING, lease_owner__in=list(held.values())
        )
        .order_by()
        .update(lease_until=until)
    )


def finish(row: Task, owner: str, now: datetime) -> None:
    """Mark done. Raises :class:`LeaseLost` when the lease is somebody else's by now."""
    updated = _held(owner, row.pk).update(
        state=Task.State.DONE, finished_at=now, lease_owner="", lease_until=None, last_error=""
    )
    if not updated:
        raise LeaseLost


def postpone(row: Task, owner: str, run_at: datetime, error: str, *, counted: bool) -> None:
    """Give back to run again at ``run_at``. A lost lease is left alone: its new holder decides."""
    _held(owner, row.pk).update(
        state=Task.State.WAITING,
        run_at=run_at,
        attempts=row.attempts if counted else max(row.attempts - 1, 0),
        lease_owner="",
        lease_until=None,
        last_error=error,
    )


def fail(row: Task, owner: str, now: datetime, error: str) -> bool:
    """Mark failed for good and tell the task's ``on_failed``. False when the lease was lost."""
    with transaction.atomic():
        updated = _held(owner, row.pk).update(
            state=Task.State.FAILED,
            finished_at=now,
            lease_owner="",
            lease_until=None,
            last_error=error,
        )
        if updated:
            _tell(row, error)
    return bool(updated)


def release(held: Mapping[int, str], now: datetime) -> int:
    """Give back what a worker that stops still holds (task id → owner); the attempt
    does not count.
    """
    released = 0
    with transaction.atomic():
        for row in skip_locked(Task.objects.filter(pk__in=list(held))).order_by("pk"):
            released += _held(held[row.pk], row.pk).update(
                state=Task.State.READY,
                attempts=max(row.attempts - 1, 0),
                run_at=now,
                lease_owner="",
                lease_until=None,
            )
    return released


def take_over(now: datetime, dice: Random, limit: int = 100) -> int:
    """Give back the tasks of dead workers; fail those that killed :data:`MAX_CRASHES` of them."""
    with transaction.atomic():
        expired = Task.objects.filter(state=RUNNING, lease_until__lt=now)
        rows = list(skip_locked(expired).order_by("lease_until")[:limit])
        for row in rows:
            row.crashes += 1
            declared = find(row.name)
            row.last_error = (
                f"the worker {row.lease_owner} stopped answering"
                f" (time {row.crashes} of {MAX_CRASHES})"
            )
            if row.crashes >= MAX_CRASHES or row.attempts >= row.max_attempts:
                row.state, row.finished_at = Task.State.FAILED, now
                _tell(row, row.last_error)
            else:
                row.state = Task.State.WAITING
                row.run_at = now + _wait(declared, row.crashes - 1, dice)
            row.lease_owner, row.lease_until = "", None
            row.save(
                update_fields=[
                    "state",
                    "run_at",
                    "crashes",
                    "last_error",
                    "lease_owner",
                    "lease_until",
                    "finished_at",
                ]
            )
    return len(rows)


def _wait(declared: TaskFunction[Any] | None, crashes: int, dice: Random) -> timedelta:
    """At once after the first crash (most often a restart), then with the task's own patience."""
    if crashes < 1 or declared is None:
        return timedelta()
    return declared.backoff(crashes, dice)


def _held(owner: str, task_id: int) -> QuerySet[Task]:
    return Task.objects.filter(pk=task_id, state=Task.State.RUNNING, lease_owner=owner).order_by()


def _tell(row: Task, error: str) -> None:
    declared = find(row.name)
    if declared is None or declared.on_failed is None:
        return
    try:
        with transaction.atomic():
            declared.on_failed(row.arguments, error)
    except Exception:
        # The failure itself must be written down: a clumsy listener would otherwise hold up others.
        logger.exception("the failure of task %s %s could not be told", row.name, row.pk)
