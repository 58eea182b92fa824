"""What the interfaces for programs remember by themselves: answers already given, and how many
times a network without a key has written lately.
"""

from django.db import models


class Answered(models.Model):
    """The answer to a request that carried an idempotency key, written with the act itself.

    `key` is a keyed hash of who asked and of their key. `fingerprint` tells a repetition from
    another request under the same key.
    """

    key = models.CharField(max_length=64, unique=True)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(default=dict)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "answered"


class Window(models.Model):
    """A counter of writes in a window of time. `key` is a keyed hash: no address."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)
