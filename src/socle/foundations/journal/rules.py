"""How an entry is written down before it is hashed. Pure; the form is frozen: changing it would
void every chain.

The hash of an entry is the SHA-256 of the canonical JSON of all its fields and of the previous
entry's hash. Canonical JSON: UTF-8, keys sorted by code point, no white space, no floating-point
numbers (databases do not agree on them).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

VERSION = "socle.journal/1"
PLATFORM = "platform"

_MAX_BYTES = 16_384
_MAX_DEPTH = 6
# From the character before the at sign: linear, whatever the text.
_EMAIL = re.compile(r"[^\s@]@[^\s@]+\.[^\s@]{2,}")


class Unrecordable(ValueError):
    """The data of an entry cannot be written down for ever: a programming error of the caller."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is hashed: every field of an entry, its chain's name and its predecessor's hash."""

    chain: str
    sequence: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: int | None
    subject_type: str
    subject_id: str
    data: Mapping[str, Any]
    previous: str

    def digest(self) -> str:
        """SHA-256, 64 hexadecimal digits."""
        return hashlib.sha256(
            canonical(
                {
                    "version": VERSION,
                    "chain": self.chain,
                    "sequence": self.sequence,
                    "at": instant(self.at),
                    "action": self.action,
                    "actor": [self.actor_kind, self.actor_id],
                    "subject": [self.subject_type, self.subject_id],
                    "data": self.data,
                    "previous": self.previous,
                }
            )
        ).hexdigest()


def genesis(chain: str) -> str:
    """What the first entry of a chain has for previous hash; no two chains begin alike."""
    return hashlib.sha256(f"{VERSION}:{chain}".encode()).hexdigest()


def chain_name(organisation_id: int | None) -> str:
    """The chain of an organisation, or the platform's own."""
    return PLATFORM if organisation_id is None else f"organisation:{organisation_id}"


def canonical(value: Any) -> bytes:
    """Canonical JSON. ``ValueError`` on what has no canonical form (floats, other types, lone
    surrogates).
    """
    _refuse_floats(value)
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def instant(at: datetime) -> str:
    """UTC with microseconds, always the same length; ``ValueError`` when naive."""
    if at.utcoffset() is None:
        raise ValueError("a journal entry needs an aware instant")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def recordable(data: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` as plain JSON that both databases give back unchanged.

    Dates and instants become ISO text, decimals and UUIDs text, sets sorted lists. Raises
    :class:`Unrecordable` on floats and other types, on e-mail addresses (no personal data goes in
    the journal, which is kept for ever and cannot be corrected), on more than six levels, on more
    than 16 kB.
    """
    plain = {_key(key): _plain(value, 1) for key, value in data.items()}
    if len(canonical(plain)) > _MAX_BYTES:
        raise Unrecordable(
            f"journal data is limited to {_MAX_BYTES} bytes: record ids, not content"
        )
    return plain


def _plain(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise Unrecordable(f"journal data has more than {_MAX_DEPTH} levels")
    if value is None or isinstance(value, bool | int):
        return value if value is None or isinstance(value, bool) else int(value)
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(item, depth + 1) for item in value), key=canonical)
    raise Unrecordable(f"journal data cannot hold a {type(value).__name__}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise Unrecordable("the keys of journal data are text")
    return _text(key)


def _text(text: str) -> str:
    if "\x00" in text:
        raise Unrecordable("journal data cannot hold a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unrecordable("journal data is not valid Unicode") from None
    if _EMAIL.search(text):
        raise Unrecordable("journal data holds an e-mail address: record the id of the person")
    return text


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a floating-point number has no canonical form")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
