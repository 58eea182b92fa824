"""Reads of the queue, for the desk and for health checks."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet

from socle.foundations.tasks.models import FAILED, READY, RUNNING, Task, Worker
from socle.kernel.clock import SYSTEM, Clock


def failed(*, before_id: int | None = None, limit: int = 50) -> list[Task]:
    """Failures, the newest first; ``before_id`` continues after the last one shown."""
    rows: QuerySet[Task] = Task.objects.filter(state=FAILED)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return list(rows.order_by("-pk")[:limit])


def failed_count(cap: int = 100) -> int:
    """How many failures there are, counted up to ``cap``."""
    return len(Task.objects.filter(state=FAILED).order_by().values_list("pk")[:cap])


def backlog(cap: int = 1000) -> int:
    """How many tasks wait for a worker now, counted up to ``cap``."""
    return len(Task.objects.filter(state=READY).order_by().values_list("pk")[:cap])


def counts() -> dict[str, int]:
    """How many tasks are ready, running and failed, by the value of ``Task.State``: for metrics."""
    return {
        state.value: Task.objects.filter(state=state).count() for state in (READY, RUNNING, FAILED)
    }


def oldest_ready_age(clock: Clock = SYSTEM) -> timedelta | None:
    """How long the oldest ready task has waited; None when nothing waits."""
    run_at = (
        Task.objects.filter(state=READY).order_by("run_at").values_list("run_at", flat=True)
    ).first()
    return None if run_at is None else max(clock.now() - run_at, timedelta())


def live_workers(within: timedelta = timedelta(minutes=1), clock: Clock = SYSTEM) -> list[Worker]:
    """Workers heard of lately."""
    return list(Worker.objects.filter(heartbeat_at__gte=clock.now() - within).order_by("name"))
