"""Volumes, delays, backlog, reopening, satisfaction: by commune, category and team.

What is past is counted once a night over all reports (`count_all`), in one reading; what is open is
counted when it is asked, from indexes. Delays are kept as slices of hours, so that medians of any
period come from a few numbers: exact to the width of a slice.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Avg, Count, F, Q
from django.utils.translation import gettext as _

from socle.capabilities.casework import policies as cases
from socle.capabilities.casework.events import CaseReopened
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications import actions as notifications
from socle.domains.reports import policies
from socle.domains.reports.models import Feedback, ReportFigure
from socle.foundations.accounts.actors import Actor
from socle.foundations.accounts.models import Membership, Team
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, Clock, local_date, local_day_bounds
from socle.kernel.errors import NotFound

SLICES = (
    1, 2, 4, 8, 16, 24, 36, 48, 72, 96, 120, 168, 240, 336, 504, 720, 1080, 1440, 2160, 4320, 8760,
)  # fmt: skip
"""Upper bounds, in hours, of the slices of delays; the last slice has none."""
AGES = (1, 7, 30, 90, 365)
"""Upper bounds, in days, of the slices of the backlog's age; the last has none."""
BYS = ("category", "area", "team")

Key = tuple[int, str, str, date]


@dataclass(slots=True)
class Line:
    """Figures of one category, commune, team or period. Delays in hours, None without any."""

    key: str
    label: str = ""
    opened: int = 0
    closed: int = 0
    late: int = 0
    reopened: int = 0
    delays: list[int] = field(default_factory=lambda: [0] * (len(SLICES) + 1))

    def add(self, row: Mapping[str, Any]) -> None:
        self.opened += row["opened"]
        self.closed += row["closed"]
        self.late += row["late"]
        self.reopened += row["reopened"]
        for index, count in enumerate(row["delays"]):
            self.delays[index] += count

    @property
    def median(self) -> float | None:
        return quantile(self.delays, 0.5)

    @property
    def p90(self) -> float | None:
        return quantile(self.delays, 0.9)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is open now. `ages`: how many by slice of `AGES`; `overdue`: past their deadline."""

    open: int
    overdue: int
    ages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Satisfaction:
    answers: int
    average: float | None


@dataclass(frozen=True)
class Statistics:
    """What is known of a period, both days included. `until`: figures are of the night before."""

    since: date
    until: date
    total: Line
    days: list[Line]
    tables: Mapping[str, list[Line]]
    backlog: Backlog
    satisfaction: Satisfaction


def quantile(delays: Sequence[int], share: float) -> float | None:
    """The delay (hours) under which that share was closed, within the width of a slice."""
    total = sum(delays)
    if not total:
        return None
    wanted, seen = share * total, 0
    for index, count in enumerate(delays):
        if count and seen + count >= wanted:
            low = SLICES[index - 1] if index else 0
            high = SLICES[index] if index < len(SLICES) else SLICES[-1] * 2
            return round(low + (high - low) * (wanted - seen) / count, 1)
        seen += count
    return float(SLICES[-1])


def scope(actor: Actor, organisation_id: int | None) -> list[int]:
    """The organisations whose figures are asked: one, or all those of the actor.

    Raises `NotFound` for one that is not theirs, or when they have none.
    """
    if organisation_id is not None:
        if not policies.can_see_statistics(actor, organisation_id):
            raise NotFound()
        return [organisation_id]
    wanted = cases.scope(actor)
    if wanted is None:
        return [each.pk for each in territories.organisations()]
    if not wanted:
        raise NotFound()
    return sorted(wanted)


def statistics(
    actor: Actor,
    *,
    since: date,
    until: date,
    organisation_id: int | None = None,
    clock: Clock = SYSTEM,
) -> Statistics:
    """Figures of a period, for one organisation or all those the actor sees.

    Tables by category, commune and team count whole months. Eight queries, whatever the number of
    reports. Raises `NotFound` out of scope.
    """
    wanted = scope(actor, organisation_id)
    month = since.replace(day=1)
    total, days = Line(""), dict[str, Line]()
    tables: dict[str, dict[str, Line]] = {by: {} for by in BYS}
    rows = ReportFigure.objects.filter(organisation_id__in=wanted, day__lte=until).filter(
        Q(by="all", day__gte=since) | Q(by__in=BYS, day__gte=month)
    )
    for row in (
        rows.values("by", "key", "day", "opened", "closed", "late", "reopened", "delays")
        .order_by("day", "pk")
        .iterator(chunk_size=5000)
    ):
        if row["by"] == "all":
            total.add(row)
            day = row["day"].isoformat()
            days.setdefault(day, Line(day, day)).add(row)
        else:
            tables[row["by"]].setdefault(row["key"], Line(row["key"])).add(row)
    _label(tables)
    ordered = {
        by: sorted(lines.values(), key=lambda line: (-line.opened, line.label))
        for by, lines in tables.items()
    }
    return Statistics(
        since, until, total, list(days.values()), ordered,
        _backlog(wanted, clock.now()), _satisfaction(wanted, since, until),
    )  # fmt: skip


def _label(tables: Mapping[str, Mapping[str, Line]]) -> None:
    from socle.domains.reports import queries

    for key, line in tables["category"].items():
        line.label = queries.category_label(key)
    areas = {each.code: each.name for each in territories.areas("commune")}
    for key, line in tables["area"].items():
        line.label = areas.get(key, key or _("Sans lieu"))
    ids = [int(key) for key in tables["team"] if key]
    teams = dict(Team.objects.filter(pk__in=ids).values_list("pk", "name"))
    for key, line in tables["team"].items():
        line.label = teams.get(int(key), key) if key else _("Sans équipe")


def _backlog(wanted: Sequence[int], now: datetime) -> Backlog:
    """From the indexes of the inbox and of deadlines: no row is read."""
    rows = Case.objects.filter(organisation_id__in=wanted, is_open=True)
    edges = [now - timedelta(days=days) for days in AGES]
    counts = {
        f"age_{index}": Count("pk", filter=Q(created_at__gte=edge))
        for index, edge in enumerate(edges)
    }
    found = rows.aggregate(open=Count("pk"), **counts)
    younger = [found[f"age_{index}"] for index in range(len(edges))]
    ages, before = [], 0
    for count in [*younger, found["open"]]:
        ages.append(count - before)
        before = count
    overdue = rows.filter(due_at__lt=now).count()
    return Backlog(found["open"], overdue, tuple(ages))


def _satisfaction(wanted: Sequence[int], since: date, until: date) -> Satisfaction:
    start = local_day_bounds(since, settings.TIME_ZONE)[0]
    end = local_day_bounds(until, settings.TIME_ZONE)[1]
    found = Feedback.objects.filter(
        organisation_id__in=wanted, at__gte=start, at__lt=end
    ).aggregate(n=Count("pk"), average=Avg("score"))
    average = found["average"]
    return Satisfaction(found["n"], None if average is None else round(float(average), 2))


def export_csv(
    actor: Actor, *, by: str, since: date, until: date, organisation_id: int | None = None
) -> Iterator[str]:
    """A table (`category`, `area`, `team`) or the days (`all`) as CSV lines, headings first.

    Cells that a spreadsheet would take for a formula are made plain texts.
    """
    found = statistics(actor, since=since, until=until, organisation_id=organisation_id)
    lines = found.days if by == "all" else found.tables.get(by)
    if lines is None:
        raise NotFound()
    yield _csv(
        [
            _("clé"), _("nom"), _("reçus"), _("clos"), _("clos en retard"), _("rouverts"),
            _("délai médian (h)"), _("délai au 9e décile (h)"),
        ]
    )  # fmt: skip
    for line in lines:
        yield _csv(
            [
                line.key, line.label, line.opened, line.closed, line.late, line.reopened,
                "" if line.median is None else line.median,
                "" if line.p90 is None else line.p90,
            ]
        )  # fmt: skip


def _csv(cells: Iterable[object]) -> str:
    stream = io.StringIO()
    safe = [
        f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
        for cell in cells
    ]
    csv.writer(stream, delimiter=";", lineterminator="\r\n").writerow(safe)
    return stream.getvalue()


def count_all(*, chunk: int = 20_000) -> int:
    """Count every report again, in one reading; write what changed. Gives how many lines did.

    Reopenings are left as they are: they were counted when they happened.
    """
    found = _read_all(chunk)
    changed: list[ReportFigure] = []
    for row in ReportFigure.objects.order_by("pk").iterator(chunk_size=5000):
        line = found.pop((row.organisation_id, row.by, row.key, row.day), None) or Line("")
        counted = (line.opened, line.closed, line.late, _trimmed(line.delays))
        if counted != (row.opened, row.closed, row.late, row.delays):
            row.opened, row.closed, row.late, row.delays = counted
            changed.append(row)
    fresh = [
        ReportFigure(
            organisation_id=organisation_id, by=by, key=key, day=day, opened=line.opened,
            closed=line.closed, late=line.late, delays=_trimmed(line.delays),
        )
        for (organisation_id, by, key, day), line in found.items()
    ]  # fmt: skip
    for start in range(0, len(changed), 1000):
        ReportFigure.objects.bulk_update(
            changed[start : start + 1000], ["opened", "closed", "late", "delays"], batch_size=200
        )
    for start in range(0, len(fresh), 1000):
        # A reopening may have made the line meanwhile: it is counted the next night.
        ReportFigure.objects.bulk_create(
            fresh[start : start + 1000], batch_size=500, ignore_conflicts=True
        )
    return len(changed) + len(fresh)


def _trimmed(delays: Sequence[int]) -> list[int]:
    """Without the empty slices at the end: most lines hold a few."""
    last = max((index for index, count in enumerate(delays) if count), default=-1)
    return list(delays[: last + 1])


def _read_all(chunk: int) -> dict[Key, Line]:
    found: dict[Key, Line] = defaultdict(lambda: Line(""))
    rows = Case.objects.filter(kind=Case.Kind.REPORT, merged_into__isnull=True).values_list(
        "pk", "organisation_id", "category", "area_code", "team_id", "created_at", "closed_at",
        "due_at",
    )  # fmt: skip
    last = 0
    while True:
        page = list(rows.filter(pk__gt=last).order_by("pk")[:chunk])
        for _pk, organisation_id, category, area, team_id, created, closed, due in page:
            team = "" if team_id is None else str(team_id)
            keys = (("category", category), ("area", area), ("team", team))
            day = local_date(created, settings.TIME_ZONE)
            for line in _lines(found, organisation_id, keys, day):
                line.opened += 1
            if closed is not None:
                index = bisect_left(SLICES, (closed - created).total_seconds() / 3600)
                late = due is not None and due < closed
                day = local_date(closed, settings.TIME_ZONE)
                for line in _lines(found, organisation_id, keys, day):
                    line.closed += 1
                    line.delays[index] += 1
                    line.late += late
        if len(page) < chunk:
            return dict(found)
        last = page[-1][0]


def _lines(
    found: dict[Key, Line], organisation_id: int, keys: Iterable[tuple[str, str]], day: date
) -> Iterator[Line]:
    yield found[organisation_id, "all", "", day]
    month = day.replace(day=1)
    for by, key in keys:
        yield found[organisation_id, by, key, month]


def on_reopened(event: CaseReopened) -> None:
    """Count a reopening as it happens, in its act's transaction: it is rare."""
    if event.kind != Case.Kind.REPORT:
        return
    case = Case.objects.only("category", "area_code", "team_id", "updated_at").get(pk=event.case_id)
    day = local_date(case.updated_at, settings.TIME_ZONE)
    team = "" if case.team_id is None else str(case.team_id)
    wanted = [("all", "", day)] + [
        (by, key, day.replace(day=1))
        for by, key in (("category", case.category), ("area", case.area_code), ("team", team))
    ]
    for by, key, at in wanted:
        row, _made = ReportFigure.objects.get_or_create(
            organisation_id=event.organisation_id, by=by, key=key, day=at
        )
        ReportFigure.objects.filter(pk=row.pk).update(reopened=F("reopened") + 1)


def send_digest(*, organisation_id: int, clock: Clock = SYSTEM) -> int:
    """The week's figures by e-mail, to the managers of an organisation that had any report.

    Once per person and week. Gives how many letters were written.
    """
    today = local_date(clock.now(), settings.TIME_ZONE)
    until = today - timedelta(days=today.isoweekday())
    since = until - timedelta(days=6)
    line = Line("")
    rows = ReportFigure.objects.filter(
        organisation_id=organisation_id, by="all", day__gte=since, day__lte=until
    )
    for row in rows.values("opened", "closed", "late", "reopened", "delays"):
        line.add(row)
    backlog = _backlog([organisation_id], clock.now())
    if not line.opened and not line.closed and not backlog.open:
        return 0
    organisation = territories.organisation_by_id(organisation_id)
    median = _("sans objet") if line.median is None else _("%(n)s h") % {"n": line.median}
    satisfaction = _satisfaction([organisation_id], since, until)
    average = "–" if satisfaction.average is None else f"{satisfaction.average} / 5"
    text = _(
        "Bonjour,\n\n%(organisation)s, du %(since)s au %(until)s :\n\n"
        "- %(opened)s signalements reçus\n- %(closed)s clos, dont %(late)s en retard\n"
        "- délai médian : %(median)s\n- %(reopened)s rouverts\n"
        "- %(open)s ouverts aujourd’hui, dont %(overdue)s en retard\n"
        "- avis des habitants : %(average)s (%(answers)s réponses)"
    ) % {
        "organisation": organisation.name,
        "since": since.strftime("%d/%m/%Y"),
        "until": until.strftime("%d/%m/%Y"),
        "opened": line.opened,
        "closed": line.closed,
        "late": line.late,
        "median": median,
        "reopened": line.reopened,
        "open": backlog.open,
        "overdue": backlog.overdue,
        "average": average,
        "answers": satisfaction.answers,
    }
    managers = Membership.objects.filter(
        organisation_id=organisation_id, is_active=True, user__is_active=True,
        role__in=(Membership.Role.MANAGER, Membership.Role.ADMINISTRATOR),
    ).select_related("user")  # fmt: skip
    written = 0
    with transaction.atomic():
        for member in managers.order_by("pk"):
            letter = notifications.send_email(
                to=member.user.email,
                subject=_("La semaine des signalements – %(name)s") % {"name": organisation.name},
                text=text,
                key=f"digest:{organisation_id}:{until.isoformat()}:{member.user_id}",
                clock=clock,
            )
            written += letter is not None
    return written
