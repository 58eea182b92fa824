"""Which antivirus looks at files. Connectors register theirs; the settings choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

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
