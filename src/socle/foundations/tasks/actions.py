"""Writing to the queue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from socle.foundations.tasks.models import DONE, Task
from socle.foundations.tasks.registry import TaskFunction, find
from socle.foundations.tasks.signals import wake
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, NotFound


def enqueue(
    *,
    task: TaskFunction[Any] | str,
    arguments: Mapping[str, Any],
    key: str | None = None,
    run_at: datetime | None = None,
    priority: int | None = None,
    clock: Clock = SYSTEM,
) -> Task:
    """Write one task; see ``TaskFunction.enqueue``. ``task`` may be a name, for a room that may not
    import the function.
    """
    declared = find(task) if isinstance(task, str) else task
    if declared is None:
        raise ValueError(f"no task is called {task!r}")
    declared.check(arguments)
    now = clock.now()
    row = Task(
        name=declared.name,
        queue=declared.queue,
        arguments=dict(arguments),
        state=Task.State.WAITING if run_at and run_at > now else Task.State.READY,
        priority=declared.priority if priority is None else priority,
        run_at=run_at or now,
        max_attempts=declared.max_attempts,
        key=key,
        created_at=now,
    )
    if key is None:
        row.save(force_insert=True)
    else:
        # Not get_or_create: a conflict must neither break the caller's transaction nor race.
        Task.objects.bulk_create([row], ignore_conflicts=True)
        row = Task.objects.get(key=key)
    transaction.on_commit(wake, robust=True)
    return row


def retry(*, task_id: int, clock: Clock = SYSTEM) -> Task:
    """Give a failed task a new life, from its first attempt. ``NotFound``; ``Conflict`` when it is
    not failed (any more).

    The caller checks who may and journals it.
    """
    with transaction.atomic():
        row = Task.objects.select_for_update().filter(pk=task_id).first()
        if row is None:
            raise NotFound
        if row.state != Task.State.FAILED:
            raise Conflict
        row.state = Task.State.READY
        row.attempts = row.crashes = 0
        row.run_at = clock.now()
        row.finished_at = None
        row.save(update_fields=["state", "attempts", "crashes", "run_at", "finished_at"])
        transaction.on_commit(wake, robust=True)
    return row


def discard(*, task_id: int) -> None:
    """Remove a failed task that nobody will retry. ``NotFound``; ``Conflict`` when it is not failed
    (any more).
    """
    with transaction.atomic():
        row = Task.objects.select_for_update().filter(pk=task_id).first()
        if row is None:
            raise NotFound
        if row.state != Task.State.FAILED:
            raise Conflict
        row.delete()


def purge(*, older_than: timedelta = timedelta(days=30), clock: Clock = SYSTEM) -> int:
    """Forget tasks done long ago, 1,000 at a time; failures stay until somebody decides. Give how
    many went.
    """
    limit = clock.now() - older_than
    gone = 0
    while True:
        ids = list(
            Task.objects.filter(state=DONE, finished_at__lt=limit)
            .order_by("finished_at")
            .values_list("pk", flat=True)[:1000]
        )
        if not ids:
            return gone
        gone += Task.objects.filter(pk__in=ids).delete()[0]
