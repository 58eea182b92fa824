"""Letters of the past were sent in the past: nothing is left for the worker to send."""

from __future__ import annotations

from django.db.models import F

from socle.capabilities.notifications.models import Email
from socle.foundations.tasks.models import Task


def settle() -> None:
    """Mark the demonstration's e-mails as sent on the day they were written, and drop their tasks."""
    Email.objects.filter(state=Email.State.QUEUED).update(
        state=Email.State.SENT, sent_at=F("created_at")
    )
    Task.objects.filter(state=Task.State.READY).delete()
