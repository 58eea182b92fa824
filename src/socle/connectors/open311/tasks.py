"""Telling other servers, one act at a time."""

from socle.connectors.open311 import telling
from socle.connectors.open311.sender import Open311Sender
from socle.foundations.tasks import task


@task(name="open311.tell", max_attempts=8, atomic=False)
def tell(handover_id: int, version: int) -> None:
    """Tell another server what one act said of a report it has."""
    telling.tell(handover_id=handover_id, version=version, sender=Open311Sender())
