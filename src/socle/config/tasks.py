"""What the house does by itself and no room may do alone: rooms below do not know each other."""

from socle.foundations.journal import actions as journal
from socle.foundations.tasks import periodic, task


@periodic(at="02:30")
@task(name="house.checkpoint", atomic=False)
def checkpoint() -> None:
    """Sign the heads of the journal's chains, outside the database."""
    journal.checkpoint()
