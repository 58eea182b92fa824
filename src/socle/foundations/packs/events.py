"""Facts about packs."""

from dataclasses import dataclass

from socle.kernel.events import Event


@dataclass(frozen=True)
class PackApplied(Event):
    """A pack changed what is in force."""

    pack: str
    version: str
    digest: str
