"""The small pack and its people."""

from __future__ import annotations

import pytest
from tests.cast import Cast, assemble


@pytest.fixture
def cast(db: None) -> Cast:
    return assemble()


@pytest.fixture
def shared_cast(transactional_db: None) -> Cast:
    """The same, committed: other threads see it."""
    return assemble()
