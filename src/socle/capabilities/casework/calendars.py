"""`calendar.toml`: when the services work, and which days are public holidays there.

One calendar for the territory; an organisation may have its own hours, holidays and closures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time
from typing import TYPE_CHECKING, Annotated, Literal

from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field

from socle.capabilities.casework.rules.working import (
    OFFICE_HOURS,
    Holidays,
    Span,
    WorkingCalendar,
)
from socle.foundations.packs import queries as packs
from socle.foundations.packs.document import Document, Key
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.registry import Item, Section
from socle.foundations.packs.stamps import Stamped
from socle.foundations.territories.models import Organisation

if TYPE_CHECKING:
    from socle.foundations.packs.context import Context
    from socle.foundations.packs.problems import Problem

NAME = "casework.calendar"

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Region = Literal["", "alsace", "moselle", "alsace-moselle"]
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _hour(value: str) -> str:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", value):
        raise ValueError(_("Indiquez une heure, par exemple 08:30."))
    return value


Hour = Annotated[str, AfterValidator(_hour)]


class Hours(Document):
    """The same span on several days of the week."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)]
    begins: Annotated[Hour, Field(alias="from")]
    ends: Annotated[Hour, Field(alias="to")]


class OwnCalendar(Document):
    """What differs in an organisation; what it does not say is the territory's."""

    organisation: Key
    region: Region | None = None
    hours: tuple[Hours, ...] = ()
    closures: tuple[date, ...] = ()


class Calendar(Document):
    region: Region = ""
    """Where two more public holidays are kept (Good Friday, 26 December)."""
    hours: tuple[Hours, ...] = ()
    """Empty: Monday to Friday, 9:00–12:00 and 14:00–17:00."""
    closures: tuple[date, ...] = ()
    """Days on which everything is closed, besides public holidays."""
    organisations: Annotated[tuple[OwnCalendar, ...], Field(alias="organisation")] = ()


def _check(item: Item[Calendar], context: Context) -> Iterator[Problem]:
    document = item.document
    yield from _check_hours(item, document.hours, ("hours",))
    seen: set[str] = set()
    for index, own in enumerate(document.organisations):
        path = ("organisation", index)
        yield from context.known(item, "organisation", own.organisation, *path, "organisation")
        if own.organisation in seen:
            message = _("« %(name)s » est déclaré deux fois.") % {"name": own.organisation}
            yield item.problem(message, *path, "organisation")
        seen.add(own.organisation)
        yield from _check_hours(item, own.hours, (*path, "hours"))


def _check_hours(
    item: Item[Calendar], hours: tuple[Hours, ...], path: tuple[str | int, ...]
) -> Iterator[Problem]:
    taken: dict[str, list[tuple[str, str]]] = {}
    for index, each in enumerate(hours):
        if each.begins >= each.ends:
            yield item.problem(_("La fin précède le début."), *path, index, "to")
            continue
        for day in each.days:
            spans = taken.setdefault(day, [])
            if any(each.begins < end and begin < each.ends for begin, end in spans):
                message = _("Ces heures en recouvrent d’autres.")
                yield item.problem(message, *path, index, "from")
            spans.append((each.begins, each.ends))


SECTION = Section(
    name=NAME,
    where=".",
    parts=(Toml("calendar.toml"),),
    model=Calendar,
    check=_check,
    after=("territory",),
)


def _spans(hours: tuple[Hours, ...]) -> dict[int, tuple[Span, ...]]:
    found: dict[int, list[Span]] = {}
    for each in hours:
        span = (_time(each.begins), _time(each.ends))
        for day in each.days:
            found.setdefault(_DAYS.index(day), []).append(span)
    return {day: tuple(sorted(spans)) for day, spans in found.items()}


def _time(text: str) -> time:
    return time.min if text == "24:00" else time.fromisoformat(text)


def calendar_from(document: Calendar, slug: str = "", tz: str = "") -> WorkingCalendar:
    """The working calendar of an organisation, or of the territory without `slug`."""
    own = next((each for each in document.organisations if each.organisation == slug), None)
    hours = own.hours if own and own.hours else document.hours
    region = document.region if own is None or own.region is None else own.region
    closures = {*document.closures, *(own.closures if own else ())}
    return WorkingCalendar(
        hours=_spans(hours) if hours else dict(OFFICE_HOURS),
        holidays=Holidays(region),
        closures=frozenset(closures),
        tz=tz or settings.TIME_ZONE,
    )


def _load() -> dict[int | None, WorkingCalendar]:
    revision = packs.current(NAME)
    document = Calendar() if revision is None else packs.document(revision)
    slugs = [each.organisation for each in document.organisations]
    ids = dict(Organisation.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    found: dict[int | None, WorkingCalendar] = {None: calendar_from(document)}
    for slug, pk in ids.items():
        found[pk] = calendar_from(document, slug)
    return found


_calendars = Stamped(_load)


def calendar_of(organisation_id: int | None) -> WorkingCalendar:
    """The working calendar of an organisation, as the pack in force declares it. No query, warm."""
    known = _calendars.get()
    return known.get(organisation_id, known[None])
