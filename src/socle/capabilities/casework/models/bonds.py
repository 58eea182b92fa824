"""What ties people, cases and incoming mail together."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from socle.capabilities.casework.models.cases import Case, Message


class Follower(models.Model):
    """Somebody, other than the applicant, who is told how a case goes on.

    With an account (`user`), or by an e-mail address that they confirmed from a letter. The token
    of that letter, which also ends the subscription, is derived from `nonce`; its SHA-256 is kept.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="followers")
    user = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=5, default="fr")
    nonce = models.CharField(max_length=32, blank=True)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # They were the applicant of this case, merged since into the one they now follow.
    applicant_of = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "user"],
                condition=models.Q(user__isnull=False),
                name="follower_user_unique",
            ),
            models.UniqueConstraint(
                fields=["case", "email"],
                condition=~models.Q(email=""),
                name="follower_email_unique",
            ),
            # Somebody can be told.
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | ~models.Q(email=""),
                name="follower_reachable",
            ),
        ]


class Merge(models.Model):
    """One case taken into another, and what moved: enough to take it apart again."""

    survivor = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    merged = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    # Ids of the messages, documents and followers that moved; the merged case's columns before.
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merged"],
                condition=models.Q(undone_at__isnull=True),
                name="merge_once_at_a_time",
            )
        ]


class InboundEmail(models.Model):
    """A message received by e-mail, and what became of it. Read twice, it is treated once."""

    class Outcome(models.TextChoices):
        THREADED = "threaded", _("Ajouté au dossier")
        OPENED = "opened", _("Nouveau dossier")
        IGNORED = "ignored", _("Ignoré")
        REFUSED = "refused", _("Refusé")

    # The Message-ID, or the SHA-256 of the whole message when it has none.
    key = models.CharField(max_length=250, unique=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    # Why it was ignored or refused: a code of the inbound rules.
    reason = models.CharField(max_length=60, blank=True)
    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-received_at"], name="inbound_recent_idx")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason}".strip()
