"""What everybody may see of a report, and the counts that maps are drawn from."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PublicReport(models.Model):
    """The public face of a report: a narrow row, kept in step with its case in one transaction.

    It holds nothing about who sent it. Maps, lists, feeds and open data read this table only.
    """

    class Moderation(models.TextChoices):
        PENDING = "pending", _("À relire")
        SHOWN = "shown", _("Visible")
        PLACE_ONLY = "place_only", _("Sans texte ni photo")
        HIDDEN = "hidden", _("Masqué")

    # The case's own id.
    case = models.OneToOneField(
        "casework.Case", on_delete=models.CASCADE, primary_key=True, related_name="public_report"
    )
    reference = models.CharField(max_length=20, unique=True)
    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    area_code = models.CharField(max_length=20, blank=True)
    category = models.CharField(max_length=80)
    status = models.CharField(max_length=12)
    is_open = models.BooleanField(default=True)
    # On the map and in lists: not hidden, not merged, its category public, located.
    visible = models.BooleanField(default=True)
    moderation = models.CharField(max_length=10, choices=Moderation, default=Moderation.PENDING)
    # What the person wrote, once an agent let it through, maybe without a name or a number.
    text = models.TextField(blank=True)
    lon = models.FloatField()
    lat = models.FloatField()
    cell = models.BigIntegerField()
    address = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    followers = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            # Tiles and small boxes: one range of cells answers without reading the row.
            models.Index(
                fields=["cell", "category", "status", "organisation", "case"],
                condition=models.Q(visible=True),
                name="public_cell_idx",
            ),
            # Feeds: newest first.
            models.Index(
                fields=["-created_at", "-case", "cell"],
                condition=models.Q(visible=True),
                name="public_feed_idx",
            ),
            models.Index(
                fields=["category", "-created_at", "-case", "cell"],
                condition=models.Q(visible=True),
                name="public_category_idx",
            ),
            models.Index(
                fields=["status", "-created_at", "-case", "cell"],
                condition=models.Q(visible=True),
                name="public_status_idx",
            ),
            models.Index(
                fields=["organisation", "-created_at", "-case", "cell"],
                condition=models.Q(visible=True),
                name="public_organisation_idx",
            ),
            models.Index(
                fields=["-updated_at", "-case"],
                condition=models.Q(visible=True),
                name="public_updated_idx",
            ),
            models.Index(
                fields=["organisation", "created_at"],
                condition=models.Q(moderation="pending"),
                name="public_pending_idx",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class PublicPhoto(models.Model):
    """A photo of a report that everybody may see; an agent may have blurred faces and plates."""

    report = models.ForeignKey(PublicReport, on_delete=models.CASCADE, related_name="photos")
    document = models.OneToOneField(
        "casework.CaseDocument", on_delete=models.CASCADE, related_name="+"
    )
    # What is shown: the blurred copy, else nothing until an agent lets the original through.
    shown = models.ForeignKey(
        "files.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Rectangles blurred, in fractions of the width and height: [[x, y, width, height], …].
    blurred = models.JSONField(default=list)
    moderated_at = models.DateTimeField(null=True, blank=True)
    moderated_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )


class ReportCount(models.Model):
    """How many visible reports lie in a cell of the map, by what they are.

    `organisation` 0, `category` "" and `status` "" mean all of them. `key` is the cell shifted to
    `level`. Sums of longitudes and latitudes are whole millionths of a degree, so that taking
    away gives back exactly what was added. Counts lag behind until `ReportDelta` is rolled up:
    readers add both.
    """

    level = models.PositiveSmallIntegerField()
    organisation = models.BigIntegerField(default=0)
    category = models.CharField(max_length=80, blank=True, default="")
    status = models.CharField(max_length=12, blank=True, default="")
    key = models.BigIntegerField()
    n = models.IntegerField()
    sum_lon = models.BigIntegerField()
    sum_lat = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "organisation", "category", "status", "key"],
                name="report_count_unique",
            )
        ]


class ReportDelta(models.Model):
    """A change of the counts not yet rolled up: written with the act, never updated."""

    cell = models.BigIntegerField()
    organisation = models.BigIntegerField()
    category = models.CharField(max_length=80)
    status = models.CharField(max_length=12)
    n = models.SmallIntegerField()
    lon = models.BigIntegerField()
    lat = models.BigIntegerField()
