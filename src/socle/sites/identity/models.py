"""What this site remembers by itself: how many attempts were made lately."""

from django.db import models


class Attempts(models.Model):
    """A counter of attempts in a window of time.

    In a table of its own rather than in the cache: a cache forgets when it is full, and whoever
    guesses passwords is precisely the one who can fill it. `key` is a keyed hash: no address, no
    e-mail.
    """

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "attempts"
