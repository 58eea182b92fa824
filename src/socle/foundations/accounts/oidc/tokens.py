"""Checks of signed tokens. Pure: keys, expectations and the time are given.

OpenID Connect Core 1.0, sections 2, 3.1.3.7 and 5.3.2; RFC 7515, 7519 and 8725 (best practices).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from socle.foundations.accounts.ports import LoginRefused

# Asymmetric only: the provider alone can sign, and "none" or a key used for another algorithm
# (RFC 8725, 2.1) cannot pass.
ALGORITHMS: Mapping[str, Mapping[str, str]] = {
    "RS256": {"kty": "RSA"},
    "PS256": {"kty": "RSA"},
    "ES256": {"kty": "EC", "crv": "P-256"},
}
LEEWAY = 30
_MAX_AGE = 600
_MAX_TOKEN = 64 * 1024

# Gives the candidates for a key id; asked again with `fresh` when the first answer does not fit.
KeySource = Callable[[bool], list[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say. `acr_values`: the levels asked for, separated by spaces."""

    issuer: str
    client_id: str
    nonce: str = ""
    acr_values: str = ""
    algorithms: tuple[str, ...] = ("RS256", "ES256")


def id_token(
    token: str, *, keys: KeySource, expected: Expected, access_token: str, now: datetime
) -> dict[str, Any]:
    """The claims of an ID token. Raises :class:`LoginRefused` naming the first check that fails."""
    claims = _signed_claims(token, keys, expected)
    _addressed_to_us(claims, expected)
    moment = now.timestamp()
    if moment >= _number(claims, "exp") + LEEWAY:
        raise LoginRefused("expired")
    issued = _number(claims, "iat")
    if issued > moment + LEEWAY or issued < moment - _MAX_AGE:
        raise LoginRefused("wrong-date")
    if not expected.nonce or not _same(claims.get("nonce"), expected.nonce):
        raise LoginRefused("wrong-nonce")
    if not acr_suffices(str(claims.get("acr") or ""), expected.acr_values):
        raise LoginRefused("acr-too-low")
    if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(access_token)):
        raise LoginRefused("wrong-at-hash")
    _subject(claims)
    return claims


def userinfo(
    token: str, *, keys: KeySource, expected: Expected, subject: str, now: datetime
) -> dict[str, Any]:
    """The claims of a signed userinfo answer about `subject`. Raises :class:`LoginRefused`."""
    claims = _signed_claims(token, keys, expected)
    _addressed_to_us(claims, expected)
    if "exp" in claims and now.timestamp() >= _number(claims, "exp") + LEEWAY:
        raise LoginRefused("userinfo-expired")
    # Section 5.3.2: without this check another person's userinfo could be slipped in.
    if not _same(claims.get("sub"), subject):
        raise LoginRefused("wrong-subject")
    return claims


def acr_suffices(got: str, asked: str) -> bool:
    """Whether a level of assurance is one of those asked for, or above (eidas1 to eidas3)."""
    wanted = asked.split()
    if not wanted or got in wanted:
        return True
    level, least = _eidas(got), min((_eidas(one) for one in wanted if _eidas(one)), default=0)
    return bool(level and least and level >= least)


def _eidas(acr: str) -> int:
    return {"eidas1": 1, "eidas2": 2, "eidas3": 3}.get(acr, 0)


def _signed_claims(token: str, keys: KeySource, expected: Expected) -> dict[str, Any]:
    if not token or len(token) > _MAX_TOKEN:
        raise LoginRefused("no-token")
    if token.count(".") == 4:
        raise LoginRefused("encrypted-token")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise LoginRefused("malformed-token") from None
    algorithm = header.get("alg")
    if algorithm not in expected.algorithms or algorithm not in ALGORITHMS:
        raise LoginRefused("wrong-algorithm")
    if "crit" in header:
        raise LoginRefused("unknown-critical-header")
    for fresh in (False, True):
        # The provider may have changed its keys since they were last read.
        candidates = _candidates(keys(fresh), header.get("kid"), algorithm)
        if candidates:
            break
    else:
        raise LoginRefused("unknown-key")
    if len(candidates) > 1:
        raise LoginRefused("ambiguous-key")
    try:
        key = jwt.PyJWK(dict(candidates[0]), algorithm=algorithm)
        claims: dict[str, Any] = jwt.decode(
            token,
            key=key,
            algorithms=[algorithm],
            # Signature only: the claims are checked here, against the given time.
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
                "verify_iss": False,
            },
        )
    except jwt.InvalidSignatureError:
        raise LoginRefused("wrong-signature") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise LoginRefused("malformed-token") from None
    return claims


def _candidates(
    keys: list[Mapping[str, Any]], key_id: object, algorithm: str
) -> list[Mapping[str, Any]]:
    return [
        key
        for key in keys
        if all(key.get(name) == value for name, value in ALGORITHMS[algorithm].items())
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid") == key_id)
    ]


def _addressed_to_us(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise LoginRefused("wrong-issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise LoginRefused("wrong-audience")
    party = claims.get("azp")
    if party != expected.client_id and (party is not None or len(audiences) > 1):
        raise LoginRefused("wrong-party")


def _subject(claims: Mapping[str, Any]) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise LoginRefused("wrong-subject")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LoginRefused(f"no-{name}")
    return float(value)


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())


def _half_hash(access_token: str) -> str:
    # The three algorithms accepted here all hash with SHA-256.
    digest = hashlib.sha256(access_token.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
