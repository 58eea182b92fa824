"""What an inbox shows: a typed filter, read from an address or from a saved filter. Pure.

The same names serve the query string (``?statuses=received&statuses=waiting&assignee=me``), the
JSON of a saved filter and the code. A name or a value that is not understood is refused, never
ignored: a filter that silently shows everything is worse than an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, ClassVar, Literal

from django.utils.translation import gettext_lazy as _

from socle.kernel.errors import Invalid

ME: Literal["me"] = "me"
NOBODY: Literal["none"] = "none"
Assignee = Literal["", "me", "none"] | int
Box = tuple[float, float, float, float]

MAX_VALUES = 100
MAX_TEXT = 200

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:\-]{0,99}")
_TRUE, _FALSE, _ANY = {"1", "true", "on"}, {"0", "false", "off"}, {"", "all"}
_MISUNDERSTOOD = _("Cette valeur n’est pas comprise.")


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Which cases. Values of one field are alternatives, fields add up.

    - `kinds`, `services`, `states` (of workflows), `statuses` (public), `categories`, `areas`:
      keys.
    - `open`: `True` (default), `False`, or `None` for both.
    - `teams`, `organisations`: ids. `assignee`: ``me``, ``none``, an id, or empty for anybody.
    - `text`: a reference, the beginning of one, or words (all of them, in any order).
    - `overdue`: only those past their deadline. `news`: only those whose person wrote last.
    - `created_from`, `created_to`: local dates, both included.
    - `bbox`: west, south, east, north, in degrees.
    """

    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    open: bool | None = True
    teams: tuple[int, ...] = ()
    assignee: Assignee = ""
    organisations: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    text: str = ""
    overdue: bool = False
    news: bool = False
    created_from: date | None = None
    created_to: date | None = None
    bbox: Box | None = None

    NAMES: ClassVar[tuple[str, ...]]

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, ignore: Iterable[str] = ()) -> InboxFilter:
        """Read a query string (a mapping of lists or of texts) or the JSON of a saved filter.

        `ignore`: other names the address may carry (``cursor``). Raises `Invalid`, with every field
        that is not understood.
        """
        errors: dict[str, list[Any]] = {}
        values: dict[str, Any] = {}
        for name, raw in data.items():
            if name in ignore:
                continue
            reader = _READERS.get(name)
            if reader is None:
                errors[name] = [_("Ce filtre n’existe pas.")]
                continue
            try:
                values[name] = reader(_as_list(raw))
            except ValueError as error:
                errors[name] = [error.args[0] if error.args else _MISUNDERSTOOD]
        if not errors:
            made = cls(**values)
            if made.created_from and made.created_to and made.created_from > made.created_to:
                errors["created_to"] = [_("La fin précède le début.")]
            else:
                return made
        raise Invalid(_("Ce filtre n’est pas compris."), code="filter", fields=errors)

    def to_json(self) -> dict[str, Any]:
        """What differs from the default, in plain JSON; `parse` reads back an equal filter."""
        found: dict[str, Any] = {}
        for name in self.NAMES:
            value = getattr(self, name)
            if value == getattr(_DEFAULT, name):
                continue
            if isinstance(value, date):
                value = value.isoformat()
            elif isinstance(value, tuple):
                value = list(value)
            elif value is None:
                value = "all"
            found[name] = value
        return found

    def to_query(self) -> list[tuple[str, str]]:
        """Pairs for a query string; `parse` reads them back to an equal filter."""
        pairs: list[tuple[str, str]] = []
        for name, value in self.to_json().items():
            if name == "bbox":
                pairs.append((name, ",".join(repr(each) for each in value)))
            elif isinstance(value, list):
                pairs += [(name, str(each)) for each in value]
            elif isinstance(value, bool):
                pairs.append((name, "1" if value else "0"))
            else:
                pairs.append((name, str(value)))
        return pairs

    def but(self, **changes: Any) -> InboxFilter:
        """The same filter with some fields changed."""
        return replace(self, **changes)

    @property
    def is_default(self) -> bool:
        return self == _DEFAULT


def _as_list(raw: Any) -> list[Any]:
    return list(raw) if isinstance(raw, list | tuple) else [raw]


def _one(values: Sequence[Any]) -> Any:
    if len(values) != 1:
        raise ValueError(_("Une seule valeur est attendue."))
    return values[0]


def _limited(values: list[Any]) -> list[Any]:
    present = [value for value in values if value not in ("", None)]
    if len(present) > MAX_VALUES:
        raise ValueError(_("Trop de valeurs."))
    return present


def _keys(values: list[Any]) -> tuple[str, ...]:
    for value in _limited(values):
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            raise ValueError(_MISUNDERSTOOD)
    return tuple(dict.fromkeys(_limited(values)))


def _id(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", text) or not text.isascii():
        raise ValueError(_MISUNDERSTOOD)
    return int(text)


def _ids(values: list[Any]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_id(value) for value in _limited(values)))


def _choices(*allowed: str) -> Any:
    def read(values: list[Any]) -> tuple[str, ...]:
        found = _keys(values)
        if any(value not in allowed for value in found):
            raise ValueError(_MISUNDERSTOOD)
        return found

    return read


def _flag(values: list[Any]) -> bool:
    value = _one(values)
    text = value.lower() if isinstance(value, str) else value
    if text is True or text in _TRUE:
        return True
    if text is False or text == "" or text in _FALSE:
        return False
    raise ValueError(_MISUNDERSTOOD)


def _open(values: list[Any]) -> bool | None:
    value = _one(values)
    if value is None or (isinstance(value, str) and value.lower() in _ANY):
        return None
    return _flag(values)


def _assignee(values: list[Any]) -> Assignee:
    value = _one(values)
    if value in ("", None):
        return ""
    if value == ME:
        return ME
    if value == NOBODY:
        return NOBODY
    return _id(value)


def _text(values: list[Any]) -> str:
    value = _one(values)
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(_MISUNDERSTOOD)
    if len(value) > MAX_TEXT:
        raise ValueError(_("Cette recherche est trop longue."))
    return " ".join(value.split())


def _day(values: list[Any]) -> date | None:
    value = _one(values)
    if value in ("", None):
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(_("Indiquez une date, par exemple 2026-01-31."))
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(_("Cette date n’existe pas.")) from None


def _bbox(values: list[Any]) -> Box | None:
    if values in ([""], [None], []):
        return None
    parts = str(_one(values)).split(",") if len(values) == 1 else values
    try:
        west, south, east, north = (float(part) for part in parts)
    except (TypeError, ValueError):
        raise ValueError(_("Indiquez ouest, sud, est, nord.")) from None
    # Written so that NaN is refused too.
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError(_("Cette emprise n’est pas sur Terre."))
    return west, south, east, north


_STATUSES = (
    "received", "in_progress", "waiting", "planned", "resolved", "accepted", "refused",
    "not_ours", "closed", "cancelled",
)  # fmt: skip

_READERS: dict[str, Any] = {
    "kinds": _keys,
    "services": _keys,
    "states": _keys,
    "statuses": _choices(*_STATUSES),
    "open": _open,
    "teams": _ids,
    "assignee": _assignee,
    "organisations": _ids,
    "categories": _keys,
    "areas": _keys,
    "text": _text,
    "overdue": _flag,
    "news": _flag,
    "created_from": _day,
    "created_to": _day,
    "bbox": _bbox,
}
InboxFilter.NAMES = tuple(field.name for field in fields(InboxFilter))
_DEFAULT = InboxFilter()
