"""What reports do by themselves."""

from datetime import timedelta

from socle.domains.reports import alerts
from socle.foundations.tasks import periodic, task


@periodic(at="07:30")
@task(name="reports.alerts", time_limit=timedelta(hours=1), atomic=False)
def send_alerts() -> None:
    alerts.send_alerts()
