"""Addresses of the bundled assets: hashed names read from the manifest written by
``frontend/build.mjs``.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

DIST = Path(__file__).parent / "static" / "dist"


@lru_cache(maxsize=4)
def _manifest(stamp: int) -> dict[str, Any]:
    del stamp  # only the cache key: the manifest is read again when its file changes
    try:
        names: dict[str, Any] = json.loads((DIST / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return names


def _stamp() -> int:
    try:
        return (DIST / "manifest.json").stat().st_mtime_ns
    except OSError:
        return 0


_frozen: dict[str, Any] | None = None


def manifest() -> dict[str, Any]:
    """``files``: logical name → hashed name; ``preloads``: bundle → the chunks it imports. Read
    once, or at each change of the file when ``settings.DEBUG``.
    """
    global _frozen
    if settings.DEBUG:
        return _manifest(_stamp())
    if not _frozen:
        _frozen = _manifest(_stamp())
    return _frozen


def hashed(name: str) -> str:
    """Hashed file name of a bundle; the plain name when the front end has not been built."""
    files: dict[str, str] = manifest().get("files", {})
    return files.get(name, name)


def asset(name: str) -> str:
    """URL of a bundle: ``asset("portal.css")`` → ``/static/dist/portal-3QX7A2.css``."""
    return f"{settings.STATIC_URL}dist/{hashed(name)}"


def preloads(name: str) -> list[str]:
    """URLs of the chunks a bundle imports, to be asked for together with it."""
    return [
        f"{settings.STATIC_URL}dist/{chunk}"
        for chunk in manifest().get("preloads", {}).get(name, ())
    ]


def app_icons() -> list[dict[str, str]]:
    """Icons of the web application manifest."""
    return [
        {"src": asset("icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": asset("icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {
            "src": asset("icon-maskable-512.png"),
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
        {"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
    ]


def read(name: str) -> bytes | None:
    """Content of a bundle; None when the front end has not been built."""
    try:
        return path(name).read_bytes()
    except OSError:
        return None


def path(name: str) -> Path:
    """Where the bundle lies on disk."""
    return DIST / hashed(name)
