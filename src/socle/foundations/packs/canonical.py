"""One content, one text, one hash."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

from .registry import Path


def text(content: Any) -> str:
    """Canonical JSON: sorted keys, no spaces, no escapes that are not needed.

    `ValueError` for what JSON cannot carry (see `unstorable`).
    """
    return json.dumps(
        content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def digest(content: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(text(content).encode()).hexdigest()


def unstorable(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of what no database keeps faithfully: infinite numbers, NUL, lone surrogates."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from unstorable(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from unstorable(each, (*path, index))
    elif (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, str) and ("\0" in value or not _encodes(value))
    ):
        yield path


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
