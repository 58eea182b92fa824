"""Programs with keys, and somebody without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.cast import INSIDE, Cast

from socle.foundations.accounts import actions as accounts
from socle.foundations.accounts.actors import SYSTEM
from socle.foundations.territories import queries as territories
from socle.sites.api.v1 import limits

HOME, COMMUNE, OTHER = "metropole-du-lac", "villeneuve-du-lac", "saint-test"


@dataclass
class Program:
    """A program: `get("/cases")`, `post("/reports", {...})` under ``/api/v1``."""

    secret: str = ""
    key_id: int = 0

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.secret:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {self.secret}"
        address = path if path.startswith(("/api/", "http")) else f"/api/v1{path}"
        if body is None:
            return Client().generic(method, address, **extra)
        if isinstance(body, bytes):
            return Client().generic(method, address, body, "application/json", **extra)
        import orjson

        return Client().generic(method, address, orjson.dumps(body), "application/json", **extra)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)


def program(slug: str, *scopes: str) -> Program:
    key, secret = accounts.create_api_key(
        actor=SYSTEM,
        organisation_id=territories.organisation(slug).pk,
        name=f"Programme {slug}",
        scopes=scopes,
    )
    return Program(secret, key.pk)


def report(**changes: Any) -> dict[str, Any]:
    return {
        "category": "depot-sauvage",
        "lon": INSIDE[0],
        "lat": INSIDE[1],
        "description": "Un matelas sur le trottoir",
        **changes,
    }


def idempotency() -> str:
    return str(uuid4())


@pytest.fixture(autouse=True)
def _fresh_counters() -> Iterator[None]:
    limits.counters.clear()
    yield
    limits.counters.clear()


@pytest.fixture
def anonymous(cast: Cast) -> Program:
    return Program()


@pytest.fixture
def commune(cast: Cast) -> Program:
    """The commune where reports of the tests lie: it treats them."""
    return program(COMMUNE, "reports:write", "cases:read", "cases:write")


@pytest.fixture
def reader(cast: Cast) -> Program:
    return program(COMMUNE, "cases:read")


@pytest.fixture
def stranger(cast: Cast) -> Program:
    """Another commune's, with every right at home."""
    return program(OTHER, "reports:write", "cases:read", "cases:write")
