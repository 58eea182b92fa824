"""`plan`: what would applying this pack change?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import registry
from .checking import load_right
from .differences import Change, Plan, differences
from .models import Current, Revision
from .pack import PackFile
from .reading import Loaded

InForce = dict[tuple[str, str], Revision]


def plan(path: Path | str) -> Plan:
    """Compare a pack with what is in force; writes nothing. Raises `PackError` on mistakes."""
    return compare(load_right(path), in_force())


def identity(loaded: Loaded) -> PackFile:
    """The content of the pack's `pack.toml`."""
    document = next(iter(loaded.items["site"].values())).document
    assert isinstance(document, PackFile)  # noqa: S101 -- the section's own model
    return document


def in_force() -> InForce:
    """Every declaration in force with its revision: one query."""
    rows = Current.objects.select_related("revision")
    return {(row.section, row.key): row.revision for row in rows}


def compare(loaded: Loaded, current: InForce, *, force: bool = False) -> Plan:
    """The plan from what is in force to a pack; `force` refreshes every unchanged declaration."""
    pack = identity(loaded)
    changes: list[Change] = []
    touched: set[str] = set()
    unchanged: list[tuple[str, str]] = []
    refreshed: list[tuple[str, str]] = []
    for section in registry.sections():
        items = loaded.items[section.name]
        gone = [key for name, key in sorted(current) if name == section.name and key not in items]
        found = [_change(section.name, key, None, current[section.name, key]) for key in gone]
        for key, item in items.items():
            revision = current.get((section.name, key))
            if revision is None or revision.digest != item.digest:
                found.append(_change(section.name, key, dict(item.content), revision))
            else:
                unchanged.append((section.name, key))
        if found:
            touched.add(section.name)
            changes += found
        follows = force or not touched.isdisjoint(section.follows)
        if follows:
            touched.add(section.name)
            refreshed += [each for each in unchanged if each[0] == section.name]
    known = {section.name for section in registry.sections()}
    for name, key in sorted(current):
        if name not in known:  # a room that is no longer installed
            changes.append(_change(name, key, None, current[name, key]))
    return Plan(pack.id, pack.version, tuple(changes), len(unchanged), tuple(refreshed))


def _change(
    section: str, key: str, content: dict[str, Any] | None, revision: Revision | None
) -> Change:
    if revision is None:
        return Change(section, key, "added")
    if content is None:
        return Change(section, key, "removed")
    return Change(section, key, "changed", tuple(differences(revision.content, content)))
