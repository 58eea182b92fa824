"""Applied packs and their immutable revisions."""

from django.db import models
from django.utils import timezone


class Revision(models.Model):
    """One version of one declaration, addressed by the hash of its content. Never updated."""

    section = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["section", "key", "digest"], name="revision_unique")
        ]

    def __str__(self) -> str:
        return f"{self.section}:{self.key}@{self.digest[:8]}"


class Current(models.Model):
    """Which revision of a declaration is in force; absent once the declaration is withdrawn."""

    pack = models.CharField(max_length=80)
    section = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["section", "key"], name="current_revision_unique")
        ]


class Application(models.Model):
    """One `packs apply` that changed something."""

    pack = models.CharField(max_length=80)
    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    applied_at = models.DateTimeField(default=timezone.now)
    summary = models.JSONField(default=dict)
