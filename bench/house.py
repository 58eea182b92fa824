"""A house to measure: its own data folder and database, the demonstration pack, its people.

Settings are read once per process, so whatever needs another database runs in a child process with
`environment(...)`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.machine import ROOT

VENDORS = ("sqlite", "postgresql")
SERVER = "SOCLE_BENCH_POSTGRES_URL"
# Kept aside: once a house is open in this process, no variable but its own is left.
_server = os.environ.get(SERVER, "")


def environment(home: Path, url: str = "", **more: str) -> dict[str, str]:
    """Variables of a process of the house at `home`, on the database of `url` (SQLite if empty)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOCLE_")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    return {
        **kept,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "SOCLE_ENV_FILE": "",
        "SOCLE_HOME": str(home),
        "SOCLE_DATABASE_URL": url,
        "SOCLE_SECURITY_SECRET_KEY": "only-for-measures-" + "0" * 40,
        "SOCLE_SECURITY_HTTPS": "false",
        "SOCLE_SECURITY_AGENTS_SECOND_FACTOR": "false",
        "SOCLE_LOGGING_LEVEL": "WARNING",
        **more,
    }


# As on a real server: what is acknowledged is on the disk.
DURABLE = {
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "1GB",
    "effective_cache_size": "4GB", "max_wal_size": "4GB", "random_page_cost": "1.1",
}  # fmt: skip


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a PostgreSQL server: the one of the shell, else a cluster for the block."""
    from socle.config.cli import postgres

    with (
        contextlib.nullcontext(_server) if _server else postgres.temporary_cluster(DURABLE)
    ) as address:
        yield address


@contextlib.contextmanager
def database(vendor: str) -> Iterator[str]:
    """The address of an empty database; PostgreSQL gets a cluster for the length of the block."""
    if vendor == "sqlite":
        yield ""
        return
    with server() as address:
        name = f"socle_bench_{os.getpid()}"
        _postgres(address, f'CREATE DATABASE "{name}"')
        try:
            yield address.rsplit("/", 1)[0] + f"/{name}"
        finally:
            _postgres(address, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _postgres(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@contextlib.contextmanager
def folder(kept: Path | None = None) -> Iterator[Path]:
    """A data folder: the one given, which stays, or one that goes away at the end."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="socle-bench-") as name:
        yield Path(name)


def child(module: str, environ: Mapping[str, str], *words: str) -> str:
    """Run `python -m module words…` to its end; gives its standard output."""
    ran = subprocess.run(
        [sys.executable, "-m", module, *words],
        env=dict(environ), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return ran.stdout


def open_here(environ: Mapping[str, str], settings: str = "bench.settings") -> None:
    """Load the house in this very process: once. No other setting of the shell reaches it."""
    for name in [each for each in os.environ if each.startswith("SOCLE_")]:
        del os.environ[name]
    os.environ.update(environ)
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    import django

    django.setup()


def furnish() -> list[dict[str, Any]]:
    """Migrate, apply the demonstration pack, make its people; gives the logins.

    Django is set up. On a furnished house it changes nothing but what the pack changed.
    """
    from socle.config.cli import demo, migrate, packs
    from socle.config.demo import people
    from socle.config.demo.pack import SECTION
    from socle.foundations.accounts.models import User
    from socle.foundations.packs import queries
    from socle.kernel.clock import SYSTEM

    migrate.run()
    packs.apply_folder(demo.demonstration_pack())
    plan = queries.document(queries.current(SECTION.name))
    if not User.objects.exists():
        people.create(plan, SYSTEM.now())
    return people.logins(plan)


def main() -> None:
    """A PostgreSQL server until it is interrupted; its address is said, for `SERVER`."""
    import signal

    with server() as address:
        sys.stdout.write(address + "\n")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, lambda *_given: sys.exit(0))
        signal.pause()


if __name__ == "__main__":
    main()
