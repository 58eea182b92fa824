"""The actor of an act: who does it, in which capacities. Policies read actors, never requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["anonymous", "resident", "agent", "program", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """An immutable snapshot of a person's capacities for the length of one request or task.

    `roles` maps organisation ids to role names (see `Membership.Role`); `team_ids` are the teams
    of those memberships; `entity_ids` the legal entities the person represents (verified).
    """

    kind: Kind
    user_id: int | None = None
    label: str = ""
    is_administrator: bool = False
    roles: dict[int, str] = field(default_factory=dict)
    team_ids: frozenset[int] = frozenset()
    entity_ids: frozenset[int] = frozenset()

    @property
    def organisation_ids(self) -> frozenset[int]:
        return frozenset(self.roles)

    @property
    def is_agent(self) -> bool:
        return self.kind == "agent" or self.is_administrator

    def has_role(self, organisation_id: int, *roles: str) -> bool:
        """Whether the actor holds one of `roles` (any role when none is given) there."""
        role = self.roles.get(organisation_id)
        return role is not None and (not roles or role in roles)


@dataclass(frozen=True, slots=True)
class KeyActor(Actor):
    """A program known by its key: it acts for one organisation, within what the key allows.

    `scopes` are names of ``accounts.rules.API_SCOPES``. It holds the role of an agent only when a
    scope opens the organisation's cases; whoever lets it in also asks :meth:`allows`.
    """

    key_id: int = 0
    organisation_id: int = 0
    scopes: frozenset[str] = frozenset()

    def allows(self, scope: str) -> bool:
        """Whether the key carries this scope."""
        return scope in self.scopes


ANONYMOUS = Actor(kind="anonymous", label="anonyme")
SYSTEM = Actor(kind="system", label="système")
