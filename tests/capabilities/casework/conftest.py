"""A small cast: two communes and their métropole, teams, agents, residents, one workflow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.capabilities.casework.cast import World, build_world, definition

from socle.capabilities.casework import links, registry


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The cast in the database, with the workflow registered for both kinds of cases."""
    yield from _world()


@pytest.fixture
def shared_world(transactional_db: None) -> Iterator[World]:
    """The same, committed: other threads see it."""
    yield from _world()


def _world() -> Iterator[World]:
    kinds = [
        registry.CaseKind("request", "Demande", "Demandes", "file-text", lambda _id: definition()),
        registry.CaseKind(
            "report", "Signalement", "Signalements", "megaphone", lambda _id: definition()
        ),
    ]
    with registry.isolated(*kinds), links.isolated():
        links.register(
            lambda case, token="": f"https://socle.test/suivi/{case.reference}/{token}",
            desk_url=lambda case: f"https://socle.test/agents/dossiers/{case.reference}",
        )
        yield build_world()
