"""The files that make an item. Each part reads its file into plain values with their positions.

`field` is the name of the part in the item's document; empty: the file *is* the document (its
fields are the document's own). Several parts with an empty field are merged.
"""

from __future__ import annotations

import json
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path as File
from typing import Any

from django.utils.translation import gettext as _
from pydantic import BaseModel

from . import csv_reading, json_positions, sentences, toml_positions
from .problems import Place, Problem, suggestion
from .registry import Path
from .source import Source, Unreadable, read, relative

Locate = Callable[[Path, bool, int], Place | None]
"""(path, of the key?, offset in the text) → its place; None when the path is not in the file."""


@dataclass(frozen=True)
class Parsed:
    """The plain value of a part (JSON types) and where things are."""

    value: Any
    locate: Locate
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """`file`: name relative to the item's folder (a pattern for `Texts`)."""

    file: str
    field: str = ""
    required: bool = True

    def matches(self, folder: File) -> list[File]:
        """The files of this part that stand in an item's folder (or the item's own file)."""
        path = folder / self.file if self.file else folder
        return [path] if path.is_file() or path.is_symlink() else []

    def parse(self, root: File, files: list[File]) -> Parsed:
        """Read the part. Raises `Unreadable` when no value can be made of it."""
        return self.parse_source(read(root, files[0]))

    def parse_source(self, source: Source) -> Parsed:
        raise NotImplementedError


@dataclass(frozen=True)
class Toml(Part):
    """A TOML file."""

    def parse_source(self, source: Source) -> Parsed:
        value = plain(_toml(source))
        return Parsed(
            value, _by_marks(source, toml_positions.marks(source.text)), (), (source.file,)
        )


@dataclass(frozen=True)
class Json(Part):
    """A JSON or GeoJSON file. Positions are kept down to `depth` levels."""

    depth: int = 6

    def parse_source(self, source: Source) -> Parsed:
        try:
            value = json.loads(source.text)
        except json.JSONDecodeError as error:
            sentence = sentences.of_json(error.msg)
            raise Unreadable(source.problem(sentence, error.pos)) from None
        except RecursionError:
            raise Unreadable(source.problem(_("Ce fichier est trop imbriqué."))) from None
        try:
            found = json_positions.marks(source.text, self.depth)
        except json_positions.DuplicateKey as error:
            message = _("« %(name)s » est écrit deux fois.") % {"name": error.name}
            raise Unreadable(source.problem(message, error.offset)) from None
        return Parsed(value, _by_marks(source, found), (), (source.file,))


@dataclass(frozen=True)
class Csv(Part):
    """A CSV file in UTF-8 with a header line; gives a list of rows.

    Cells take the type of `row`'s fields: numbers and booleans (`true`/`false`) are converted,
    lists are split on ``|``, an empty cell leaves the field at its default.
    """

    row: type[BaseModel] = BaseModel
    delimiter: str = ","

    def parse_source(self, source: Source) -> Parsed:
        try:
            records = list(csv_reading.records(source.text, self.delimiter))
        except csv_reading.UnclosedQuote as error:
            sentence = _("Un guillemet ouvert ici n’est jamais refermé.")
            raise Unreadable(source.problem(sentence, error.offset)) from None
        if not records:
            raise Unreadable(
                source.problem(_("Ce fichier est vide : il manque la ligne d’en-tête."))
            )
        header, *rows = records
        problems = self._check_header(source, header)
        if problems:
            raise Unreadable(problems[0]) if len(problems) == 1 else UnreadableMany(problems)
        kinds = {name: _cell_kind(field.annotation) for name, field in self._columns().items()}
        columns = [cell.text.strip() for cell in header]
        values: list[dict[str, Any]] = []
        cells: dict[Path, int] = {}
        for index, row in enumerate(rows):
            cells[(index,)] = row[0].offset
            if len(row) != len(columns):
                problems.append(
                    source.problem(
                        _("Cette ligne a %(found)d cellules ; l’en-tête en a %(expected)d.")
                        % {"found": len(row), "expected": len(columns)},
                        row[0].offset,
                    )
                )
                continue
            value: dict[str, Any] = {}
            for name, cell in zip(columns, row, strict=True):
                cells[(index, name)] = cell.offset
                text = cell.text.strip()
                if text:
                    value[name] = _cell(text, kinds[name])
            values.append(value)
        if problems:
            raise UnreadableMany(problems)

        def locate(path: Path, of_key: bool, offset: int) -> Place | None:
            if not path:
                return source.place()
            found = cells.get(path[:2])
            return None if found is None else source.place(found)

        return Parsed(values, locate, (), (source.file,))

    def _columns(self) -> dict[str, Any]:
        return {f.alias or name: f for name, f in self.row.model_fields.items()}

    def _check_header(self, source: Source, header: list[csv_reading.Cell]) -> list[Problem]:
        known = self._columns()
        if len(header) == 1 and header[0].text.strip() not in known:
            return [
                source.problem(
                    _("Une seule colonne trouvée : le séparateur attendu est « %(char)s ».")
                    % {"char": self.delimiter}
                )
            ]
        problems, seen = [], set()
        for cell in header:
            name = cell.text.strip()
            if name in seen:
                message = _("La colonne « %(name)s » apparaît deux fois.") % {"name": name}
                problems.append(source.problem(message, cell.offset))
            elif name not in known:
                message = _("Colonne inconnue « %(name)s ».") % {"name": name}
                problems.append(source.problem(message + suggestion(name, known), cell.offset))
            seen.add(name)
        for name, column in known.items():
            if column.is_required() and name not in seen:
                message = _("Il manque la colonne « %(name)s ».") % {"name": name}
                problems.append(source.problem(message))
        return problems


class UnreadableMany(Unreadable):
    """Several problems at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(problems[0])


@dataclass(frozen=True)
class Texts(Part):
    """Text files of a pattern (``letters/*.md``): a dict of texts by file name without suffix."""

    required: bool = False

    def matches(self, folder: File) -> list[File]:
        return sorted(
            path
            for path in folder.glob(self.file)
            if not path.name.startswith(".") and path.name != "README.md"
        )

    def parse(self, root: File, files: list[File]) -> Parsed:
        sources = {path.stem: read(root, path) for path in files}

        def locate(path: Path, of_key: bool, offset: int) -> Place | None:
            source = sources.get(str(path[0])) if path else next(iter(sources.values()), None)
            if source is None:
                return None
            if not offset:
                return source.place()
            # Documents strip their texts: the offset counts from the first visible character.
            return source.place(offset + len(source.text) - len(source.text.lstrip()))

        texts = {name: source.text for name, source in sources.items()}
        return Parsed(texts, locate, (), tuple(relative(root, path) for path in files))


@dataclass(frozen=True)
class Page(Part):
    """A Markdown file with an optional TOML heading between two ``+++`` lines.

    Gives the heading's fields and `body`, the text after it.
    """

    def parse_source(self, source: Source) -> Parsed:
        heading, body_at = Source(source.file, ""), 0
        if source.text.startswith("+++\n"):
            end = source.text.find("\n+++", 3)
            if end < 0:
                message = _("L’en-tête ouvert par « +++ » n’est jamais refermé.")
                raise Unreadable(source.problem(message))
            heading = Source(source.file, source.text[4 : end + 1], 2)
            newline = source.text.find("\n", end + 1)
            body_at = len(source.text) if newline < 0 else newline + 1
        value = plain(_toml(heading))
        if "body" in value:
            raise Unreadable(
                source.problem(_("« body » est le texte : il ne s’écrit pas en en-tête."))
            )
        value["body"] = source.text[body_at:].strip()
        body_at += len(source.text[body_at:]) - len(source.text[body_at:].lstrip())
        in_heading = _by_marks(heading, toml_positions.marks(heading.text))

        def locate(path: Path, of_key: bool, offset: int) -> Place | None:
            if not path:
                return source.place()
            return (
                source.place(body_at + offset)
                if path == ("body",)
                else in_heading(path, of_key, offset)
            )

        return Parsed(value, locate, (), (source.file,))


def plain(value: Any) -> Any:
    """TOML values as JSON has them: dates and times become ISO 8601 texts."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date | time) else value


def _toml(source: Source) -> dict[str, Any]:
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        message, line, column = sentences.of_toml(error)
        lines = source.text.split("\n")
        if line:
            offset = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
        else:
            opened = toml_positions.unclosed(source.text)
            offset = len(source.text.rstrip()) if opened is None else opened
        raise Unreadable(source.problem(message, offset)) from None
    except RecursionError:
        raise Unreadable(source.problem(_("Ce fichier est trop imbriqué."))) from None


def _by_marks(source: Source, found: Mapping[Path, toml_positions.Mark]) -> Locate:
    def locate(path: Path, of_key: bool, offset: int) -> Place | None:
        mark = found.get(path)
        if mark is None:
            return None
        if of_key:
            return source.place(mark.key)
        if offset and source.text[mark.start : mark.start + 1] in {'"', "'"}:
            places = toml_positions.string_offsets(source.text, mark.start)
            # Documents strip their texts: the offset counts from the first visible character.
            text = source.text[places[0] : places[-1]]
            return source.place(
                places[min(offset + len(text) - len(text.lstrip()), len(places) - 1)]
            )
        return source.place(mark.start)

    return locate


def _cell_kind(annotation: Any) -> str:
    """What a cell of that type is made of: ``int``, ``float``, ``bool``, ``list`` or ``str``."""
    origin = typing.get_origin(annotation)
    if origin in (tuple, list, frozenset, set):
        return "list"
    if origin in (typing.Union, types.UnionType):
        kinds = {_cell_kind(each) for each in typing.get_args(annotation)} - {"str"}
        return kinds.pop() if len(kinds) == 1 else "str"
    return annotation.__name__ if annotation in (int, float, bool) else "str"


def _cell(text: str, kind: str) -> Any:
    """The cell as a value of that kind; as text when it is not one, for the model to refuse."""
    if kind == "list":
        return [part.strip() for part in text.split("|") if part.strip()]
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
    except ValueError:
        return text
    return text
