"""What a section's `apply` is given: the revision written for its item, who applies, when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from .registry import Item

if TYPE_CHECKING:
    from .models import Revision


class ActorLike(Protocol):
    """The part of an actor that the journal keeps; rooms below accounts know no more of it."""

    @property
    def kind(self) -> str: ...

    @property
    def user_id(self) -> int | None: ...


@dataclass(frozen=True)
class _Machine:
    kind: str = "system"
    user_id: int | None = None


MACHINE: ActorLike = _Machine()
"""Nobody: the command line, the start of a demonstration."""


@dataclass
class Applying:
    """One application of a pack, inside its transaction."""

    pack: str
    actor: ActorLike
    now: datetime
    items: Mapping[str, Mapping[str, Item[Any]]] = field(default_factory=dict)
    """Every item of the pack by section and key, changed or not."""
    current: Revision | None = None
    previous: Revision | None = None
    """The revision in force until now of the item applied or withdrawn; None for a new one."""

    @property
    def revision(self) -> Revision:
        """The stored revision of the item being applied; `RuntimeError` in a `withdraw`."""
        if self.current is None:
            raise RuntimeError("a withdrawn declaration has no revision in force")
        return self.current
