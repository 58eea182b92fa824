"""Public services in force, as rows. The declaration itself is a pack revision."""

from django.db import models


class PublicService(models.Model):
    """A service as a resident meets it (CPSV-AP *Public Service*)."""

    key = models.SlugField(max_length=100, unique=True)
    revision = models.ForeignKey("packs.Revision", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=400)
    icon = models.CharField(max_length=40, default="file-text")
    theme = models.SlugField(max_length=60)
    # Lists of keys, small and read whole: audiences, life events, channels, area codes.
    audiences = models.JSONField(default=list)
    life_events = models.JSONField(default=list)
    areas = models.JSONField(default=list)
    # What the button does: "procedure", "report", "link" or "information".
    action = models.CharField(max_length=16, default="information")
    action_url = models.CharField(max_length=400, blank=True)
    featured = models.PositiveSmallIntegerField(default=0)
    # The declaration in the file's own names; `pack.ServiceDeclaration` reads it back.
    content = models.JSONField(default=dict)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["title"]
        indexes = [models.Index(fields=["is_active", "theme"])]

    def __str__(self) -> str:
        return self.title
