"""The files that make an item. Each part reads its file into plain values with their positions.

`field` is the name of the part in the item's document; empty: the file *is* the document (its fields
are the document's own). Several parts with an empty field are merged.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel


@dataclass(frozen=True)
class Part:
    """`file`: name relative to the item's folder (may contain ``*`` for `Texts`)."""

    file: str
    field: str = ""
    required: bool = True


@dataclass(frozen=True)
class Toml(Part):
    """A TOML file."""


@dataclass(frozen=True)
class Json(Part):
    """A JSON or GeoJSON file."""


@dataclass(frozen=True)
class Csv(Part):
    """A CSV file in UTF-8 with a header line; gives a list of rows.

    Cells take the type of `row`'s fields: numbers and booleans (`true`/`false`) are converted, lists
    are split on ``|``, an empty cell leaves the field at its default.
    """

    row: type[BaseModel] = BaseModel
    delimiter: str = ","


@dataclass(frozen=True)
class Texts(Part):
    """Text files matching a pattern (``letters/*.md``): a dict of texts by file name without suffix."""

    required: bool = False


@dataclass(frozen=True)
class Page(Part):
    """A Markdown file with an optional TOML heading between two ``+++`` lines.

    Gives the heading's fields and `body`, the text after it.
    """
