"""``socle migrate``: bring the database to the schema of this version."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from socle.config.cli.house import Data, open_house
from socle.config.cli.speaking import done, t

# Any number, the same for every process of the house.
_ADVISORY_LOCK = 0x50C1E


def register(app: typer.Typer) -> None:
    @app.command(help=t("Mettre la base de données à jour.", "Bring the database up to date."))
    def migrate(data: Data = None) -> None:
        open_house(data)
        count = run()
        done(
            f"Base de données à jour ({count} migration(s) appliquée(s)).",
            f"Database up to date ({count} migration(s) applied).",
        )


def run() -> int:
    """Apply what is pending and make the shared cache's table. Returns the number applied.

    Several servers may start at once: one migrates, the others wait and find nothing to do.
    """
    from django.core.management import call_command

    with _alone():
        count = pending()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    return count


def pending() -> int:
    """Number of migrations that the database has not seen."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def _alone() -> Iterator[None]:
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])
        return
    home = settings.SOCLE.home
    home.mkdir(parents=True, exist_ok=True)
    with (home / "migrate.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
