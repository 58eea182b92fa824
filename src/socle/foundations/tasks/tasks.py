"""The queue's own housekeeping."""

from socle.foundations.tasks import actions
from socle.foundations.tasks.registry import periodic, task


@periodic(at="03:40")
@task(name="tasks.purge")
def purge() -> None:
    """Forget what was done more than thirty days ago."""
    actions.purge()
