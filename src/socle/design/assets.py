"""Addresses of the bundled assets: hashed names read from the manifest written by ``frontend/build.mjs``."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

DIST = Path(__file__).parent / "static" / "dist"


@lru_cache(maxsize=4)
def _manifest(stamp: int) -> dict[str, str]:
    del stamp  # only the cache key: the manifest is read again when its file changes
    try:
        names: dict[str, str] = json.loads((DIST / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return names


def _stamp() -> int:
    try:
        return os.stat(DIST / "manifest.json").st_mtime_ns
    except OSError:
        return 0


_frozen: dict[str, str] | None = None


def manifest() -> dict[str, str]:
    """Logical name → hashed name. Read once, or at each change of the file when ``settings.DEBUG``."""
    global _frozen
    if settings.DEBUG:
        return _manifest(_stamp())
    if not _frozen:
        _frozen = _manifest(_stamp())
    return _frozen


def hashed(name: str) -> str:
    """Hashed file name of a bundle; the plain name when the front end has not been built."""
    return manifest().get(name, name)


def asset(name: str) -> str:
    """URL of a bundle: ``asset("portal.css")`` → ``/static/dist/portal-3QX7A2.css``."""
    return f"{settings.STATIC_URL}dist/{hashed(name)}"


def path(name: str) -> Path:
    """Where the bundle lies on disk."""
    return DIST / hashed(name)
