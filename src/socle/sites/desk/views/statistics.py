"""The figures of reports: how many, how long, what waits, what people think, where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET

from socle.capabilities.casework import policies as cases
from socle.capabilities.casework.filters import InboxFilter
from socle.design.filters import number_fr
from socle.domains.reports import statistics
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories import queries as territories
from socle.foundations.territories.models import Organisation
from socle.kernel.clock import SYSTEM, local_date
from socle.kernel.errors import NotFound
from socle.sites.desk import present
from socle.sites.desk.access import actor_of, agents_only
from socle.sites.desk.context import inbox_url

MONTH, QUARTER, YEAR, FREE = "mois", "trimestre", "annee", "dates"
PERIODS = (MONTH, QUARTER, YEAR, FREE)
MAX_DAYS = 3 * 366
BY_DAY, BY_WEEK = 62, 200
"""Days of a period up to which volumes are drawn by day, by week; beyond, by month."""
TABLES = {"categories": "category", "communes": "area", "equipes": "team", "jours": "all"}
"""Tables by the word of their address."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The period and the organisation of a page, both days included."""

    kind: str
    since: date
    until: date
    organisation: Organisation | None
    error: str = ""

    def query(self, **other: str) -> str:
        """The query of an address with the same choices."""
        values = {"periode": self.kind, "du": self.since.isoformat()}
        if self.kind == FREE:
            values["au"] = self.until.isoformat()
        if self.organisation is not None:
            values["organisation"] = self.organisation.slug
        return urlencode(values | other)


def bounds(kind: str, day: date) -> tuple[date, date]:
    """First and last day of the month, quarter or year of a day. Pure."""
    if kind == YEAR:
        return date(day.year, 1, 1), date(day.year, 12, 31)
    months = 3 if kind == QUARTER else 1
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    following = date(
        first.year + (first.month + months > 12), (first.month + months - 1) % 12 + 1, 1
    )
    return first, following - timedelta(days=1)


def _asked(request: HttpRequest, own: Sequence[Organisation]) -> Asked:
    today = local_date(SYSTEM.now(), settings.TIME_ZONE)
    kind = request.GET.get("periode", MONTH)
    kind = kind if kind in PERIODS else MONTH
    begins = _day(request.GET.get("du", "")) or today
    slug = request.GET.get("organisation", "")
    chosen = next((each for each in own if each.slug == slug), None)
    if slug and chosen is None:
        raise NotFound(_("Cette page n’existe pas."))
    if chosen is None and len(own) == 1:
        chosen = own[0]
    if kind != FREE:
        return Asked(kind, *bounds(kind, begins), chosen)
    ends = _day(request.GET.get("au", "")) or today
    if "du" not in request.GET:
        begins = ends - timedelta(days=29)
    if ends < begins:
        return Asked(kind, *bounds(MONTH, today), chosen, _("La fin précède le début."))
    if (ends - begins).days > MAX_DAYS:
        return Asked(kind, *bounds(MONTH, today), chosen, _("Trois ans au plus."))
    return Asked(kind, begins, ends, chosen)


def _day(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and 2000 <= found.year <= 2200 else None


def _own(actor: Actor) -> list[Organisation]:
    scope = cases.scope(actor)
    return [each for each in territories.organisations() if scope is None or each.pk in scope]


@require_GET
@agents_only
def index(request: HttpRequest) -> HttpResponse:
    """Figures of a period, of one organisation or of all the agent's."""
    actor = actor_of(request)
    own = _own(actor)
    asked = _asked(request, own)
    found = statistics.statistics(
        actor,
        since=asked.since,
        until=asked.until,
        organisation_id=asked.organisation.pk if asked.organisation else None,
    )
    today = local_date(SYSTEM.now(), settings.TIME_ZONE)
    grain, columns = _volumes(found.days, asked.since, min(asked.until, today))
    return render(
        request,
        "desk/statistics.html",
        {
            "asked": asked,
            "title": _title(asked),
            "periods": _periods(asked),
            "fields": _fields(asked, own),
            "errors": {"au": [asked.error]} if asked.error else {},
            "previous": _neighbour(asked, -1, today),
            "next": _neighbour(asked, 1, today),
            "figures": _figures(found),
            "grain": grain,
            "received": [{"label": each.label, "value": each.opened} for each in columns],
            "closed": [{"label": each.label, "value": each.closed} for each in columns],
            "ages": _ages(found.backlog),
            "open": found.backlog.open,
            "tables": _tables(found, asked),
            "days_csv": _csv(asked, "jours"),
            "whole_months": asked.kind == FREE
            and (asked.since.day != 1 or asked.until != bounds(MONTH, asked.until)[1]),
            "source": _tiles(asked),
            "tones": {str(key): tone for key, tone in present.STATUS_TONES.items()},
            **present.map_options(),
        },
        status=422 if asked.error else 200,
    )


def _title(asked: Asked) -> str:
    if asked.kind == YEAR:
        return str(asked.since.year)
    if asked.kind == QUARTER:
        return _("T%(n)s %(year)s") % {
            "n": (asked.since.month - 1) // 3 + 1,
            "year": asked.since.year,
        }
    if asked.kind == MONTH:
        return month(asked.since)
    return _("du %(since)s au %(until)s") % {
        "since": asked.since.strftime("%d/%m/%Y"),
        "until": asked.until.strftime("%d/%m/%Y"),
    }


def month(day: date) -> str:
    """« janvier 2027 »."""
    from django.utils.dates import MONTHS

    return f"{MONTHS[day.month]} {day.year}"


def _periods(asked: Asked) -> list[dict[str, Any]]:
    labels = {
        MONTH: _("Mois"), QUARTER: _("Trimestre"), YEAR: _("Année"), FREE: _("Dates libres"),
    }  # fmt: skip
    return [
        {
            "label": labels[kind],
            "href": "?" + Asked(kind, asked.since, asked.until, asked.organisation).query(),
            "current": kind == asked.kind,
        }
        for kind in PERIODS
    ]


def _fields(asked: Asked, own: Sequence[Organisation]) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = []
    if len(own) > 1:
        fields.append(
            {
                "name": "organisation", "label": _("Organisation"), "kind": "select",
                "choices": [("", _("Toutes")), *((each.slug, each.name) for each in own)],
                "value": asked.organisation.slug if asked.organisation else "", "required": False,
            }
        )  # fmt: skip
    if asked.kind == FREE:
        for name, label, day in (("du", _("Du"), asked.since), ("au", _("Au"), asked.until)):
            fields.append(
                {
                    "name": name, "label": label, "kind": "date", "value": day.isoformat(),
                    "required": False,
                    "errors": [asked.error] if asked.error and name == "au" else [],
                }
            )  # fmt: skip
    return fields


def _neighbour(asked: Asked, step: int, today: date) -> str | None:
    """Address of the period before or after; none after today, nor beside free dates."""
    if asked.kind == FREE:
        return None
    edge = asked.since if step < 0 else asked.until
    first, last = bounds(asked.kind, edge + timedelta(days=step))
    if first > today or first.year < 2000:
        return None
    return "?" + Asked(asked.kind, first, last, asked.organisation).query()


def hours(value: float | None) -> str:
    """A delay (hours) as people say it: hours under two days, days beyond."""
    if value is None:
        return "–"
    if value < 48:
        return _("%(n)s h") % {"n": number_fr(round(value))}
    days = round(value / 24, 1 if value < 240 else None)
    return _("%(n)s j") % {"n": number_fr(int(days) if days == int(days) else days)}


def _figures(found: statistics.Statistics) -> list[dict[str, Any]]:
    total, backlog, said = found.total, found.backlog, found.satisfaction
    return [
        {"label": _("Reçus"), "value": number_fr(total.opened), "icon": "inbox"},
        {"label": _("Clos"), "value": number_fr(total.closed), "icon": "check-check",
         "trend": ngettext("%(n)s en retard", "%(n)s en retard", total.late)
         % {"n": number_fr(total.late)} if total.closed else None},
        {"label": _("Délai médian"), "value": hours(total.median), "icon": "timer",
         "trend": _("9 sur 10 en moins de %(n)s") % {"n": hours(total.p90)}
         if total.p90 is not None else None},
        {"label": _("Ouverts aujourd’hui"), "value": number_fr(backlog.open), "icon": "folder-open",
         "href": inbox_url(InboxFilter())},
        {"label": _("En retard aujourd’hui"), "value": number_fr(backlog.overdue),
         "icon": "clock-alert", "tone": "danger" if backlog.overdue else "success",
         "href": inbox_url(InboxFilter(overdue=True))},
        {"label": _("Rouverts"), "value": number_fr(total.reopened), "icon": "rotate-ccw",
         "trend": _share(total.reopened, total.closed)},
        {"label": pgettext("note", "Satisfaction"), "icon": "thumbs-up",
         "value": "–" if said.average is None else number_fr(said.average),
         "unit": None if said.average is None else "/ 5",
         "trend": ngettext("%(n)s avis", "%(n)s avis", said.answers)
         % {"n": number_fr(said.answers)}},
    ]  # fmt: skip


def _share(part: int, whole: int) -> str | None:
    if not whole:
        return None
    return _("%(n)s %% des clos") % {"n": number_fr(round(100 * part / whole, 1))}


def _ages(backlog: statistics.Backlog) -> list[dict[str, Any]]:
    labels = [
        _("Moins d’un jour"), _("Moins d’une semaine"), _("Moins d’un mois"),
        _("Moins de trois mois"), _("Moins d’un an"), _("Plus d’un an"),
    ]  # fmt: skip
    tones = ("success", "success", "info", "warning", "danger", "danger")
    return [
        {"label": label, "value": count, "tone": tone}
        for label, count, tone in zip(labels, backlog.ages, tones, strict=True)
    ]


def _volumes(
    days: Sequence[statistics.Line], since: date, until: date
) -> tuple[str, list[statistics.Line]]:
    """The period's days, weeks or months, those without any report included."""
    length = (until - since).days + 1
    if length <= BY_DAY:
        grain, start = _("par jour"), lambda day: day
    elif length <= BY_WEEK:
        grain, start = _("par semaine"), lambda day: day - timedelta(days=day.weekday())
    else:
        grain, start = _("par mois"), lambda day: day.replace(day=1)
    monthly = length > BY_WEEK
    found: dict[date, statistics.Line] = {}
    for offset in range(max(length, 0)):
        key = start(since + timedelta(days=offset))
        label = key.strftime("%m/%y" if monthly else "%d/%m")
        found.setdefault(key, statistics.Line(key.isoformat(), label))
    for each in days:
        line = found.get(start(date.fromisoformat(each.key)))
        if line is not None:
            line.opened += each.opened
            line.closed += each.closed
    return grain, list(found.values())


def _tables(found: statistics.Statistics, asked: Asked) -> list[dict[str, Any]]:
    titles = {
        "categories": (_("Par catégorie"), _("Catégorie"), "tag"),
        "communes": (_("Par commune"), _("Commune"), "map-pin"),
        "equipes": (_("Par équipe"), _("Équipe"), "users"),
    }
    return [
        {
            "id": word,
            "title": title,
            "heading": heading,
            "icon": icon,
            "csv": _csv(asked, word),
            "rows": [_row(line) for line in found.tables[TABLES[word]]],
        }
        for word, (title, heading, icon) in titles.items()
    ]


def _row(line: statistics.Line) -> dict[str, Any]:
    return {
        "id": line.key or "-",
        "cells": {
            "label": line.label,
            "opened": number_fr(line.opened),
            "closed": number_fr(line.closed),
            "late": number_fr(line.late),
            "reopened": number_fr(line.reopened),
            "median": hours(line.median),
            "p90": hours(line.p90),
        },
    }


def _csv(asked: Asked, word: str) -> str:
    return f"{reverse('desk:statistics-export', args=[word])}?{asked.query()}"


def _tiles(asked: Asked) -> str:
    """Address of the tiles of the public reports of the organisation, as the map fills it."""
    query = f"?organisation={asked.organisation.slug}" if asked.organisation else ""
    return "/api/v1/tiles/reports/{z}/{x}/{y}.mvt" + query


@require_GET
@agents_only
def export(request: HttpRequest, table: str) -> StreamingHttpResponse:
    """One table as CSV, of the same period and organisation."""
    actor = actor_of(request)
    by = TABLES.get(table)
    if by is None:
        raise NotFound(_("Cette page n’existe pas."))
    asked = _asked(request, _own(actor))
    organisation_id = asked.organisation.pk if asked.organisation else None
    # Asked before the first line is sent: out of scope, it is not found.
    statistics.scope(actor, organisation_id)
    lines = statistics.export_csv(
        actor, by=by, since=asked.since, until=asked.until, organisation_id=organisation_id
    )
    # A spreadsheet reads the accents of a file that begins so.
    response = StreamingHttpResponse(_marked(lines), content_type="text/csv; charset=utf-8")
    name = f"signalements-{table}-{asked.since.isoformat()}-{asked.until.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _marked(lines: Any) -> Any:
    yield "\ufeff"
    yield from lines
