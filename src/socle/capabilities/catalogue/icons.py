"""Names of the icons the front end has, so that a pack cannot ask for one that does not exist."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings


@lru_cache(maxsize=1)
def known() -> frozenset[str] | None:
    """Icon names of `frontend/icons.json` (a list, or an object keyed by name).

    None when the sources of the front end are not there (an installed wheel): nothing is checked.
    """
    path = Path(settings.BASE_DIR) / "frontend" / "icons.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if isinstance(content, dict) and isinstance(content.get("icons"), list | dict):
        content = content["icons"]
    return frozenset(str(name) for name in content)
