"""Bytes in storage: a local folder or a bucket, by the settings. Keys carry the hash of what they
hold.

Each row owns its object (the key ends with the row's own token): nothing is shared, so removing one
can never take another's bytes away.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from django.core.files.base import File
from django.core.files.storage import default_storage

logger = logging.getLogger(__name__)

QUARANTINE = "quarantine"
CLEAN = "clean"


def sha256(stream: BinaryIO) -> str:
    """Of the whole stream, left at its start."""
    stream.seek(0)
    digest = hashlib.sha256()
    while piece := stream.read(262_144):
        digest.update(piece)
    stream.seek(0)
    return digest.hexdigest()


def put(prefix: str, stream: BinaryIO, digest: str) -> str:
    """Store the whole stream; give its key, ``<prefix>/ab/abcd…-token``."""
    stream.seek(0)
    key = f"{prefix}/{digest[:2]}/{digest}-{secrets.token_hex(8)}"
    return default_storage.save(key, File(stream))


def get(key: str) -> BinaryIO:
    """Open for reading. ``FileNotFoundError`` when it is gone."""
    return cast("BinaryIO", default_storage.open(key, "rb"))


def move(key: str, prefix: str) -> str:
    """Copy under another prefix; give the new key. The caller removes the old one once its
    transaction is committed.
    """
    target = f"{prefix}/{key.partition('/')[2]}"
    with default_storage.open(key, "rb") as stream:
        return default_storage.save(target, stream)


def remove(*keys: str) -> None:
    """Remove what exists; a storage that fails is logged, the sweep tries again."""
    for key in filter(None, keys):
        try:
            default_storage.delete(key)
        except Exception:
            logger.exception("a stored object could not be removed")


def older_than(prefix: str, age: timedelta, now: datetime) -> Iterator[str]:
    """Keys under a prefix whose object was written more than ``age`` ago."""
    try:
        folders, _files = default_storage.listdir(prefix)
    except FileNotFoundError:
        return
    for folder in folders:
        for name in default_storage.listdir(f"{prefix}/{folder}")[1]:
            key = f"{prefix}/{folder}/{name}"
            if default_storage.get_modified_time(key) < now - age:
                yield key
