"""Messages in the background."""

from datetime import timedelta

from socle.capabilities.notifications import actions, delivery
from socle.capabilities.notifications import push as pushing
from socle.foundations.tasks import periodic, task
from socle.foundations.tasks.rules import exponential


@task(
    name="notifications.send",
    queue="mail",
    atomic=False,
    max_attempts=12,
    backoff=exponential(first=timedelta(seconds=15), cap=timedelta(hours=4)),
    time_limit=timedelta(minutes=3),
    on_failed=delivery.failed,
)
def send(email_id: int) -> None:
    delivery.deliver(email_id=email_id)


@task(
    name="notifications.push",
    queue="mail",
    atomic=False,
    max_attempts=8,
    backoff=exponential(first=timedelta(seconds=15), cap=timedelta(hours=2)),
    time_limit=timedelta(minutes=2),
)
def push(subscription_id: int, source: str, source_id: int) -> None:
    pushing.deliver(subscription_id=subscription_id, source=source, source_id=source_id)


@periodic(at="03:50")
@task(name="notifications.purge", time_limit=timedelta(hours=1), atomic=False)
def purge() -> None:
    actions.purge()
