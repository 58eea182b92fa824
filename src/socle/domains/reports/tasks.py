"""What reports do by themselves."""

import time
from datetime import timedelta

from socle.domains.reports import alerts, statistics
from socle.domains.reports.handovers import actions as handovers
from socle.domains.reports.handovers import queries as outside
from socle.domains.reports.public import counting, projecting
from socle.foundations.tasks import RetryLater, periodic, task
from socle.foundations.territories import queries as territories


@periodic(at="07:30")
@task(name="reports.alerts", time_limit=timedelta(hours=1), atomic=False)
def send_alerts() -> None:
    alerts.send_alerts()


@periodic(every=timedelta(minutes=1))
@task(name="reports.roll_up", atomic=False)
def roll_up() -> None:
    """Fold what changed on the map into its counts."""
    counting.roll_up()


@periodic(at="04:10")
@task(name="reports.sweep_counts")
def sweep_counts() -> None:
    """Forget the counts that came back to nothing."""
    counting.sweep()


@task(name="reports.refresh_categories", time_limit=timedelta(hours=1), atomic=False)
def refresh_categories() -> None:
    """Show and hide what another pack made public or private."""
    projecting.refresh_categories()


@task(name="reports.send_handover", max_attempts=3, atomic=False)
def send_handover(handover_id: int) -> None:
    """Send a hand-over; tried again for days, each wait longer than the last."""
    attempt = handovers.send(handover_id=handover_id)
    if attempt.wait is not None:
        raise RetryLater(attempt.wait, attempt.error)


@task(name="reports.sync_handover", max_attempts=1, atomic=False)
def sync_handover(handover_id: int) -> None:
    handovers.sync(handover_id=handover_id)


@periodic(every=timedelta(minutes=5))
@task(name="reports.sync_handovers")
def sync_handovers() -> None:
    """Ask every outside body for news, each hand-over on its own."""
    slot = int(time.time()) // 240
    for handover_id in outside.to_sync(240):
        sync_handover.enqueue(handover_id=handover_id, _key=f"handover-news:{handover_id}:{slot}")


@periodic(at="03:20")
@task(name="reports.count_all", time_limit=timedelta(hours=1), atomic=False)
def count_all() -> None:
    """Count the figures of the past again."""
    statistics.count_all()


@periodic(at="07:40", weekday=0)
@task(name="reports.digests")
def send_digests() -> None:
    """The week's figures, each organisation on its own."""
    for each in territories.organisations():
        send_digest.enqueue(organisation_id=each.pk)


@task(name="reports.digest")
def send_digest(organisation_id: int) -> None:
    statistics.send_digest(organisation_id=organisation_id)
