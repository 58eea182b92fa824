"""The journal: append-only, hash-chained. Each organisation has its own chain."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NoReturn

from django.db import models


class AppendOnly(TypeError):
    """Somebody tried to change or remove an entry through the models: a programming error."""

    def __init__(self) -> None:
        super().__init__("the journal is append-only: an entry is never changed nor removed")


class Chain(models.Model):
    """The head of one chain; locked while an entry is appended."""

    name = models.CharField(max_length=100, unique=True)
    sequence = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.name


class EntryQuerySet(models.QuerySet["Entry"]):
    """Reads and inserts; whatever would rewrite history raises :class:`AppendOnly`."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_update(
        self, objs: Iterable[Entry], fields: Iterable[str], batch_size: int | None = None
    ) -> NoReturn:
        raise AppendOnly

    def bulk_create(
        self,
        objs: Iterable[Entry],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Entry]:
        if ignore_conflicts or update_conflicts:
            raise AppendOnly
        return super().bulk_create(objs, batch_size)


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

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="journal_sequence_unique")
        ]
        indexes = [models.Index(fields=["subject_type", "subject_id", "sequence"])]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only; raises :class:`AppendOnly` on a row that already exists."""
        if not self._state.adding:
            raise AppendOnly
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly
