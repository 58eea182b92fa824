"""The journal: append-only, hash-chained. Each organisation has its own chain."""

from django.db import models


class Chain(models.Model):
    """The head of one chain; locked while an entry is appended."""

    name = models.CharField(max_length=100, unique=True)
    sequence = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64)


class Entry(models.Model):
    """One act. `hash` covers every field and the previous entry's hash."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="entries")
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    action = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True, blank=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="journal_sequence_unique")
        ]
        indexes = [models.Index(fields=["subject_type", "subject_id", "sequence"])]
