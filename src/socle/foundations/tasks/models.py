"""Durable tasks: what must happen exactly once, later, even after a power cut."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Task(models.Model):
    """One unit of work. Leased by a worker; a lease that expires is taken over by another.

    WAITING tasks are not due yet; a worker makes them READY at `run_at`, so that taking the next
    ready one never walks past the future.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Programmée")
        READY = "ready", _("En attente")
        RUNNING = "running", _("En cours")
        DONE = "done", _("Terminée")
        FAILED = "failed", _("En échec")

    name = models.CharField(max_length=120)
    queue = models.CharField(max_length=40, default="default")
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.READY)
    priority = models.SmallIntegerField(default=0)
    run_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=8)
    # How many workers died while they held it: a task that kills its worker must not go on for
    # ever.
    crashes = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    # A second enqueue with the same key is a no-op: what can be retried is done once.
    key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["queue", "-priority", "run_at", "id"],
                condition=models.Q(state="ready"),
                name="task_ready_idx",
            ),
            models.Index(
                fields=["run_at"],
                condition=models.Q(state="waiting"),
                name="task_waiting_idx",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state="running"),
                name="task_lease_idx",
            ),
            # No index on the state alone: SQLite would prefer it to those above.
            models.Index(
                fields=["finished_at"], condition=models.Q(state="done"), name="task_done_idx"
            ),
            models.Index(fields=["id"], condition=models.Q(state="failed"), name="task_failed_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.name}#{self.pk}"


class InState(models.Value):
    """A state written into the SQL itself: with a bound parameter SQLite cannot tell that a partial
    index of that state will do, and reads the whole table.
    """

    def __init__(self, state: Task.State) -> None:
        super().__init__(state.value, output_field=models.CharField())

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.value}'", ()


WAITING, READY, RUNNING, DONE, FAILED = (InState(state) for state in Task.State)
"""For ``filter(state=READY)`` where the look-up must use the partial index."""


class Worker(models.Model):
    """A live worker and its last heartbeat."""

    name = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Schedule(models.Model):
    """The last slot of a periodic task that was enqueued."""

    name = models.CharField(max_length=120, unique=True)
    last_slot = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
