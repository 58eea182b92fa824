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
_BYTES = 20
LENGTH = 27


class Followed(Protocol):
    follow_nonce: str
    follow_hash: str


def new_nonce() -> str:
    """A random 128-bit nonce."""
    return secrets.token_hex(16)


def derive(nonce: str, key: str | bytes | None = None) -> str:
    """The token of a nonce: 27 characters safe in an address."""
    key = settings.SECRET_KEY if key is None else key
    secret = key.encode() if isinstance(key, str) else key
    digest = hmac.new(secret, _PURPOSE + nonce.encode(), hashlib.sha256).digest()
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
