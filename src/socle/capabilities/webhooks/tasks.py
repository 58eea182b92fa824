"""Sending what was written, and forgetting what is old."""

from datetime import timedelta

from socle.capabilities.webhooks import actions
from socle.foundations.tasks import RetryLater, periodic, task


@task(name="webhooks.deliver", queue="webhooks", atomic=False, time_limit=timedelta(minutes=5))
def deliver(delivery_id: int) -> None:
    wait = actions.deliver(delivery_id=delivery_id)
    if wait is not None:
        raise RetryLater(wait, "not received")


@periodic(at="03:40")
@task(name="webhooks.purge", time_limit=timedelta(hours=1))
def purge() -> None:
    actions.purge()
