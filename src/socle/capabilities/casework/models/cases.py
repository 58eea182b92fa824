"""Cases. Current values sit on the row; every change is an event, and an entry in the journal."""

from __future__ import annotations

from typing import Any, NoReturn

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
    definition = models.ForeignKey(
        "packs.Revision", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    category = models.CharField(max_length=80, blank=True)
    answers = models.JSONField(default=dict)
    # Folded words of the reference, title, description, address and contact: what agents search.
    search_text = models.TextField(blank=True)

    state = models.CharField(max_length=60)
    public_status = models.CharField(max_length=12, choices=PublicStatus)
    is_open = models.BooleanField(default=True)
    # Bumped by every act; a writer that read an older version is told, nothing is overwritten.
    version = models.PositiveIntegerField(default=1)
    # The person wrote or sent something that no agent has answered yet.
    has_news = models.BooleanField(default=False)

    # The composite indexes below begin with most foreign keys: no second index for them.
    organisation = models.ForeignKey(
        "territories.Organisation",
        on_delete=models.PROTECT,
        related_name="cases",
        db_index=False,
    )
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="cases",
        db_index=False,
    )
    assignee = models.ForeignKey(
        "accounts.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="assigned",
        db_index=False,
    )

    applicant = models.ForeignKey(
        "accounts.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="cases",
        db_index=False,
    )
    entity = models.ForeignKey(
        "accounts.LegalEntity",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    contact_name = models.CharField(max_length=200, blank=True)
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    # The agent who typed it for someone at a counter or by phone.
    filed_by = models.ForeignKey(
        "accounts.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.WEB)
    # The language the person is written to in.
    language = models.CharField(max_length=5, default="fr")

    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    cell = models.BigIntegerField(null=True, blank=True)
    address = models.CharField(max_length=300, blank=True)
    area_code = models.CharField(max_length=20, blank=True)

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    # What was left of the deadline when the clock stopped, waiting for the person.
    due_left = models.DurationField(null=True, blank=True)
    # When managers are told that the deadline is near; empty once they were.
    warn_at = models.DateTimeField(null=True, blank=True)
    # When the workflow moves it on by itself (`Timer`), unless somebody acts before.
    timer_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Set once the person can no longer be told from the row.
    anonymised_at = models.DateTimeField(null=True, blank=True)

    # The private follow-up link: its token is derived from this nonce and the installation's
    # secret key, so that later letters can carry it; only its SHA-256 is stored.
    follow_nonce = models.CharField(max_length=32, blank=True)
    follow_hash = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=100, null=True, blank=True, unique=True)
    # A part of a larger matter, treated apart.
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        db_index=False,
    )
    # The case that took its people, photos and messages over; its reference still answers.
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged",
        db_index=False,
    )
    # 0 ordinary, 1 soon, 2 at once: what triage decided.
    priority = models.PositiveSmallIntegerField(default=0)
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
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True)
                | ~models.Q(merged_into=models.F("id")),
                name="case_not_merged_into_itself",
            ),
            # A closed case says when; an open one has no closing date.
            models.CheckConstraint(
                condition=models.Q(is_open=True, closed_at__isnull=True)
                | models.Q(is_open=False, closed_at__isnull=False),
                name="case_closed_dated",
            ),
        ]
        indexes = [
            # Desk inboxes: newest first, keyset on (created_at, id). One per way of looking in.
            models.Index(
                fields=["organisation", "is_open", "-created_at", "-id"], name="case_inbox_idx"
            ),
            # The organisation closes these two: scope is tested without reading the row.
            models.Index(
                fields=["team", "is_open", "-created_at", "-id", "organisation"],
                name="case_team_idx",
            ),
            models.Index(
                fields=["assignee", "is_open", "-created_at", "-id", "organisation"],
                name="case_assignee_idx",
            ),
            models.Index(
                fields=["organisation", "category", "is_open", "-created_at", "-id"],
                name="case_category_idx",
            ),
            models.Index(
                fields=["organisation", "public_status", "is_open", "-created_at", "-id"],
                name="case_status_idx",
            ),
            models.Index(
                fields=["organisation", "area_code", "is_open", "-created_at", "-id"],
                name="case_area_idx",
            ),
            models.Index(
                fields=["organisation", "is_open", "-created_at", "-id"],
                condition=models.Q(has_news=True),
                name="case_news_idx",
            ),
            models.Index(
                fields=["organisation", "due_at"],
                condition=models.Q(is_open=True, due_at__isnull=False),
                name="case_due_idx",
            ),
            models.Index(
                fields=["timer_at"],
                condition=models.Q(timer_at__isnull=False),
                name="case_timer_idx",
            ),
            models.Index(
                fields=["warn_at"],
                condition=models.Q(warn_at__isnull=False, due_at__isnull=False),
                name="case_warning_idx",
            ),
            # "My requests": a person's, and those of the entities they represent.
            models.Index(
                fields=["applicant", "-created_at", "-id"],
                condition=models.Q(applicant__isnull=False),
                name="case_applicant_idx",
            ),
            models.Index(
                fields=["entity", "-created_at", "-id"],
                condition=models.Q(entity__isnull=False),
                name="case_entity_idx",
            ),
            models.Index(
                fields=["parent"],
                condition=models.Q(parent__isnull=False),
                name="case_parent_idx",
            ),
            models.Index(
                fields=["merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="case_merged_idx",
            ),
            # Map tiles are ranges of cells.
            models.Index(
                fields=["cell", "category", "public_status", "created_at"], name="case_cell_idx"
            ),
            models.Index(
                fields=["cell", "category"],
                condition=models.Q(is_open=True),
                name="case_open_cell_idx",
            ),
        ]

    # The row of the reference that was asked for, when this is the case it was merged into.
    # See `queries.case_for_person`: never stored.
    seen_from: Case | None = None
    # Shown to somebody who is told of its progress, not to who filed it.
    seen_as_follower: bool = False

    def __str__(self) -> str:
        return self.reference

    @property
    def redirected_from(self) -> str:
        """The merged reference that led here; empty when this one was asked for."""
        return self.seen_from.reference if self.seen_from else ""


class AppendOnly(models.QuerySet[Any]):
    """Rows are added, never changed (`actions.anonymise` goes around, to erase names only)."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("the history of a case is append-only")

    def delete(self) -> NoReturn:
        raise TypeError("the history of a case is append-only")


class CaseEvent(models.Model):
    """What happened to a case. Append-only: one per act, numbered by the version it left."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events", db_index=False)
    version = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_kind = models.CharField(max_length=12, default="system")
    actor_label = models.CharField(max_length=200, blank=True)
    public = models.BooleanField(default=False)
    data = models.JSONField(default=dict)

    objects = AppendOnly.as_manager()

    class Meta:
        constraints = [
            # Two acts can never leave the same version: the database itself refuses a lost update.
            models.UniqueConstraint(fields=["case", "version"], name="case_event_version_unique")
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None and not self._state.adding:
            raise TypeError("the history of a case is append-only")
        super().save(*args, **kwargs)


class Message(models.Model):
    """A message of the case's thread, or a private note between agents."""

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
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

    def __str__(self) -> str:
        return f"message {self.pk}"


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
        constraints = [
            # A filter belongs to a person or to a team, never to both, never to nobody.
            models.CheckConstraint(
                condition=models.Q(owner__isnull=False, team__isnull=True)
                | models.Q(owner__isnull=True, team__isnull=False),
                name="saved_filter_one_owner",
            )
        ]

    def __str__(self) -> str:
        return self.name


class BulkOperation(models.Model):
    """An act on many cases at once, undoable while each case is as it left it."""

    actor = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)


class BulkItem(models.Model):
    """One case of a bulk operation: what it was, what came of it, the version it left."""

    class Outcome(models.TextChoices):
        DONE = "done", _("Fait")
        SKIPPED = "skipped", _("Ignoré")
        RESTORED = "restored", _("Rétabli")
        KEPT = "kept", _("Modifié depuis, laissé tel quel")

    operation = models.ForeignKey(BulkOperation, on_delete=models.CASCADE, related_name="items")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.DONE)
    # Why it was skipped: a code of `rules.Skip`.
    reason = models.CharField(max_length=40, blank=True)
    before = models.JSONField(default=dict)
    version_after = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operation", "case"], name="bulk_item_unique")
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason}".strip()
