"""Files in the background: scanning, sweeping."""

from datetime import timedelta

from socle.foundations.files import actions
from socle.foundations.tasks import periodic, task


@task(name="files.scan", atomic=False, max_attempts=12)
def scan(file_id: str) -> None:
    actions.scan(file_id=file_id)


@periodic(every=timedelta(hours=1))
@task(name="files.rescan")
def rescan() -> None:
    actions.rescan_waiting()


@periodic(at="03:20")
@task(name="files.sweep", atomic=False, time_limit=timedelta(hours=1))
def sweep() -> None:
    actions.sweep_unattached()
