"""Filling tables fast: without their indexes, their triggers and the journal of the database.

Only for houses made to be measured: a process that dies meanwhile leaves a database to throw away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

TABLES = (
    "casework_case", "casework_caseevent", "reports_publicreport", "reports_reportcount",
)  # fmt: skip


@contextlib.contextmanager
def bare_tables() -> Iterator[None]:
    """Drop what slows writing to `TABLES` down, put it back at the end, and gather statistics."""
    from django.db import connection

    from socle.capabilities.casework import searching

    sqlite = connection.vendor == "sqlite"
    marks = ", ".join(["%s"] * len(TABLES))
    with connection.cursor() as cursor:
        if sqlite:
            for pragma in (
                "foreign_keys=OFF", "synchronous=OFF", "journal_mode=OFF", "cache_size=-1000000",
                "threads=2",
            ):  # fmt: skip
                cursor.execute(f"PRAGMA {pragma}")
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                f" AND tbl_name IN ({marks})", TABLES,
            )  # fmt: skip
            indexes = cursor.fetchall()
            for event in ("insert", "delete", "update"):
                cursor.execute(f"DROP TRIGGER IF EXISTS casework_words_{event}")
        else:
            # Foreign keys are checked by triggers, which a replica does not run.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET maintenance_work_mem = '768MB'")
            cursor.execute("SET synchronous_commit = off")
            cursor.execute(
                "SELECT i.relname, pg_get_indexdef(x.indexrelid) FROM pg_index x"
                " JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid"
                f" WHERE t.relname IN ({marks}) AND NOT EXISTS"
                " (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid)", TABLES,
            )  # fmt: skip
            indexes = cursor.fetchall()
        for name, _statement in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        for _name, statement in indexes:
            cursor.execute(statement)
        if sqlite:
            searching.ensure_index()
            cursor.execute("PRAGMA optimize")
        else:
            for table in ("casework_case", "casework_caseevent"):
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                    f" (SELECT max(id) FROM {table}))"
                )
            cursor.execute("VACUUM ANALYZE")
    # The next connection has the house's own settings.
    connection.close()


def insert(
    table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]], same: dict[str, Any]
) -> None:
    """Rows of plain values, in the order of `names`; `same`: columns that do not change.

    Texts hold no tab, newline or backslash; instants are texts, in UTC.
    """
    from django.db import connection

    columns = ", ".join(f'"{name}"' for name in (*names, *same))
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        marks = ", ".join([*["?"] * len(names), *(_literal(each) for each in same.values())])
        connection.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        return
    rest = "".join("\t" + _copied(each) for each in same.values()) + "\n"
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write("\t".join([r"\N" if each is None else str(each) for each in row]) + rest)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(int(value))


def _copied(value: Any) -> str:
    if value is None:
        return r"\N"
    return value if isinstance(value, str) else str(int(value))
