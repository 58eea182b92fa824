"""For tests: run what is queued, here and now."""

from __future__ import annotations

from random import Random

from socle.foundations.tasks import leases, runner
from socle.foundations.tasks.models import Task
from socle.kernel.clock import SYSTEM, Clock

_OWNER = "drain"


def drain(*, clock: Clock = SYSTEM, reraise: bool = True, limit: int = 1000) -> int:
    """Run every due task, and those they enqueue, in this thread; give how many ran.

    An exception of a task comes through unless ``reraise`` is false. ``AssertionError`` after
    ``limit`` tasks: they feed each other.
    """
    dice = Random(0)  # noqa: S311 - spreads retries, guards nothing
    for count in range(limit):
        leases.promote(clock.now())
        queues = list(
            Task.objects.filter(state=Task.State.READY)
            .order_by("queue")
            .values_list("queue", flat=True)
            .distinct()
        )
        row = leases.claim(queues, _OWNER, clock.now()) if queues else None
        if row is None:
            return count
        runner.run(row, _OWNER, clock, dice, reraise=reraise)
    raise AssertionError(f"more than {limit} tasks: they enqueue each other for ever")
