"""The private link by which a person without an account follows a case.

The token is an HMAC-SHA-256 (160 bits kept) of a random 128-bit nonce stored on the case, under the
installation's secret key: reading the database gives no token, and a letter written months later
can carry the same link. Its SHA-256 is stored, and compared in constant time; it outlives a change
of the secret key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Protocol

from django.conf import settings

_PURPOSE = b"socle.casework.follow-link\x00"
_FOLLOWING = b"socle.casework.following\x00"
_REPLYING = b"socle.casework.reply-address\x00"
_BYTES = 20
LENGTH = 27
REPLY_LENGTH = 20


class Followed(Protocol):
    follow_nonce: str
    follow_hash: str


def new_nonce() -> str:
    """A random 128-bit nonce."""
    return secrets.token_hex(16)


def derive(nonce: str, key: str | bytes | None = None) -> str:
    """The token of a nonce: 27 characters safe in an address."""
    return _text(_digest(_PURPOSE, nonce, key))


def following(nonce: str) -> str:
    """The token by which a follower confirms, and ends, their following."""
    return _text(_digest(_FOLLOWING, nonce))


def replying(case: Followed, key: str | bytes | None = None) -> str:
    """What a reply address carries: 100 bits in lower case, since mail servers may fold case.

    It lets its holder write to the case, and see nothing of it. Empty when the case has no link.
    """
    if not case.follow_nonce:
        return ""
    digest = _digest(_REPLYING, case.follow_nonce, key)
    return base64.b32encode(digest).decode().lower()[:REPLY_LENGTH]


def may_reply(case: Followed, token: str) -> bool:
    """Whether a reply address is this case's, under the present secret key or a former one."""
    if len(token) != REPLY_LENGTH or not case.follow_nonce:
        return False
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(token, replying(case, key)) for key in keys)


def _digest(purpose: bytes, nonce: str, key: str | bytes | None = None) -> bytes:
    key = settings.SECRET_KEY if key is None else key
    secret = key.encode() if isinstance(key, str) else key
    return hmac.new(secret, purpose + nonce.encode(), hashlib.sha256).digest()


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()


def hashed(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_of(case: Followed) -> str:
    """The token to put in a letter; empty for a case that has none (imports, erased people)."""
    return derive(case.follow_nonce) if case.follow_nonce else ""


def matches(case: Followed, token: str) -> bool:
    """Whether a token opens this case, compared in constant time.

    The stored hash accepts links sent before the secret key was changed, the derivation those sent
    since.
    """
    if not token or len(token) != LENGTH or not case.follow_nonce:
        return False
    given = hashed(token)
    by_hash = hmac.compare_digest(given, case.follow_hash)
    by_key = hmac.compare_digest(given, hashed(derive(case.follow_nonce)))
    return by_hash or by_key
