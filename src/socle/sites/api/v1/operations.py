"""How an operation is declared: what it takes, what it answers, who may call it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from pydantic import BaseModel

from socle.foundations.accounts.actors import Actor
from socle.kernel.clock import SYSTEM, Clock
from socle.sites.api.authentication import Program, actor_of
from socle.sites.api.v1.limits import PUBLIC, Limit

JSON = "application/json"
_HOLE = re.compile(r"\{(\w+)\}")


def N_(text: str) -> str:
    """Mark a sentence of the documentation, translated when the document is written."""
    return text


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation gives. `body`: JSON values, or bytes ready to send."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON
    etag: str = ""
    # How long a shared cache may keep it, in seconds; None: as the operation says.
    fresh: int | None = None


@dataclass(slots=True)
class Call:
    """One request, read and checked. `query`, `body`: the operation's own models."""

    request: HttpRequest
    operation: Operation
    program: Program | None
    path: dict[str, str]
    query: Any = None
    body: Any = None
    clock: Clock = SYSTEM
    # Unique to this caller and their idempotency key; empty without one.
    once: str = ""

    @property
    def actor(self) -> Actor:
        return actor_of(self.program)

    @property
    def organisation_id(self) -> int:
        if self.program is None:
            raise LookupError("an operation without scope has no organisation")
        return self.program.organisation_id


View = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address. `scope`: what the key must carry; empty: no key is needed.

    `media`: type of the answer when it is not JSON, with `returns` None. `creates`: answers 201.
    `cached`: seconds for caches, which makes it a public read, open to pages of other sites.
    """

    method: str
    path: str
    id: str
    tag: str
    summary: str
    view: View
    description: str = ""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    returns: type[BaseModel] | None = None
    media: str = JSON
    upload: bool = False
    scope: str = ""
    # Also open without a key, counted against this limit.
    limit: Limit = PUBLIC
    cached: int | None = None
    creates: bool = False
    idempotent: bool = False
    # Its answer holds a secret, which is not kept: a repetition makes it anew.
    private: bool = False
    # Must say which version it changes (If-Match).
    versioned: bool = False
    # A header the caller gives, and what it is.
    token: str = ""
    errors: tuple[int, ...] = ()

    @property
    def holes(self) -> tuple[str, ...]:
        """Names of the variable parts of the path."""
        return tuple(_HOLE.findall(self.path))

    @property
    def public_read(self) -> bool:
        return self.cached is not None

    @property
    def route(self) -> str:
        """The name of the address: the same for all of its methods."""
        return route_name(self.path)


def route_name(path: str) -> str:
    """``/reports/{reference}/history`` → ``v1-reports-reference-history``."""
    return "v1" + re.sub(r"[^a-z0-9]+", "-", path).rstrip("-")
