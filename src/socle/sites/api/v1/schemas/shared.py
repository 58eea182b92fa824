"""Types that several operations share. What is sent is read strictly: a number is not a text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from socle.sites.api.v1.operations import N_

StatusName = Literal[
    "received", "in_progress", "waiting", "planned", "resolved", "accepted", "refused",
    "not_ours", "closed", "cancelled",
]  # fmt: skip

KEY = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$"
SLUG = r"^[A-Za-z0-9_-]{1,80}$"
CODE = r"^[A-Za-z0-9-]{1,20}$"
CURSOR = r"^[A-Za-z0-9_-]{1,200}$"
REFERENCE = r"^[A-Za-z0-9 -]{1,20}$"
MOST = 200

KeyText = Annotated[str, StringConstraints(pattern=KEY)]
Slug = Annotated[str, StringConstraints(pattern=SLUG)]
Code = Annotated[str, StringConstraints(pattern=CODE)]
Cursor = Annotated[str, StringConstraints(pattern=CURSOR)]
Reference = Annotated[str, StringConstraints(pattern=REFERENCE)]

_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}):([0-9]{2})(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _instant(value: Any) -> Any:
    """RFC 3339 only. Years when nothing was reported are brought near: databases have bounds."""
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not an instant")
    day, hour, second, fraction, zone = found.groups()
    # A leap second is the last of its minute.
    second = "59" if second == "60" else second
    zone = "+00:00" if zone in "Zz" else zone
    at = datetime.fromisoformat(f"{day}T{hour}:{second}{(fraction or '')[:7]}{zone}")
    try:
        return min(max(at, _FIRST), _LAST).astimezone(UTC)
    except OverflowError:
        return _FIRST if at.year < 2000 else _LAST


def _flag(value: Any) -> Any:
    if value in ("true", "false"):
        return value == "true"
    raise ValueError("neither true nor false")


def _box(value: Any) -> Any:
    parts = value.split(",") if isinstance(value, str) else ()
    if len(parts) != 4 or not all(re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,15})?", p) for p in parts):
        raise ValueError("not a box")
    west, south, east, north = map(float, parts)
    if not (abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90):
        raise ValueError("not on Earth")
    return west, south, east, north


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Flag = Annotated[
    bool, BeforeValidator(_flag), WithJsonSchema({"type": "string", "enum": ["true", "false"]})
]
Box = Annotated[
    tuple[float, float, float, float],
    BeforeValidator(_box),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^-?[0-9]{1,3}(\.[0-9]{1,15})?(,-?[0-9]{1,3}(\.[0-9]{1,15})?){3}$",
            "examples": ["2.0,46.0,2.1,46.1"],
        }
    ),
]


class Sent(BaseModel):
    """What a caller sends. Names that do not exist are refused, never ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, data: Any) -> Any:
        # Databases cannot keep the NUL character; nobody types it.
        if isinstance(data, dict):
            return {
                name: value.replace("\x00", "") if isinstance(value, str) else value
                for name, value in data.items()
            }
        return data


class Asked(BaseModel):
    """The query of a read: texts, turned into what they say."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """What an operation answers."""

    model_config = ConfigDict(extra="forbid")


class Paged(Asked):
    cursor: Annotated[
        Cursor | None,
        Field(description=N_("Position dans la liste, donnée par la page précédente.")),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MOST, description=N_("Nombre d’éléments par page."))] = 50


class Page(Given):
    next: Annotated[str | None, Field(description=N_("Curseur de la page suivante."))]
    previous: Annotated[str | None, Field(description=N_("Curseur de la page précédente."))]


class ProblemError(Given):
    field: str
    pointer: str
    detail: str


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    errors: list[ProblemError] = []
    retry_after: int = 0
