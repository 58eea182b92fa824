"""`--map FILE.toml`: how the columns of somebody else's file become reports."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from pydantic import Field, ValidationError

from socle.foundations.packs.document import Document, Key
from socle.kernel.errors import Invalid


class Columns(Document):
    """Names of the file's columns; only these two plus a place and a category are needed."""

    created: str
    category: str
    lon: str
    lat: str
    id: str = ""
    """Without one, a report is known by its line's content."""
    status: str = ""
    closed: str = ""
    description: str = ""
    address: str = ""


class Mapping(Document):
    source: Key
    """Name of the old system: with the id, it makes an import repeatable."""
    encoding: str = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    columns: Columns
    date_formats: tuple[str, ...] = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y", "%d/%m/%Y %H:%M")
    timezone: str = "Europe/Paris"
    decimal_comma: bool = False
    categories: dict[str, str]
    """Their category → ours; `"*"` takes all others."""
    statuses: dict[str, str] = {}
    """Their status → one of the workflow's states; `"*"` takes all others and an absent column."""

    def parse_date(self, text: str) -> datetime:
        """An instant in UTC; a date alone is noon there, so that no zone moves it to another day."""
        for pattern in self.date_formats:
            try:
                naive = datetime.strptime(text, pattern)  # noqa: DTZ007 -- zone applied below
            except ValueError:
                continue
            if "%H" not in pattern:
                naive = naive.replace(hour=12)
            return naive.replace(tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)
        raise ValueError(text)


def load(path: Path) -> Mapping:
    """Read a mapping file. Raises Invalid with a sentence for each mistake."""
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise Invalid(
            _("Le fichier de correspondance %(path)s n’existe pas.") % {"path": path.name}
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name} : {error}") from error
    except ValidationError as error:
        lines = [
            f"{path.name} : {'.'.join(map(str, each['loc']))} : {each['msg']}"
            for each in error.errors()
        ]
        raise Invalid("\n".join(lines)) from error
