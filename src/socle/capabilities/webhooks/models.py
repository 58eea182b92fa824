"""Programs that asked to be told, and what they were told."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Endpoint(models.Model):
    """An address that an organisation asked to be called at."""

    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.CASCADE, related_name="+"
    )
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    # Signs every call (Standard Webhooks): shown once, needed again for each call.
    secret = models.CharField(max_length=100)
    # Still signs, beside the new one, for a day after a rotation.
    previous_secret = models.CharField(max_length=100, blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    # Names of events; empty: all of them.
    events = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    # Set when it has refused everything for days: nothing more is sent until it is put back.
    suspended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class Delivery(models.Model):
    """One event for one endpoint: written with the act, sent by a task."""

    class State(models.TextChoices):
        QUEUED = "queued", _("En attente")
        DELIVERED = "delivered", _("Reçu")
        FAILED = "failed", _("Abandonné")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    # The same for every endpoint and every attempt: how the receiver knows a repetition.
    event_id = models.CharField(max_length=60)
    event = models.CharField(max_length=60)
    payload = models.JSONField()
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="delivery_unique")
        ]
        indexes = [models.Index(fields=["endpoint", "-id"], name="delivery_recent_idx")]
