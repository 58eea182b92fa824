"""Cases. Current values sit on the row; every change is an event, and an entry in the journal."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PublicStatus(models.TextChoices):
    """What a state means to the person who asked, whatever it is called inside."""

    RECEIVED = "received", _("Reçue")
    IN_PROGRESS = "in_progress", _("En cours")
    WAITING = "waiting", _("En attente de votre réponse")
    PLANNED = "planned", _("Intervention prévue")
    RESOLVED = "resolved", _("Résolue")
    ACCEPTED = "accepted", _("Acceptée")
    REFUSED = "refused", _("Refusée")
    NOT_OURS = "not_ours", _("Hors compétence")
    CLOSED = "closed", _("Clôturée")
    CANCELLED = "cancelled", _("Annulée")


class Case(models.Model):
    """A request or a report under way."""

    class Kind(models.TextChoices):
        REQUEST = "request", _("Demande")
        REPORT = "report", _("Signalement")

    class Channel(models.TextChoices):
        WEB = "web", _("En ligne")
        MOBILE = "mobile", _("Application mobile")
        COUNTER = "counter", _("Guichet")
        PHONE = "phone", _("Téléphone")
        EMAIL = "email", _("Courriel")
        API = "api", _("Interface de programmation")
        IMPORT = "import", _("Reprise d’historique")

    reference = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    service_key = models.CharField(max_length=100)
    definition = models.ForeignKey("packs.Revision", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    category = models.CharField(max_length=80, blank=True)
    answers = models.JSONField(default=dict)

    state = models.CharField(max_length=60)
    public_status = models.CharField(max_length=12, choices=PublicStatus)
    is_open = models.BooleanField(default=True)
    # Bumped by every act; a writer that read an older version is told, nothing is overwritten.
    version = models.PositiveIntegerField(default=1)

    organisation = models.ForeignKey(
        "territories.Organisation", on_delete=models.PROTECT, related_name="cases"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="cases"
    )
    assignee = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned"
    )

    applicant = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="cases"
    )
    entity = models.ForeignKey(
        "accounts.LegalEntity", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    contact_name = models.CharField(max_length=200, blank=True)
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    # The agent who typed it for someone at a counter or by phone.
    filed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.WEB)

    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    cell = models.BigIntegerField(null=True, blank=True)
    address = models.CharField(max_length=300, blank=True)
    area_code = models.CharField(max_length=20, blank=True)

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    # SHA-256 of the private follow-up link's token.
    follow_hash = models.CharField(max_length=64, blank=True, db_index=True)
    idempotency_key = models.CharField(max_length=100, null=True, blank=True, unique=True)
    source = models.CharField(max_length=60, blank=True)
    source_id = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            # A historic import run twice adds nothing.
            models.UniqueConstraint(
                fields=["source", "source_id"],
                condition=~models.Q(source=""),
                name="case_source_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(lon__isnull=True, lat__isnull=True, cell__isnull=True)
                | models.Q(lon__isnull=False, lat__isnull=False, cell__isnull=False),
                name="case_location_whole",
            ),
        ]
        indexes = [
            # Desk inboxes: one organisation, open or not, newest first, keyset on (created_at, id).
            models.Index(
                fields=["organisation", "is_open", "-created_at", "-id"], name="case_inbox_idx"
            ),
            models.Index(
                fields=["team", "is_open", "-created_at", "-id"], name="case_team_idx"
            ),
            models.Index(
                fields=["assignee", "is_open", "-created_at", "-id"], name="case_assignee_idx"
            ),
            models.Index(fields=["applicant", "-created_at", "-id"], name="case_applicant_idx"),
            # Map tiles are ranges of cells.
            models.Index(
                fields=["cell", "category", "public_status", "created_at"], name="case_cell_idx"
            ),
            models.Index(
                fields=["cell", "category"],
                condition=models.Q(is_open=True),
                name="case_open_cell_idx",
            ),
            models.Index(fields=["due_at"], condition=models.Q(is_open=True), name="case_due_idx"),
        ]

    def __str__(self) -> str:
        return self.reference


class CaseEvent(models.Model):
    """What happened to a case. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_label = models.CharField(max_length=200, blank=True)
    public = models.BooleanField(default=False)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["case", "at", "id"])]


class Message(models.Model):
    """A message of the case's thread, or a private note between agents."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=200)
    from_agent = models.BooleanField(default=False)
    internal = models.BooleanField(default=False)
    body = models.TextField()
    created_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=100, null=True, blank=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["case", "created_at", "id"])]


class CaseDocument(models.Model):
    """A file attached to a case: evidence, a photo, a receipt, a decision."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="documents")
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="documents"
    )
    added_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    internal = models.BooleanField(default=False)
    created_at = models.DateTimeField()


class SavedFilter(models.Model):
    """A named inbox: the filter an agent or a team comes back to."""

    owner = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=80)
    query = models.JSONField(default=dict)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "id"]


class BulkOperation(models.Model):
    """An act on many cases at once, undoable while each case is as it left it."""

    actor = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)


class BulkItem(models.Model):
    """One case of a bulk operation: what it was, and the version the operation left."""

    operation = models.ForeignKey(BulkOperation, on_delete=models.CASCADE, related_name="items")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField(default=dict)
    version_after = models.PositiveIntegerField()
