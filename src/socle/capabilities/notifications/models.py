"""Messages to people."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Notification(models.Model):
    """One thing a person is told inside the application."""

    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, related_name="notifications"
    )
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_feed_idx"),
            models.Index(
                fields=["user"], condition=models.Q(read_at__isnull=True), name="unread_idx"
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Email(models.Model):
    """An outgoing e-mail: written with the act that caused it, sent by a task, kept as proof."""

    class State(models.TextChoices):
        QUEUED = "queued", _("En attente")
        SENT = "sent", _("Envoyé")
        FAILED = "failed", _("Non envoyé")
        BOUNCED = "bounced", _("Rejeté par le destinataire")

    to = models.EmailField()
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    # Chosen once, the same on every attempt: a copy sent again after a crash can be told from
    # another message.
    message_id = models.CharField(max_length=200, unique=True)
    headers = models.JSONField(default=dict)
    attachments = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    # The recipient closed their account: address and content go as soon as it is sent.
    forget_once_sent = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["to", "-created_at"], name="email_recipient_idx"),
            models.Index(fields=["state", "-id"], name="email_state_idx"),
            models.Index(fields=["created_at"], name="email_age_idx"),
        ]

    def __str__(self) -> str:
        return self.message_id


class PushSubscription(models.Model):
    """A browser that asked to be told (RFC 8030), on behalf of an account or of one case.

    `topic` is "user:ID", or "case:ID" for somebody who follows one report without an account.
    """

    topic = models.CharField(max_length=60)
    endpoint = models.CharField(max_length=1000)
    endpoint_hash = models.CharField(max_length=64)
    # The browser's public key and secret (RFC 8291), base64url.
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=40)
    language = models.CharField(max_length=5, default="fr")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topic", "endpoint_hash"], name="push_unique")
        ]
