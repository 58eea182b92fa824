"""Durable tasks and outbox in the database: lease, heartbeat, attempts, schedule.

    @task(name="mail.send", atomic=False)
    def send(email_id: int) -> None: ...

    send.enqueue(email_id=email.pk)          # in the transaction of the act that causes it

    @periodic(at="03:00")
    @task(name="files.sweep")
    def sweep() -> None: ...

Tasks live in each room's ``tasks.py`` and are found by themselves. ``rules.py`` says when things
run, ``leases.py`` who holds what, ``runner.py`` runs one task, ``worker.py`` many.
"""

from socle.foundations.tasks.registry import GiveUp, RetryLater, TaskFunction, periodic, task

__all__ = ["GiveUp", "RetryLater", "TaskFunction", "periodic", "task"]
