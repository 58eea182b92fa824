"""`--map FILE.toml`: how the columns of somebody else's file become reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _
from pydantic import Field, ValidationError

from socle.foundations.packs import sentences
from socle.foundations.packs.document import Document, Key
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.problems import Place
from socle.foundations.packs.source import Unreadable
from socle.kernel.errors import Invalid

_HOURS = ("%H", "%I", "%X", "%c", "%s", "%T", "%R")


class Columns(Document):
    """Names of the file's columns; a date, a category and a place are needed."""

    created: str
    category: str
    lon: str
    lat: str
    id: str = ""
    """Without one, a report is known by what its line says."""
    status: str = ""
    closed: str = ""
    description: str = ""
    address: str = ""

    def used(self) -> dict[str, str]:
        """Our name → the file's, of the columns there are."""
        return {ours: theirs for ours, theirs in self.model_dump().items() if theirs}


@dataclass(frozen=True, slots=True)
class Moment:
    """A date read from a file, in UTC. `whole_day`: the file gave no hour."""

    at: datetime
    whole_day: bool


class Mapping(Document):
    source: Key
    """Name of the old system: with the id, it makes an import repeatable."""
    encoding: str = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    columns: Columns
    date_formats: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "%Y-%m-%d",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%d/%m/%Y",
        "%d/%m/%Y %H:%M",
    )
    timezone: str = "Europe/Paris"
    decimal_comma: bool = False
    categories: dict[str, str]
    """Their category → ours; `"*"` takes all others."""
    statuses: dict[str, str] = {}
    """Their status → one of the workflow's states; `"*"` takes all others and an absent column."""

    def parse_date(self, text: str) -> Moment:
        """An instant in UTC; a date alone is noon there: no zone moves it to another day.

        Raises ValueError. An hour the spring change skips is taken as the next one.
        """
        for pattern in self.date_formats:
            try:
                read = datetime.strptime(text, pattern)  # noqa: DTZ007 -- zone applied below
            except ValueError:
                continue
            whole_day = not any(hour in pattern for hour in _HOURS)
            if whole_day:
                read = read.replace(hour=12)
            if read.tzinfo is None:
                read = read.replace(tzinfo=ZoneInfo(self.timezone))
            if not 1900 <= read.year <= 2200:
                raise ValueError(text)
            return Moment(read.astimezone(UTC), whole_day)
        raise ValueError(text)


def load(path: Path) -> Mapping:
    """Read a mapping file. Raises Invalid with the line and a sentence for each mistake."""
    if not path.is_file():
        raise Invalid(
            _("Le fichier de correspondance %(path)s n’existe pas.") % {"path": path.name}
        )
    try:
        parsed = Toml(path.name).parse(path.parent, [path])
    except Unreadable as error:
        raise Invalid(str(error.problem)) from error
    try:
        mapping = Mapping.model_validate(parsed.value)
    except ValidationError as error:
        known = frozenset(Mapping.model_fields) | frozenset(Columns.model_fields)
        raise Invalid(
            "\n".join(
                _line(
                    path,
                    parsed.locate(each["loc"], each["type"] == "extra_forbidden", 0)
                    or parsed.locate(each["loc"][:-1], False, 0),
                    f"{'.'.join(map(str, each['loc']))} : {sentences.of_pydantic(each, known)}",
                )
                for each in error.errors()
            )
        ) from error
    wrong = [
        _line(path, parsed.locate((name,), False, 0), sentence)
        for name, sentence in _mistakes(mapping)
    ]
    if wrong:
        raise Invalid("\n".join(wrong))
    return mapping


def _line(path: Path, place: Place | None, sentence: str) -> str:
    return f"{path.name}:{place.line if place else 1} : {sentence}"


def _mistakes(mapping: Mapping) -> list[tuple[str, str]]:
    """What types cannot see of a mapping: (name of the value, sentence)."""
    found: list[tuple[str, str]] = []
    if not _is_text_encoding(mapping.encoding):
        found.append(
            ("encoding", _("L’encodage « %(name)s » n’existe pas.") % {"name": mapping.encoding})
        )
    if mapping.delimiter in '"\r\n\\':
        found.append(("delimiter", _("Ce caractère ne peut pas séparer des colonnes.")))
    try:
        ZoneInfo(mapping.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.append(
            ("timezone", _("Le fuseau « %(name)s » n’existe pas.") % {"name": mapping.timezone})
        )
    # A day on which every part of a date has another value.
    sample = datetime(2034, 11, 25, 22, 47, 58, tzinfo=UTC)
    for pattern in mapping.date_formats:
        try:
            read: Any = datetime.strptime(sample.strftime(pattern), pattern)  # noqa: DTZ007
            right = (read.year, read.month, read.day) == (2034, 11, 25)
        except ValueError:
            right = False
        if not right:
            found.append(
                (
                    "date_formats",
                    _("« %(format)s » ne dit pas une date entière. Exemple : %%d/%%m/%%Y.")
                    % {"format": pattern},
                )
            )
    if not mapping.categories:
        found.append(("categories", _("Indiquez vos catégories, ou « * » pour toutes.")))
    return found


def _is_text_encoding(name: str) -> bool:
    try:
        "é".encode(name, "replace")
    except (LookupError, ValueError):
        return False
    return True
