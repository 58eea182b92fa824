"""Cases that move by themselves."""

from datetime import timedelta

from socle.capabilities.casework import actions, inbound
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


@task(name="casework.anonymise")
def anonymise(case_id: int) -> None:
    """Erase who one case was about, if it is still kept for too long."""
    actions.anonymise_if_due(case_id=case_id)


@periodic(at="02:30")
@task(name="casework.retention")
def retention(after: int = 0) -> None:
    """Queue the closed cases kept for as long as their workflow says, each on its own; the rest of
    a long list goes to another run.
    """
    found = actions.due_for_oblivion(after=after, limit=BATCH)
    for case_id, version in found:
        anonymise.enqueue(case_id=case_id, _key=f"casework.anonymise:{case_id}:{version}")
    if len(found) == BATCH:
        retention.enqueue(after=found[-1][0])


@task(name="casework.tell_followers")
def tell_followers(case_id: int, version: int, after: int = 0) -> None:
    """Write to those who follow a case, so many at a time."""
    last = actions.tell_followers(case_id=case_id, version=version, after=after)
    if last:
        tell_followers.enqueue(
            case_id=case_id,
            version=version,
            after=last,
            _key=f"casework.tell:{case_id}:{version}:{last}",
        )


@task(name="casework.warn")
def warn(case_id: int) -> None:
    """Tell those in charge of one case that its deadline is near, if it still is."""
    actions.warn(case_id=case_id)


@periodic(every=timedelta(minutes=10))
@task(name="casework.warnings")
def warnings() -> None:
    """Queue the cases whose deadline is near, each on its own."""
    for case_id, version in actions.due_warnings(limit=BATCH):
        warn.enqueue(case_id=case_id, _key=f"casework.warn:{case_id}:{version}")


@periodic(every=timedelta(minutes=1))
@task(name="casework.mail", atomic=False)
def mail() -> None:
    """Treat the messages that wait in the mailbox."""
    inbound.poll()
