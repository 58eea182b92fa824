"""Periodic tasks: each slot is enqueued once, whatever the number of workers."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from socle.foundations.tasks.models import Schedule
from socle.foundations.tasks.registry import TaskFunction, rhythms


class Scheduler:
    """Knows which slots this worker has seen, so that it asks the database only when one begins."""

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}

    def tick(self, now: datetime) -> int:
        """Enqueue the periodic tasks whose slot has begun. Gives how many this worker enqueued."""
        enqueued = 0
        for name, (declared, rhythm) in rhythms().items():
            slot = rhythm.latest(now)
            if self._seen.get(name) != slot:
                enqueued += enqueue_slot(declared, slot)
                self._seen[name] = slot
        return enqueued


def enqueue_slot(declared: TaskFunction[...], slot: datetime) -> bool:
    """Enqueue one slot of a periodic task unless it was, or a later one. The first slot ever seen
    only starts the count.
    """
    with transaction.atomic():
        started = Schedule.objects.filter(name=declared.name, last_slot__lt=slot).update(
            last_slot=slot
        )
        if not started:
            Schedule.objects.bulk_create(
                [Schedule(name=declared.name, last_slot=slot)], ignore_conflicts=True
            )
            return False
        declared.enqueue(_key=f"periodic:{declared.name}:{slot.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        return True
