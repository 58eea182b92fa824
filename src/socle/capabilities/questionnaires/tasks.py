"""Forms nobody finished do not stay."""

from socle.capabilities.questionnaires import actions
from socle.foundations.tasks import periodic, task


@periodic(at="03:20")
@task(name="questionnaires.sweep")
def sweep() -> None:
    """Erase old drafts, once a night."""
    actions.sweep()
