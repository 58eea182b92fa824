"""Forgetting what the interfaces no longer need."""

from socle.foundations.tasks import periodic, task
from socle.sites.api.v1 import idempotency, limits


@periodic(at="03:50")
@task(name="api.sweep")
def sweep() -> None:
    idempotency.sweep()
    limits.sweep()
