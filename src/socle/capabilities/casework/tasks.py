"""Cases that move by themselves."""

from datetime import timedelta

from socle.capabilities.casework import actions
from socle.foundations.tasks import periodic, task

BATCH = 200


@task(name="casework.timer")
def timer(case_id: int) -> None:
    """Perform the transition of one case's timer, if it is still due."""
    actions.run_timer(case_id=case_id)


@periodic(every=timedelta(minutes=10))
@task(name="casework.timers")
def timers() -> None:
    """Queue the cases whose timer has run out, each on its own: a failure holds up no other."""
    for case_id, version in actions.due_timers(limit=BATCH):
        timer.enqueue(case_id=case_id, _key=f"casework.timer:{case_id}:{version}")
