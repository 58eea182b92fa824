"""Historic imports. A report itself is a case."""

from django.db import models
from django.utils import timezone


class ImportRun(models.Model):
    """One run of a historic import: what came in and what was refused."""

    source = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    read = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
