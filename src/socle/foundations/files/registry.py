"""Which antivirus looks at files (connectors register theirs, the settings choose), and which rooms
still want files that are not attached yet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from socle.foundations.files.ports import Antivirus, Verdict

_factories: dict[str, Callable[[], Antivirus]] = {}


class NullAntivirus:
    """The twin for demonstrations and tests: finds everything clean, at once."""

    immediate = True

    def scan(self, stream: BinaryIO) -> Verdict:
        return Verdict(clean=True)


def register(kind: str, factory: Callable[[], Antivirus]) -> None:
    """Make an antivirus available under a name of ``SOCLE_ANTIVIRUS_KIND``. Idempotent."""
    _factories[kind] = factory


def antivirus() -> Antivirus:
    """The one the settings choose. ``LookupError`` when nothing is registered under that name:
    better no upload than no scan.
    """
    kind = settings.SOCLE.antivirus.kind
    if kind not in _factories:
        raise LookupError(f"no antivirus is registered as {kind!r}")
    return _factories[kind]()


register("null", NullAntivirus)

# Given ids of unattached files, says which are still wanted.
Holder = Callable[[Collection[UUID]], Collection[UUID]]
_holders: list[Holder] = []


def hold(holder: Holder) -> None:
    """Keep files from being swept while a room still refers to them without having attached them
    (answers under way). Idempotent.
    """
    if holder not in _holders:
        _holders.append(holder)


def still_held(file_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these files that some room still wants."""
    asked = list(file_ids)
    return {file_id for holder in _holders for file_id in holder(asked)}
