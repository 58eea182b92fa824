"""People and the hats they wear. A resident may also be an agent, or represent a company."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail, normalised to lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """One person, known by one e-mail address."""

    email = models.EmailField(_("adresse électronique"), unique=True)
    given_names = models.CharField(_("prénoms"), max_length=150, blank=True)
    family_name = models.CharField(_("nom de naissance"), max_length=150, blank=True)
    preferred_name = models.CharField(_("nom d’usage"), max_length=150, blank=True)
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    address = models.CharField(_("adresse"), max_length=300, blank=True)
    address_lon = models.FloatField(null=True, blank=True)
    address_lat = models.FloatField(null=True, blank=True)
    area_code = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=5, default="fr")
    email_notifications = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    # Administers the platform itself; roles inside an organisation are memberships.
    is_administrator = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    # Set once, when the account was closed and everything that named the person was erased.
    closed_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name people see; falls back to the part of the e-mail before the @."""
        if self.closed_at is not None:
            return str(_("Compte fermé"))
        name = f"{self.given_names} {self.preferred_name or self.family_name}".strip()
        return name or self.email.partition("@")[0]


class ExternalIdentity(models.Model):
    """The same person as an identity provider knows them.

    `subject` is the provider's stable identifier (pairwise for FranceConnect, per organisation's
    own provider for ProConnect); never an e-mail address, which changes hands.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    provider = models.SlugField(max_length=20)
    subject = models.CharField(max_length=255)
    acr = models.CharField(max_length=60, blank=True)
    linked_at = models.DateTimeField()
    last_login_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "external identities"
        constraints = [
            # One identity opens one account.
            models.UniqueConstraint(fields=["provider", "subject"], name="external_identity_unique")
        ]


class Team(models.Model):
    """A group of agents of one organisation with its own inbox."""

    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.PROTECT, related_name="teams"
    )
    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "slug"], name="team_slug_unique")
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """An agent's role in an organisation."""

    class Role(models.TextChoices):
        AGENT = "agent", _("Agent")
        COUNTER = "counter", _("Agent d’accueil")
        MANAGER = "manager", _("Responsable")
        ADMINISTRATOR = "administrator", _("Administrateur")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=16, choices=Role, default=Role.AGENT)
    teams = models.ManyToManyField(Team, blank=True, related_name="memberships")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="membership_unique")
        ]


class Admission(models.Model):
    """How an organisation lets its agents in: without a row, only an administrator adds members."""

    organisation = models.OneToOneField(
        "territories.Organisation", on_delete=models.CASCADE, related_name="admission"
    )
    # An agent of this organisation, vouched for by ProConnect, becomes a member at first login.
    by_proconnect = models.BooleanField(default=False)


class LegalEntity(models.Model):
    """A company or an association. SIRET and RNA are strings: leading zeros matter."""

    class Kind(models.TextChoices):
        COMPANY = "company", _("Entreprise")
        ASSOCIATION = "association", _("Association")

    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)
    siret = models.CharField(max_length=14, blank=True)
    rna = models.CharField(max_length=10, blank=True)
    address = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "legal entities"
        constraints = [
            models.UniqueConstraint(
                fields=["siret"], condition=~models.Q(siret=""), name="legal_entity_siret_unique"
            ),
            models.UniqueConstraint(
                fields=["rna"], condition=~models.Q(rna=""), name="legal_entity_rna_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Representation(models.Model):
    """A user acts for a legal entity. Unverified until an agent or a provider confirms it.

    A declined claim is kept, with its date, so that it is not asked again and again.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="representations")
    entity = models.ForeignKey(
        LegalEntity, on_delete=models.CASCADE, related_name="representations"
    )
    capacity = models.CharField(max_length=100, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "entity"], name="representation_unique"),
            models.CheckConstraint(
                condition=models.Q(verified_at__isnull=True) | models.Q(declined_at__isnull=True),
                name="representation_one_answer",
            ),
        ]


class Consent(models.Model):
    """A choice about one purpose, kept with its dates; withdrawing adds a date, never deletes."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=60)
    wording_version = models.CharField(max_length=20, default="1")
    granted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "purpose"])]
        constraints = [
            # At most one choice in force per purpose: granting twice changes nothing.
            models.UniqueConstraint(
                fields=["user", "purpose"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="consent_in_force_unique",
            )
        ]


class ApiKey(models.Model):
    """A program that acts for an organisation. The key is shown once; its SHA-256 is kept."""

    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=120)
    # The first characters, to tell one from another on a screen.
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    # What it may do: names of `accounts.rules.API_SCOPES`.
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.prefix
