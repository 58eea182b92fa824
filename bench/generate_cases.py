"""Many cases, quickly: `python -m bench.generate_cases 1000000 --home DIR`.

Reports and requests over ten years, placed by population, in every category and team of the pack
in force; one case in twelve is open. `--reports` makes reports only, three events each, most of
them of the commune where they lie: every organisation of the pack has some. The rows are those that
the house's own actions would write, written without them: only reading is measured here. Reports
get their public rows and are counted.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.machine import say

SEED = 20260301
OPEN_ONE_IN = 12
_PLACES = 20_000
_BATCH = 20_000


def generate(
    count: int, *, now: datetime, seed: int = SEED, reports: bool = False, events: int = 1
) -> int:
    """Fill the database with `count` cases and `events` events each. Django is set up.

    `reports`: nothing but reports, of every organisation.
    """
    from django.db import connection, transaction

    with transaction.atomic():
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA cache_size=-400000")
        done = 0
        factory = _Factory(now, seed, reports=reports, events=events)
        for batch in _batches(factory.cases(count), _BATCH):
            _insert([case for case, _events in batch])
            _insert([event for _case, events in batch for event in events])
            done += len(batch)
            say(f"{done:,} cases")
    _publish()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in ("casework_case", "casework_caseevent"):
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                    f" (SELECT max(id) FROM {table}))"
                )
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("PRAGMA optimize")
    return done


def _publish() -> None:
    """The public rows of reports, and their counts."""
    from socle.domains.reports.public import counting, projecting

    say(f"{projecting.fill_missing():,} public rows")
    say(f"{counting.recount():,} reports counted")


def _batches(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _insert(rows: list[Any]) -> None:
    """Rows of one model, through the driver: COPY on PostgreSQL, one prepared INSERT on SQLite."""
    from django.db import connection

    fields = rows[0]._meta.concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    table = rows[0]._meta.db_table

    def values(row: Any) -> list[Any]:
        return [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(values(row))
        else:
            marks = ", ".join("%s" for _field in fields)
            cursor.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})", [values(row) for row in rows]
            )


class _Factory:
    """Draws cases from one seed."""

    def __init__(self, now: datetime, seed: int, *, reports: bool = False, events: int = 1) -> None:
        from socle.capabilities.casework.models import Case, CaseEvent
        from socle.config.demo.pack import SECTION
        from socle.config.demo.scenery import Scenery
        from socle.domains.procedures import queries as procedures
        from socle.domains.reports import queries as reporting
        from socle.foundations.accounts.models import Membership, User
        from socle.foundations.packs import queries as packs

        self.rng = random.Random(seed)
        self.now = now
        self.only_reports, self.events = reports, events
        plan = packs.document(packs.current(SECTION.name))
        scenery = Scenery(self.rng, plan.streets)
        self.places = [scenery.place() for _ in range(_PLACES)]
        self.report = reporting.revision_in_force()
        self.reporting = reporting.reporting_of(self.report)
        self.categories = self.reporting.categories.categories
        self.procedures = [
            (key, revision, procedures.procedure_of(revision))
            for key in packs.keys(procedures.SECTION)
            if (revision := packs.current(procedures.SECTION, key)) is not None
        ]
        self.residents = list(
            User.objects.filter(memberships=None).order_by("pk").values_list("pk", flat=True)
        )
        self.agents: dict[int, list[int]] = {}
        for organisation, user in Membership.objects.order_by("pk").values_list(
            "organisation_id", "user_id"
        ):
            self.agents.setdefault(organisation, []).append(user)
        last = Case.objects.order_by("-pk").first()
        self.first_id = (last.pk if last else 0) + 1
        last_event = CaseEvent.objects.order_by("-pk").first()
        self.first_event = (last_event.pk if last_event else 0) + 1
        self.taken = set(Case.objects.values_list("reference", flat=True))
        self._owners: dict[tuple[str, int | None], tuple[int, int | None]] = {}

    def cases(self, count: int) -> Iterator[tuple[Any, list[Any]]]:
        moments = sorted(self.rng.random() for _ in range(count))
        for rank, moment in enumerate(moments):
            # A little more every year.
            created = self.now - timedelta(days=3650 * (1 - moment**0.7), seconds=rank % 86_400)
            case = self._case(self.first_id + rank, created)
            yield case, self._events(case, self.first_event + rank * self.events)

    def _events(self, case: Any, first: int) -> list[Any]:
        from socle.capabilities.casework import history
        from socle.capabilities.casework.models import CaseEvent

        opened = CaseEvent(
            id=first, case_id=case.pk, version=1, at=case.created_at, kind=history.OPENED,
            actor_kind="resident", public=True, data={},
        )  # fmt: skip
        moved = [
            CaseEvent(
                id=first + step, case_id=case.pk, version=1 + step, at=case.updated_at,
                kind=history.STATE, actor_kind="agent", public=True,
                data={"from": case.state, "to": case.state, "public_status": case.public_status},
            )
            for step in range(1, self.events)
        ]  # fmt: skip
        case.version = self.events
        return [opened, *moved]

    def _case(self, pk: int, created: datetime) -> Any:
        from socle.capabilities.casework import searching
        from socle.kernel import geo, references

        rng = self.rng
        area, lon, lat, address = rng.choice(self.places)
        lon, lat = lon + rng.uniform(-3e-4, 3e-4), lat + rng.uniform(-3e-4, 3e-4)
        is_open = rng.randrange(OPEN_ONE_IN) == 0
        if self.procedures and not self.only_reports and rng.random() < 0.1:
            case = self._request(area, is_open)
            prefix = "DE"
        else:
            case = self._report(area, address, is_open)
            prefix = self.reporting.categories.reference_prefix
        while (reference := references.new(prefix, created.year, rng)) in self.taken:
            continue
        self.taken.add(reference)
        case.pk = pk
        case.reference = reference
        case.lon, case.lat, case.cell = lon, lat, geo.encode(lon, lat)
        case.address, case.area_code = address, area.code
        case.created_at = created
        case.updated_at = created + timedelta(days=rng.expovariate(1 / 9))
        case.is_open = is_open
        case.closed_at = None if is_open else case.updated_at
        if is_open:
            case.due_at = self.now + timedelta(days=rng.gauss(4, 8))
            case.has_news = rng.random() < 0.05
            agents = self.agents.get(case.organisation_id)
            if agents and rng.random() < 0.4:
                case.assignee_id = rng.choice(agents)
        case.applicant_id = rng.choice(self.residents) if rng.random() < 0.3 else None
        case.search_text = searching.text_of(case)
        return case

    def _report(self, area: Any, address: str, is_open: bool) -> Any:
        from socle.capabilities.casework.models import Case
        from socle.domains.reports import actions

        category = self.rng.choice(self.categories)
        place = (category.id, area.organisation_id)
        if place not in self._owners:
            organisation, team = actions.owner(
                self.reporting.categories, category, area.organisation_id
            )
            self._owners[place] = organisation, team.pk if team else None
        organisation, team_id = self._owners[place]
        if self.only_reports and area.organisation_id and self.rng.random() < 0.6:
            organisation, team_id = area.organisation_id, None
        state = self._state(self.reporting.workflow, is_open)
        return Case(
            kind=Case.Kind.REPORT, service_key=actions.SERVICE_KEY, definition_id=self.report.pk,
            title=f"{category.label} – {address}"[:200], category=category.id,
            description="", state=state.id, public_status=state.public,
            organisation_id=organisation, team_id=team_id,
        )  # fmt: skip

    def _request(self, area: Any, is_open: bool) -> Any:
        from socle.capabilities.casework.models import Case
        from socle.capabilities.catalogue import queries as catalogue
        from socle.foundations.accounts import queries as accounts

        key, revision, procedure = self.rng.choice(self.procedures)
        service = catalogue.service(key)
        place = (key, None)
        if place not in self._owners:
            team = accounts.team_by_slug(service.organisation_id, service.team)
            self._owners[place] = service.organisation_id, team.pk if team else None
        organisation, team_id = self._owners[place]
        state = self._state(procedure.workflow, is_open)
        return Case(
            kind=Case.Kind.REQUEST, service_key=key, definition_id=revision.pk,
            title=f"{service.title} – {area.name}"[:200], state=state.id,
            public_status=state.public, organisation_id=organisation, team_id=team_id,
        )  # fmt: skip

    def _state(self, workflow: Any, is_open: bool) -> Any:
        return self.rng.choice([each for each in workflow.states if each.open == is_open])


def main() -> None:
    from bench import house

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database", default="", help="postgresql://…, else SQLite")
    parser.add_argument("--reports", action="store_true", help="reports only, three events each")
    given = parser.parse_args()
    given.home.mkdir(parents=True, exist_ok=True)
    house.open_here(house.environment(given.home, given.database))
    from socle.kernel.clock import SYSTEM

    house.furnish()
    generate(given.count, now=SYSTEM.now(), reports=given.reports, events=3 if given.reports else 1)


if __name__ == "__main__":
    main()
