"""Running one claimed task: in its own transaction, once, with its outcome written down."""

from __future__ import annotations

import logging
from random import Random
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from socle.foundations.tasks import leases
from socle.foundations.tasks.leases import LeaseLost
from socle.foundations.tasks.models import Task
from socle.foundations.tasks.registry import GiveUp, RetryLater, TaskFunction, find
from socle.foundations.tasks.rules import describe
from socle.kernel.clock import Clock

logger = logging.getLogger(__name__)


def run(row: Task, owner: str, clock: Clock, dice: Random, *, reraise: bool = False) -> bool:
    """Run ``row``, which ``owner`` has claimed. True when it is done; False when it failed, waits
    again or was lost.

    ``reraise``: let the task's own exception through, for tests.
    """
    declared = find(row.name)
    if declared is None:
        leases.fail(row, owner, clock.now(), f"no task is called {row.name!r} in this version")
        return False
    try:
        with translation.override(settings.LANGUAGE_CODE):
            _call(declared, row, owner, clock)
    except LeaseLost:
        logger.warning("task %s %s was taken over meanwhile; undone here", row.name, row.pk)
        return False
    except RetryLater as later:
        leases.postpone(row, owner, clock.now() + later.delay, describe(later), counted=False)
        return False
    except (Exception, SystemExit) as error:
        _failed(declared, row, owner, clock, dice, error)
        if reraise:
            raise
        return False
    return True


def _call(declared: TaskFunction[Any], row: Task, owner: str, clock: Clock) -> None:
    if declared.atomic:
        # The work and the mark that it is done are one transaction: both or neither.
        with transaction.atomic():
            declared.function(**row.arguments)
            leases.finish(row, owner, clock.now())
    else:
        declared.function(**row.arguments)
        leases.finish(row, owner, clock.now())


def _failed(
    declared: TaskFunction[Any],
    row: Task,
    owner: str,
    clock: Clock,
    dice: Random,
    error: BaseException,
) -> None:
    text = describe(error)
    if isinstance(error, GiveUp) or row.attempts >= row.max_attempts:
        logger.error("task %s %s failed for good: %s", row.name, row.pk, type(error).__name__)
        leases.fail(row, owner, clock.now(), text)
        return
    wait = declared.backoff(row.attempts, dice)
    logger.warning(
        "task %s %s failed, attempt %s of %s: %s",
        row.name,
        row.pk,
        row.attempts,
        row.max_attempts,
        type(error).__name__,
    )
    leases.postpone(row, owner, clock.now() + wait, text, counted=True)
