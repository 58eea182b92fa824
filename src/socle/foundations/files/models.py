"""Files people send. Bytes live in storage under a content address; this is the register."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StoredFile(models.Model):
    """One accepted upload. Never served before it is clean, never served inline unless an image."""

    class State(models.TextChoices):
        QUARANTINED = "quarantined", _("En cours de vérification")
        CLEAN = "clean", _("Vérifié")
        INFECTED = "infected", _("Refusé : contenu dangereux")
        REJECTED = "rejected", _("Refusé")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    storage_key = models.CharField(max_length=200)
    thumbnail_key = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUARANTINED)
    # What the antivirus found, in its own words.
    signature = models.CharField(max_length=200, blank=True)
    # Who may see it before it is attached: its uploader, or the holder of the draft it belongs to.
    owner = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="files"
    )
    claim = models.CharField(max_length=64, blank=True)
    # Set when attached to a case, so that unattached uploads can be swept.
    attached_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    # Where a photo was taken, (lon, lat) in degrees: told once by `actions.receive`, never stored.
    photo_position: tuple[float, float] | None = None

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(attached_at__isnull=True),
                name="file_unattached_idx",
            ),
            models.Index(
                fields=["claim", "created_at"],
                condition=~models.Q(claim=""),
                name="file_claim_idx",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(state="quarantined"),
                name="file_quarantined_idx",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_clean(self) -> bool:
        return self.state == self.State.CLEAN

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")
