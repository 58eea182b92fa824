"""Answers under way. A filed questionnaire lives in its case, not here."""

import uuid

from django.db import models
from django.utils import timezone


class Draft(models.Model):
    """A person's unfinished answers to one revision of a questionnaire.

    It belongs to a user, or to the browser that holds the token whose hash is `claim` (a signed
    cookie that outlives sessions), so that a session that expires loses nothing. When an agent
    fills it in for someone at a counter or by phone, `helper` is the agent and `contact` the
    person.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    definition = models.ForeignKey("packs.Revision", on_delete=models.PROTECT, related_name="+")
    service_key = models.CharField(max_length=100)
    owner = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="drafts"
    )
    helper = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    claim = models.CharField(max_length=64, blank=True)
    answers = models.JSONField(default=dict)
    # name, email, phone, entity_id, channel: who the request is for.
    contact = models.JSONField(default=dict, blank=True)
    # Pages that a change of the questionnaire asks the person to look at again.
    review = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    # The case it became; a second submit finds it and shows the same confirmation.
    case_reference = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-updated_at"]),
            models.Index(
                fields=["claim", "-updated_at"],
                condition=~models.Q(claim=""),
                name="draft_claim_idx",
            ),
            models.Index(fields=["updated_at"]),
        ]
