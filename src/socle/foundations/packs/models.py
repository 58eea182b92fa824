"""Applied packs and their immutable revisions."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone


class Immutable(RuntimeError):
    """Something tried to change or delete a stored revision: a programming error."""


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Revisions can be read and added, nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise Immutable("a revision is never changed")

    def delete(self) -> NoReturn:
        raise Immutable("a revision is never deleted")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Immutable("a revision is never changed")

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts"):
            raise Immutable("a revision is never changed")
        return super().bulk_create(*args, **kwargs)


class Revision(models.Model):
    """One version of one declaration, addressed by the hash of its content. Never updated."""

    section = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = models.Manager.from_queryset(RevisionQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["section", "key", "digest"], name="revision_unique")
        ]

    def __str__(self) -> str:
        return f"{self.section}:{self.key}@{self.digest[:8]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new revision. Raises `Immutable` for one that is stored already."""
        if not self._state.adding:
            raise Immutable("a revision is never changed")
        # An explicit primary key must not turn the insert into an update.
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Immutable("a revision is never deleted")


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

    def __str__(self) -> str:
        return f"{self.section}:{self.key}"


class Head(models.Model):
    """The one row that says which pack is in force. Applications lock it, so they come one by one.

    `stamp` is new at each application that changes something: what processes keep in memory is
    compared with it.
    """

    ONLY = 1

    pack = models.CharField(max_length=80, blank=True)
    version = models.CharField(max_length=40, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    stamp = models.CharField(max_length=32, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="pack_head_is_one_row")
        ]


class Application(models.Model):
    """One `packs apply` that changed something."""

    pack = models.CharField(max_length=80)
    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    applied_at = models.DateTimeField(default=timezone.now)
    summary = models.JSONField(default=dict)
