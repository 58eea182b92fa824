"""For tests: emptying the database between two tests is the one removal the journal
lets through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.operations import BaseDatabaseOperations

from socle.foundations.journal import triggers


@contextmanager
def emptiable() -> Iterator[None]:
    """Inside, Django's ``flush`` lifts the journal's guards while it empties the tables."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def lifting(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        if any(triggers.TABLE in str(statement) for statement in sql_list):
            with triggers.lifted(self.connection):
                flush(self, sql_list)
        else:
            flush(self, sql_list)

    BaseDatabaseOperations.execute_sql_flush = lifting  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        BaseDatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
