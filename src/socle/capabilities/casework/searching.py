"""Finding cases by words, on both databases, without scanning a million rows.

``Case.search_text`` holds folded words separated by single spaces. SQLite indexes it in an FTS5
table kept in step by triggers, PostgreSQL in a GIN index of exact lexemes. Both answer "which cases
hold words beginning with these", which is all an agent's search box needs.
"""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

from django.db import connections

from socle.capabilities.search.text import fold
from socle.kernel import references

CANDIDATES = 20_000
"""Above this many matches a word is common: walking the inbox finds a page sooner. Below, a walk
may take ten times longer, when they are old or elsewhere. SQLite takes 32,766 values at most."""

_WORD = re.compile(r"[^\W_]+")
_REFERENCE_START = re.compile(r"[A-Za-z]{1,6}[ -]?[0-9]{2}(?:[ -]?[0-9A-Za-z]{0,6})?")
_MAX_WORDS = 12
_MAX_STORED = 4_000


def words_of(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return _WORD.findall(fold(text))


def search_text(*parts: str) -> str:
    """What is stored: folded words, each once, separated by single spaces."""
    words = dict.fromkeys(word[:40] for part in parts for word in words_of(part))
    return " ".join(words)[:_MAX_STORED].rstrip()


class Searched(Protocol):
    """What a case is searched by."""

    reference: str
    title: str
    address: str
    contact_name: str
    description: str


def text_of(case: Searched) -> str:
    """What an agent may search a case by."""
    return search_text(
        case.reference, case.title, case.address, case.contact_name, case.description[:2_000]
    )


def reference_prefix(text: str) -> str | None:
    """The stored form of a reference or of its beginning; `None` when the text is neither."""
    whole = references.normalise(text)
    if whole:
        return whole
    if not _REFERENCE_START.fullmatch(text.strip()):
        return None
    bare = re.sub(r"[ -]", "", text).upper()
    prefix = re.split(r"[0-9]", bare, maxsplit=1)[0]
    rest = bare[len(prefix) :]
    return f"{prefix}-{rest[:2]}" + (f"-{rest[2:]}" if len(rest) > 2 else "")


def reference_condition(prefix: str, vendor: str) -> tuple[str, tuple[str, ...]]:
    """A condition that the unique index on the reference serves, on either database."""
    if vendor == "sqlite":
        # LIKE cannot use the index here; references are ASCII, so a range can.
        return '"reference" >= %s AND "reference" < %s', (prefix, prefix + "~")
    return '"reference" LIKE %s', (prefix + "%",)


def match_condition(text: str) -> tuple[str, tuple[str, ...]]:
    """Every word of `text` begins one of the case's: tested row by row."""
    # Words hold letters and digits only: nothing in them means anything to LIKE.
    words = words_of(text)[:_MAX_WORDS]
    one = '("search_text" LIKE %s OR "search_text" LIKE %s)'
    values = tuple(each for word in words for each in (f"{word}%", f"% {word}%"))
    return " AND ".join([one] * len(words)) or "1 = 1", values


def candidates(text: str, using: str = "default", *, most: int | None = None) -> list[int] | None:
    """Ids of the cases that match, or `None` when there are too many to be worth listing: more than
    `most` (default: `CANDIDATES`).
    """
    most = CANDIDATES if most is None else most
    words = [word for word in words_of(text)[:_MAX_WORDS] if len(word) > 1]
    if not words:
        return None
    connection = connections[using]
    query: str
    if connection.vendor == "sqlite":
        query = " AND ".join(f'"{word}"*' for word in words)
        sql = "SELECT rowid FROM casework_words WHERE casework_words MATCH %s LIMIT %s"
    else:
        query = " & ".join(f"{word}:*" for word in words)
        sql = f"SELECT id FROM casework_case WHERE {_LEXEMES} @@ %s::tsquery LIMIT %s"  # noqa: S608
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and _expected(cursor, query) > _SURE * most:
            # Counting so many would take longer than the walk.
            return None
        cursor.execute(sql, [query, most + 1])
        ids = [row[0] for row in cursor.fetchall()]
    return None if len(ids) > most else ids


def _expected(cursor: Any, query: str) -> int:
    """How many cases PostgreSQL thinks match, from its statistics."""
    cursor.execute(
        f"EXPLAIN (FORMAT JSON) SELECT 1 FROM casework_case WHERE {_LEXEMES} @@ %s::tsquery",  # noqa: S608
        [query],
    )
    ((plans,),) = cursor.fetchall()
    found: int = (json.loads(plans) if isinstance(plans, str) else plans)[0]["Plan"]["Plan Rows"]
    return found


_SURE = 2
"""An estimate that many times the limit is beyond it for sure."""

_LEXEMES = "array_to_tsvector(string_to_array(search_text, ' '))"

_SQLITE = (
    """CREATE VIRTUAL TABLE IF NOT EXISTS casework_words USING fts5(
         search_text, content='casework_case', content_rowid='id', detail=none,
         prefix='2 3', tokenize='unicode61 remove_diacritics 0')""",
    """CREATE TRIGGER IF NOT EXISTS casework_words_insert AFTER INSERT ON casework_case BEGIN
         INSERT INTO casework_words(rowid, search_text) VALUES (new.id, new.search_text);
       END""",
    """CREATE TRIGGER IF NOT EXISTS casework_words_delete AFTER DELETE ON casework_case BEGIN
         INSERT INTO casework_words(casework_words, rowid, search_text)
         VALUES ('delete', old.id, old.search_text);
       END""",
    """CREATE TRIGGER IF NOT EXISTS casework_words_update
       AFTER UPDATE OF search_text ON casework_case WHEN old.search_text <> new.search_text BEGIN
         INSERT INTO casework_words(casework_words, rowid, search_text)
         VALUES ('delete', old.id, old.search_text);
         INSERT INTO casework_words(rowid, search_text) VALUES (new.id, new.search_text);
       END""",
)
_POSTGRES = (f"CREATE INDEX IF NOT EXISTS casework_words ON casework_case USING gin ({_LEXEMES})",)


def ensure_index(using: str = "default") -> None:
    """Make the index, or what is missing of it; harmless when it is there.

    Runs after every `migrate`: rebuilding a table on SQLite, as some migrations do, drops its
    triggers without a word. When one was missing, the words are indexed again.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            for statement in _POSTGRES:
                cursor.execute(statement)
            return
        if _sqlite_pieces(cursor) == len(_SQLITE):
            return
        for statement in _SQLITE:
            cursor.execute(statement)
        cursor.execute("INSERT INTO casework_words(casework_words) VALUES ('rebuild')")


def _sqlite_pieces(cursor: Any) -> int:
    cursor.execute(
        "SELECT count(*) FROM sqlite_master WHERE name LIKE 'casework\\_words%%' ESCAPE '\\'"
        " AND (type = 'trigger' OR (type = 'table' AND name = 'casework_words'))"
    )
    return int(cursor.fetchone()[0])
