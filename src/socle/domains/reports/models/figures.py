"""Figures of the past, counted once a night."""

from django.db import models


class ReportFigure(models.Model):
    """How many reports of an organisation, by day or by month, and how long they took.

    `by` "all" (a day each), "category", "area" or "team" (a month each, under its first day).
    `delays`: reports closed in the period, by slices of hours (`statistics.SLICES`).
    """

    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    by = models.CharField(max_length=8)
    key = models.CharField(max_length=80, blank=True, default="")
    day = models.DateField()
    opened = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    # Closed after their deadline.
    late = models.PositiveIntegerField(default=0)
    # Written as they happen: reports closed and open again.
    reopened = models.PositiveIntegerField(default=0)
    delays = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "by", "day", "key"], name="report_figure_unique"
            )
        ]
