"""Pure rules about public bodies: their numbers and their opening hours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

_CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")


def is_siren(text: str) -> bool:
    """Nine digits whose Luhn sum is a multiple of ten (INSEE, identifiant SIREN)."""
    if len(text) != 9 or not text.isascii() or not text.isdigit():
        return False
    doubled = (int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(text))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_clock(text: str) -> bool:
    """``HH:MM`` between 00:00 and 24:00."""
    return bool(_CLOCK.match(text))


def readable_hours(hours: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Opening hours as people read them: (« Du lundi au vendredi », « 8 h – 12 h et 13 h – 17 h »).

    `hours` is what `Organisation.opening_hours` holds: ``{"days": [1, 2], "hours": [["08:00",
    "12:00"]]}``, days from 1 (Monday) to 7.
    """
    return [
        (_days(entry["days"]), " ".join(_slots(entry["hours"]))) for entry in hours if entry["days"]
    ]


def is_open(hours: Iterable[Mapping[str, Any]], at: datetime) -> bool:
    """Whether the place is open at a *local* date and time."""
    clock = at.strftime("%H:%M")
    return any(
        at.isoweekday() in entry["days"]
        and any(start <= clock < end for start, end in entry["hours"])
        for entry in hours
    )


def _days(days: Sequence[int]) -> str:
    names = (
        _("lundi"),
        _("mardi"),
        _("mercredi"),
        _("jeudi"),
        _("vendredi"),
        _("samedi"),
        _("dimanche"),
    )
    words = [names[day - 1] for day in sorted(days)]
    if len(days) == 1:
        return _("Le %(day)s") % {"day": words[0]}
    if len(days) > 2 and max(days) - min(days) == len(days) - 1:
        return _("Du %(first)s au %(last)s") % {"first": words[0], "last": words[-1]}
    between = _(", le ")
    return _("Le %(days)s et le %(last)s") % {"days": between.join(words[:-1]), "last": words[-1]}


def _slots(slots: Sequence[Sequence[str]]) -> list[str]:
    texts = [_("%(start)s – %(end)s") % {"start": _hour(a), "end": _hour(b)} for a, b in slots]
    if not texts:
        return [_("fermé")]
    return texts if len(texts) == 1 else [", ".join(texts[:-1]), _("et"), texts[-1]]


def _hour(clock: str) -> str:
    """``08:30`` as « 8 h 30 » (non-breaking spaces)."""
    hour, minute = clock.split(":")
    return _("%(hour)d\u00a0h") % {"hour": int(hour)} + (
        "" if minute == "00" else f"\u00a0{minute}"
    )
