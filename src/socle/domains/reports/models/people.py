"""Residents who want to know, and what they think of the answer."""

from django.db import models
from django.utils import timezone


class Alert(models.Model):
    """Tell me what is reported around here, or in this area, or about this."""

    user = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=5, default="fr")
    label = models.CharField(max_length=200)
    # A circle (metres) or an area; neither means the whole territory.
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    radius_m = models.PositiveIntegerField(null=True, blank=True)
    area_code = models.CharField(max_length=20, blank=True)
    # Empty: every category.
    categories = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # Everything reported before is told.
    told_until = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | ~models.Q(email=""),
                name="alert_reachable",
            )
        ]

    def __str__(self) -> str:
        return self.label


class Feedback(models.Model):
    """What the person thinks of how their report was treated. Asked once, answered once."""

    case = models.OneToOneField(
        "casework.Case", on_delete=models.CASCADE, primary_key=True, related_name="feedback"
    )
    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.CASCADE, related_name="+"
    )
    category = models.CharField(max_length=80)
    area_code = models.CharField(max_length=20, blank=True)
    # 1 (not at all satisfied) to 5.
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "at"], name="feedback_time_idx")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(score__gte=1, score__lte=5), name="feedback_score_range"
            )
        ]
