"""Organisations and areas. Contours are GeoJSON: point-in-area needs no database extension."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """A public body or partner that owns cases: the métropole, a commune, an operator."""

    class Kind(models.TextChoices):
        METROPOLE = "metropole", _("Métropole")
        COMMUNE = "commune", _("Commune")
        PARTNER = "partner", _("Partenaire")

    slug = models.SlugField(max_length=80, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)
    siren = models.CharField(max_length=9, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=30, blank=True)
    website = models.URLField(blank=True)
    postal_address = models.CharField(max_length=300, blank=True)
    opening_hours = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            # ProConnect authorises by SIREN: two active bodies with one SIREN would be ambiguous.
            models.UniqueConstraint(
                fields=["siren"],
                condition=models.Q(is_active=True) & ~models.Q(siren=""),
                name="organisation_siren_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    """A piece of the territory: a commune, a district, the whole. `code` is INSEE for communes."""

    class Kind(models.TextChoices):
        TERRITORY = "territory", _("Territoire")
        COMMUNE = "commune", _("Commune")
        DISTRICT = "district", _("Quartier")

    code = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="areas"
    )
    postal_codes = models.JSONField(default=list, blank=True)
    population = models.PositiveIntegerField(default=0)
    lon = models.FloatField()
    lat = models.FloatField()
    # Bounding box in degrees, tested before the contour.
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    contour = models.JSONField()
    attribution = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["kind", "name"])]

    def __str__(self) -> str:
        return self.name
