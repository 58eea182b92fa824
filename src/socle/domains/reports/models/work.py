"""How the work is shared out and done: routing, interventions, hand-overs, absences."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RoutingRule(models.Model):
    """One line of an organisation's ordered table: when it holds, the report goes there.

    `condition` is a typed expression over the report (see `routing.NAMES`); `tree` its parsed
    form. A rule whose team or organisation is gone is passed over and `fault` says why.
    """

    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    condition = models.TextField()
    tree = models.JSONField(default=dict)
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Handed to another organisation, whose own rules are read next.
    target = models.ForeignKey(
        "territories.Organisation", null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+",
    )  # fmt: skip
    priority = models.PositiveSmallIntegerField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    fault = models.CharField(max_length=200, blank=True)
    from_pack = models.BooleanField(default=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["organisation_id", "position", "id"]
        indexes = [models.Index(fields=["organisation", "position"], name="routing_order_idx")]

    def __str__(self) -> str:
        return self.name


class Routed(models.Model):
    """Why a report is where it is: the rule that held, or the default, and what was at fault."""

    case = models.OneToOneField(
        "casework.Case", on_delete=models.CASCADE, primary_key=True, related_name="routed"
    )
    rule = models.ForeignKey(
        RoutingRule, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # The rule's name and condition as they were, the values it read, the rules passed over.
    explanation = models.JSONField(default=dict)
    fault = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["-at"], condition=~models.Q(fault=""), name="routed_fault_idx")
        ]


class Contractor(models.Model):
    """A company that works for an organisation, and how it is told."""

    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.CASCADE, related_name="contractors"
    )
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Intervention(models.Model):
    """A work order: one for several reports, or several for one."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Prévue")
        UNDER_WAY = "under_way", _("En cours")
        DONE = "done", _("Faite")
        CANCELLED = "cancelled", _("Annulée")

    reference = models.CharField(max_length=20, unique=True)
    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    title = models.CharField(max_length=200)
    instructions = models.TextField(blank=True)
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    contractor = models.ForeignKey(
        Contractor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    assignee = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    planned_for = models.DateField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    # What was done, minutes spent, parts used: [{"label": …, "quantity": n}, …].
    report = models.TextField(blank=True)
    minutes = models.PositiveIntegerField(null=True, blank=True)
    parts = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # A phone that was offline sends its act once.
    idempotency_key = models.CharField(max_length=100, null=True, blank=True, unique=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["organisation", "state", "planned_for", "id"],
                name="intervention_plan_idx",
            )
        ]
        constraints = [
            # A team or a company, never both, never nobody.
            models.CheckConstraint(
                condition=models.Q(team__isnull=False, contractor__isnull=True)
                | models.Q(team__isnull=True, contractor__isnull=False),
                name="intervention_one_hand",
            )
        ]

    def __str__(self) -> str:
        return self.reference


class InterventionCase(models.Model):
    """A report that an intervention is for."""

    intervention = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="cases")
    case = models.ForeignKey(
        "casework.Case", on_delete=models.CASCADE, related_name="interventions"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["intervention", "case"], name="intervention_case_unique"
            )
        ]


class FieldAct(models.Model):
    """An act sent by a phone, offline or not, and its answer: sent twice, it is done once."""

    key = models.CharField(max_length=100, unique=True)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    outcome = models.JSONField(default=dict)
    at = models.DateTimeField()


class ExternalBody(models.Model):
    """Somebody outside the platform who answers for a matter: an operator, another authority."""

    class Means(models.TextChoices):
        EMAIL = "email", _("Courriel")
        OPEN311 = "open311", _("Open311")
        WEBHOOK = "webhook", _("Appel HTTP")

    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.CASCADE, related_name="+"
    )
    key = models.SlugField(max_length=60)
    name = models.CharField(max_length=200)
    means = models.CharField(max_length=8, choices=Means)
    email = models.EmailField(blank=True)
    url = models.URLField(max_length=300, blank=True)
    jurisdiction = models.CharField(max_length=100, blank=True)
    # Name of the secret in the settings: secrets never lie in the database.
    secret_name = models.CharField(max_length=60, blank=True)
    # Our category → their service code.
    services = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="external_body_unique")
        ]

    def __str__(self) -> str:
        return self.name


class Handover(models.Model):
    """A report given to somebody outside, until they are done with it or give it back."""

    class State(models.TextChoices):
        QUEUED = "queued", _("En attente d’envoi")
        SENT = "sent", _("Envoyé")
        ACCEPTED = "accepted", _("Pris en charge")
        FAILED = "failed", _("Non transmis")
        RETURNED = "returned", _("Retourné")
        DONE = "done", _("Traité")

    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="handovers")
    body = models.ForeignKey(ExternalBody, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True)
    # Their reference, or the token they gave while they make one.
    external_id = models.CharField(max_length=200, blank=True)
    external_token = models.CharField(max_length=200, blank=True)
    external_status = models.CharField(max_length=60, blank=True)
    # The last update read from them.
    synced_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(ended_at__isnull=True),
                name="handover_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["body", "external_id"],
                condition=~models.Q(external_id=""),
                name="handover_external_unique",
            ),
        ]


class Absence(models.Model):
    """An agent away, days included, and who answers for them meanwhile."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.CASCADE, related_name="+"
    )
    begins = models.DateField()
    ends = models.DateField()
    cover = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["user", "begins"], name="absence_user_idx")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends__gte=models.F("begins")), name="absence_in_order"
            )
        ]
