"""Who we are for push services: a P-256 key pair, and a signed word of it (RFC 8292)."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from socle.kernel.clock import SYSTEM, Clock

FILE = "vapid.pem"
# Push services refuse more than a day.
_VALID = timedelta(hours=12)


def base64url(data: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of a base64url text, padded or not. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def private_key() -> ec.EllipticCurvePrivateKey:
    """The installation's key: made on first use in the data folder, readable by its owner only.

    Several machines share it by sharing the file. Losing it ends every subscription.
    """
    return _load(settings.SOCLE.home / FILE)


def public_key() -> str:
    """The public half as browsers take it (uncompressed point, base64url)."""
    point = (
        private_key()
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return base64url(point)


def authorization(endpoint: str, *, clock: Clock = SYSTEM) -> str:
    """The ``Authorization`` header of a call to `endpoint`."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((clock.now() + _VALID).timestamp()),
        "sub": f"mailto:{settings.SOCLE.mail.sender}",
    }
    return f"vapid t={jwt.encode(claims, private_key(), algorithm='ES256')}, k={public_key()}"


@lru_cache(maxsize=4)
def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        _make(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path.name} holds no key on an elliptic curve")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # link() refuses to replace: of two processes that start together, one key wins for both.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
