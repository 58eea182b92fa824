"""Messages to browsers (Web Push: RFC 8030, 8291, 8292).

A browser that asked to be told holds a subscription to a topic: ``user:ID``, what an account is
notified of; ``case:ID``, one case followed by its private link. A task per subscription encrypts
the message for that browser alone and hands it to the browser's push service. What a message says
is read when it leaves, from its source: tasks hold ids, never words nor private links.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from socle.capabilities.notifications import registry, vapid
from socle.capabilities.notifications.models import Notification, PushSubscription
from socle.capabilities.notifications.registry import Pushed
from socle.capabilities.notifications.rules import shortened
from socle.foundations.tasks import GiveUp
from socle.kernel import outgoing
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid, Unavailable

DEVICES = 20
"""Browsers that one topic may have: the oldest make room."""
_KEPT_SECONDS = 2 * 24 * 3600
_POINT, _SECRET = 65, 16
# Services take 4096 bytes, encryption included; half of it is more than a screen shows.
_BODY = 400


def user_topic(user_id: int) -> str:
    """The topic of what an account is notified of."""
    return f"user:{user_id}"


def case_topic(case_id: int) -> str:
    """The topic of one case."""
    return f"case:{case_id}"


def public_key() -> str:
    """What a browser needs to subscribe."""
    return vapid.public_key()


@transaction.atomic
def subscribe(
    *, topic: str, endpoint: str, p256dh: str, auth: str, language: str, clock: Clock = SYSTEM
) -> PushSubscription:
    """Tell this browser about a topic; again changes nothing. The caller's policy decides who may.

    `endpoint`: address at the browser's push service. `p256dh`, `auth`: its public key and secret,
    base64url. Raises Invalid when they are not that.
    """
    wrong = Invalid(_("Cet appareil n’a pas donné de quoi le prévenir."), code="push-subscription")
    try:
        point = vapid.from_base64url(p256dh)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        secret = vapid.from_base64url(auth)
        outgoing.check(endpoint, _policy())
    except (ValueError, outgoing.Forbidden):
        raise wrong from None
    if len(point) != _POINT or len(secret) != _SECRET or len(endpoint) > 1000:
        raise wrong
    row, _created = PushSubscription.objects.update_or_create(
        topic=topic,
        endpoint_hash=_hash(endpoint),
        defaults={
            "endpoint": endpoint,
            "p256dh": p256dh,
            "auth": auth,
            "language": language[:5],
            "created_at": clock.now(),
        },
    )
    rows = PushSubscription.objects.filter(topic=topic).order_by("-created_at", "-pk")
    extra = list(rows.values_list("pk", flat=True)[DEVICES:])
    PushSubscription.objects.filter(pk__in=extra).delete()
    return row


def unsubscribe(*, endpoint: str, topic: str = "", accounts: bool = False) -> int:
    """Tell a browser no more: of one topic, of any account (`accounts`), of anything.

    Whoever knows an endpoint may silence it: only its browser and its service do.
    """
    rows = PushSubscription.objects.filter(endpoint_hash=_hash(endpoint))
    if accounts:
        rows = rows.filter(topic__startswith="user:")
    elif topic:
        rows = rows.filter(topic=topic)
    return rows.delete()[0]


def forget_topic(topic: str) -> None:
    """Nobody hears of it any more."""
    PushSubscription.objects.filter(topic=topic).delete()


def push(
    *, topic: str, source: str, source_id: int, key: str, but_topics: Iterable[str] = ()
) -> int:
    """Queue a message for the browsers of a topic, in the current transaction. Give how many.

    `source`, `source_id`: where its words are read when it leaves (`registry.push_source`). `key`:
    a second call with the same key sends nothing. `but_topics`: browsers that hear of these are
    told already.
    """
    from socle.capabilities.notifications.tasks import push as deliver_later

    rows = PushSubscription.objects.filter(topic=topic)
    told = PushSubscription.objects.filter(topic__in=list(but_topics)).values("endpoint_hash")
    count = 0
    for pk in rows.exclude(endpoint_hash__in=told).order_by("pk").values_list("pk", flat=True):
        deliver_later.enqueue(
            subscription_id=pk, source=source, source_id=source_id, _key=f"push:{key}:{pk}"
        )
        count += 1
    return count


def deliver(*, subscription_id: int, source: str, source_id: int, clock: Clock = SYSTEM) -> None:
    """Hand one message to one push service; nothing when either is gone.

    A service that says the browser is gone (404, 410) ends the subscription, one that holds us for
    somebody else too (403: another key). Raises Unavailable when trying later may help, GiveUp when
    the service refuses for good.
    """
    row = PushSubscription.objects.filter(pk=subscription_id).first()
    read = registry.push_source_of(source)
    if row is None or read is None:
        return
    with translation.override(row.language):
        message = read(source_id)
    if message is None:
        return
    try:
        answer = outgoing.fetch(
            row.endpoint,
            policy=_policy(),
            method="POST",
            content=encrypted(message, row),
            headers={
                "Authorization": vapid.authorization(row.endpoint, clock=clock),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(_KEPT_SECONDS),
                "Urgency": "normal",
                # A later word about the same thing replaces one not delivered yet.
                "Topic": vapid.base64url(hashlib.sha256(message.tag.encode()).digest())[:32],
            },
        )
    except outgoing.Forbidden as error:
        row.delete()
        raise GiveUp(str(error)) from error
    if answer.status in (403, 404, 410):
        row.delete()
    elif answer.status == 429 or answer.status >= 500:
        raise Unavailable(code="push-service")
    elif not 200 <= answer.status < 300:
        raise GiveUp(f"push service: {answer.status}")


def encrypted(message: Pushed, row: PushSubscription) -> bytes:
    """A message that only one browser can read (RFC 8291): a key pair and a salt for it alone."""
    text = json.dumps(
        {
            "title": shortened(message.title, 120),
            "body": shortened(message.body, _BODY),
            "url": message.url,
            "tag": message.tag,
            "lang": row.language,
        },
        ensure_ascii=False,
    )
    return bytes(
        http_ece.encrypt(
            text.encode(),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=vapid.from_base64url(row.p256dh),
            auth_secret=vapid.from_base64url(row.auth),
            version="aes128gcm",
        )
    )


def of_notification(notification_id: int) -> Pushed | None:
    """The words of a notification; nothing once it was read."""
    row = Notification.objects.filter(pk=notification_id, read_at=None).first()
    if row is None:
        return None
    return Pushed(row.title, row.body, row.url or "/notifications", f"notification:{row.url}")


def _policy() -> outgoing.Policy:
    options = settings.SOCLE.outgoing
    return outgoing.Policy(
        private_hosts=frozenset(options.private_hosts), seconds=options.timeout, max_bytes=16_384
    )


def _hash(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()


def origin(endpoint: str) -> str:
    """Scheme and host of a push service: what logs may say of an endpoint."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.hostname}"
