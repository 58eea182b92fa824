"""Signing, waiting, naming: what the webhooks promise. Pure.

Signatures follow Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): the base64 of the
HMAC-SHA256 of ``id.timestamp.body``, prefixed with its version; several, separated by spaces, while
a secret is being replaced.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, not a secret
SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)
"""How long the former secret still signs after a rotation."""

RETRIES = tuple(
    timedelta(seconds=each)
    for each in (
        5, 30, 120, 600, 1_800, 3_600, 10_800,
        21_600, 43_200, 43_200, 43_200, 43_200, 43_200,
    )
)  # fmt: skip
"""Waits after each failed attempt: three days from the first call to the last."""

MOST_WAIT = timedelta(hours=6)
"""A receiver may ask for patience (``Retry-After``), up to this."""

KEPT_FOR = timedelta(days=30)
"""Deliveries finished since longer are forgotten."""

TEST = "webhook.test"
ERROR_MAX = 300
URL_MAX = 500
DESCRIPTION_MAX = 200
PER_ORGANISATION = 20

_EVENT = re.compile(r"[a-z]+(\.[a-z_]+)+")
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}")


def signature(secret: str, event_id: str, at: datetime, body: bytes) -> str:
    """One signature of a call: ``v1,`` and the base64 of the HMAC.

    ``ValueError`` for a secret that is not one.
    """
    if not _SECRET.fullmatch(secret):
        raise ValueError("not a webhook secret")
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    signed = f"{event_id}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secrets: Iterable[str], event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a call; one signature per secret in force."""
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signature(each, event_id, at, body) for each in secrets),
    }


def wait_after(attempts: int, spread: float = 0.0) -> timedelta | None:
    """The wait after that many failed attempts (1 or more), lengthened by `spread` (0 to 1) of a
    tenth so that a crowd does not come back at once; None when it is enough.
    """
    if not 1 <= attempts <= len(RETRIES):
        return None
    return RETRIES[attempts - 1] * (1 + spread / 10)


def asked_wait(header: str) -> timedelta | None:
    """What a ``Retry-After`` in seconds asks, bounded; None when there is none or it is a date."""
    text = header.strip()
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return min(timedelta(seconds=int(text)), MOST_WAIT)


def is_event(name: str) -> bool:
    """Whether a name can be an event's."""
    return len(name) <= 60 and _EVENT.fullmatch(name) is not None


def wants(subscribed: list[str], event: str) -> bool:
    """Whether an endpoint that named these events (none: all) is told of `event`."""
    return not subscribed or event in subscribed or event == TEST


def shown(url: str) -> str:
    """An endpoint's address without its query, which may hold a secret of the receiver's."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
