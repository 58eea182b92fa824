"""Answers under way. A filed questionnaire lives in its case, not here."""

import uuid

from django.db import models
from django.utils import timezone


class Draft(models.Model):
    """A person's unfinished answers to one revision of a questionnaire.

    Belongs to a user, or to whoever holds `claim` (hash of a token kept in a signed cookie), so
    that a session that expires loses nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    definition = models.ForeignKey("packs.Revision", on_delete=models.PROTECT, related_name="+")
    service_key = models.CharField(max_length=100)
    owner = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="drafts"
    )
    claim = models.CharField(max_length=64, blank=True)
    answers = models.JSONField(default=dict)
    page = models.CharField(max_length=60, blank=True)
    # Who it is for when an agent helps at a counter or by phone.
    on_behalf = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    # The case it became; a second submit finds it and shows the same confirmation.
    case_reference = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-updated_at"]),
            models.Index(fields=["updated_at"]),
        ]
