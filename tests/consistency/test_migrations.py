"""Migrations say all that models say, and can be applied while the former version still serves."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from tests.consistency.house import room_of


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    said = StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=said, verbosity=1)
    except SystemExit:
        pytest.fail(said.getvalue())


def test_each_room_has_one_last_migration() -> None:
    loader = MigrationLoader(None)
    assert loader.detect_conflicts() == {}


def test_the_first_release_starts_from_short_histories() -> None:
    """A migration's number says its rank: no gap, no double."""
    loader = MigrationLoader(None)
    numbers: dict[str, list[int]] = {}
    for (label, name), migration in loader.disk_migrations.items():
        if room_of(type(migration).__module__):
            numbers.setdefault(label, []).append(int(name[:4]))
    assert {label: sorted(found) for label, found in numbers.items()} == {
        label: list(range(1, len(found) + 1)) for label, found in numbers.items()
    }
