"""Many cases, quickly: `python -m bench.generate_cases 1000000 --home DIR`.

Reports and requests over ten years, placed by population, in every category and team of the pack
in force; one case in twelve is open. `--reports` makes reports only, three events each, of a
hundred organisations: those of the pack, and partners made up to reach the number. The rows are
those that the house's own actions would write, written without them: only reading is measured here.
Reports get their public rows and are counted.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench import loading
from bench.machine import say

SEED = 20260301
OPEN_ONE_IN = 12
ORGANISATIONS = 100
READ_AFTER = timedelta(days=3)
"""Words older than this were let through by an agent."""
_PLACES = 20_000
_SENTENCES = 20_000
_BATCH = 50_000

Numbers = Any


def generate(
    count: int, *, now: datetime, seed: int = SEED, reports: bool = False, events: int = 1
) -> int:
    """Fill the database with `count` cases and `events` events each. Django is set up.

    `reports`: nothing but reports, of every organisation.
    """
    from socle.domains.reports.public import counting

    started = perf_counter()

    def told(text: str) -> None:
        say(f"{perf_counter() - started:5.0f} s  {text}")

    if reports:
        _partners()
    factory = _Factory(now, seed, reports=reports, events=events)
    with loading.bare_tables():
        for block in factory.blocks(count):
            loading.insert("casework_case", _NAMES, block, factory.same)
        told(f"{count:,} cases")
        factory.write_events()
        told(f"{count * events:,} events")
        told(f"{factory.publish():,} public rows")
        told(f"{counting.recount():,} reports counted")
    told("indexes made")
    return count


def _partners() -> None:
    from socle.foundations.territories.models import Organisation

    there = Organisation.objects.count()
    Organisation.objects.bulk_create(
        Organisation(slug=f"partenaire-{n}", kind="partner", name=f"Partenaire {n}")
        for n in range(there, ORGANISATIONS)
    )


@dataclass(frozen=True)
class _Kind:
    """What a case may be: columns that follow from it, and the states of its workflow."""

    kind: str
    service: str
    definition: int
    category: str
    label: str
    prefix: str
    opened: list[Any]
    closed: list[Any]
    owners: dict[int | None, tuple[int, int | None]]
    words: tuple[str, ...]


_NAMES = (
    "id", "reference", "kind", "service_key", "definition_id", "title", "description", "category",
    "search_text", "state", "public_status", "is_open", "has_news", "organisation_id", "team_id",
    "assignee_id", "applicant_id", "lon", "lat", "cell", "address", "area_code", "created_at",
    "updated_at", "due_at", "closed_at", "channel",
)  # fmt: skip


class _Factory:
    """Draws cases from one seed."""

    def __init__(self, now: datetime, seed: int, *, reports: bool = False, events: int = 1) -> None:
        from socle.capabilities.casework import searching
        from socle.capabilities.casework.models import Case, CaseEvent
        from socle.config.demo.pack import SECTION
        from socle.config.demo.scenery import Scenery
        from socle.foundations.accounts.models import Membership, Team, User
        from socle.foundations.packs import queries as packs
        from socle.foundations.territories.models import Organisation

        self.rng, self.dice = random.Random(seed), np.random.default_rng(seed)
        self.now, self.only_reports, self.events = now, reports, events
        plan = packs.document(packs.current(SECTION.name))
        scenery = Scenery(self.rng, plan.streets)
        # Every commune has some.
        self.places = [scenery.place(area) for area in scenery.areas for _ in range(5)]
        self.places += [scenery.place() for _ in range(_PLACES - len(self.places))]
        self.place_words = [tuple(searching.words_of(each[3])) for each in self.places]
        self.residents = list(
            User.objects.filter(memberships=None).order_by("pk").values_list("pk", flat=True)
        )
        self.agents: dict[int, list[int]] = {}
        for organisation, user in Membership.objects.order_by("pk").values_list(
            "organisation_id", "user_id"
        ):
            self.agents.setdefault(organisation, []).append(user)
        self.teams: dict[int, list[int]] = {}
        for organisation, team in Team.objects.order_by("pk").values_list("organisation_id", "pk"):
            self.teams.setdefault(organisation, []).append(team)
        self.partners = list(
            Organisation.objects.filter(kind="partner").order_by("pk").values_list("pk", flat=True)
        )
        last = Case.objects.order_by("-pk").first()
        self.first_id = (last.pk if last else 0) + 1
        last_event = CaseEvent.objects.order_by("-pk").first()
        self.first_event = (last_event.pk if last_event else 0) + 1
        self.taken = set(Case.objects.values_list("reference", flat=True))
        self.kinds = [*self._reports()] if reports else [*self._reports(), *self._requests()]
        of_reports = sum(each.kind == "report" for each in self.kinds)
        of_requests = len(self.kinds) - of_reports
        share = 0.9 if of_requests else 1.0
        self.weights = np.array([
            share / of_reports if each.kind == "report" else (1 - share) / of_requests
            for each in self.kinds
        ])  # fmt: skip
        self.sentences = self._sentences()
        self.same = self._same(Case)

    def _same(self, model: Any) -> dict[str, Any]:
        """What every case of these has alike: the defaults of columns that are not drawn."""
        from django.db import connection

        example = model(version=self.events)
        return {
            field.column: field.get_db_prep_save(getattr(example, field.attname), connection)
            if field.column != "answers" else "{}"
            for field in model._meta.concrete_fields if field.column not in _NAMES
        }  # fmt: skip

    def _reports(self) -> Iterator[_Kind]:
        from socle.capabilities.casework import searching
        from socle.domains.reports import actions
        from socle.domains.reports import queries as reporting

        revision = reporting.revision_in_force()
        declared = reporting.reporting_of(revision)
        opened, closed = _states(declared.workflow)
        homes = {area.organisation_id for area, *_rest in self.places}
        for category in declared.categories.categories:
            owners = {}
            for home in homes:
                organisation, team = actions.owner(declared.categories, category, home)
                owners[home] = organisation, team.pk if team else None
            yield _Kind(
                "report", actions.SERVICE_KEY, revision.pk, category.id, category.label,
                declared.categories.reference_prefix, opened, closed, owners,
                tuple(searching.words_of(category.label)),
            )  # fmt: skip

    def _requests(self) -> Iterator[_Kind]:
        from socle.capabilities.casework import searching
        from socle.capabilities.catalogue import queries as catalogue
        from socle.domains.procedures import queries as procedures
        from socle.foundations.accounts import queries as accounts
        from socle.foundations.packs import queries as packs

        homes = {area.organisation_id for area, *_rest in self.places}
        for key in packs.keys(procedures.SECTION):
            revision = packs.current(procedures.SECTION, key)
            if revision is None:
                continue
            opened, closed = _states(procedures.procedure_of(revision).workflow)
            service = catalogue.service(key)
            team = accounts.team_by_slug(service.organisation_id, service.team)
            owner = service.organisation_id, team.pk if team else None
            yield _Kind(
                "request", key, revision.pk, "", service.title, "DE", opened, closed,
                dict.fromkeys(homes, owner), tuple(searching.words_of(service.title)),
            )  # fmt: skip

    def _sentences(self) -> list[tuple[str, tuple[str, ...]]]:
        """What people write: eight to thirty words of eight thousand, a few of them very often."""
        syllables = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "ou", "an")]
        known = list(
            dict.fromkeys(
                "".join(self.rng.choices(syllables, k=self.rng.randint(2, 4))) for _ in range(9_000)
            )
        )[:8_000]
        weights = [1 / (rank + 3) for rank in range(len(known))]
        found = []
        for _ in range(_SENTENCES):
            words = self.rng.choices(known, weights, k=self.rng.randint(8, 30))
            found.append((" ".join(words).capitalize() + ".", tuple(words)))
        return found

    def blocks(self, count: int) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of cases in the order of `_NAMES`, some thousands at a time."""
        moments = np.sort(self.dice.random(count))
        ranks = np.arange(count)
        # A little more every year.
        ages = 3650 * 86_400 * (1 - moments**0.7) + ranks % 86_400
        now = np.datetime64(self.now.astimezone(UTC).replace(tzinfo=None), "us")
        created = now - (ages * 1e6).astype("timedelta64[us]")
        years = created.astype("datetime64[Y]").astype(int) + 1970
        references = _references(years, self.kinds[0].prefix, self.dice, self.taken)
        for start in range(0, count, _BATCH):
            part = slice(start, min(start + _BATCH, count))
            yield list(
                self._block(ranks[part] + self.first_id, created[part], now, references[part])
            )

    def _block(
        self, ids: Numbers, created: Numbers, now: Numbers, references: list[tuple[str, str]]
    ) -> Iterator[tuple[Any, ...]]:
        dice, size = self.dice, len(ids)
        place = dice.integers(0, len(self.places), size)
        lons = np.array([each[1] for each in self.places])[place] + dice.uniform(-3e-4, 3e-4, size)
        lats = np.array([each[2] for each in self.places])[place] + dice.uniform(-3e-4, 3e-4, size)
        updated = np.minimum(
            now, created + (dice.exponential(9 * 86_400e6, size)).astype("timedelta64[us]")
        )
        due = now + ((4 + 8 * dice.standard_normal(size)) * 86_400e6).astype("timedelta64[us]")
        columns = zip(
            ids.tolist(), references, place.tolist(), lons.tolist(), lats.tolist(),
            _cells(lons, lats).tolist(),
            dice.choice(len(self.kinds), size, p=self.weights).tolist(),
            _instants(created), _instants(updated), _instants(due), dice.random((size, 8)).tolist(),
            strict=True,
        )  # fmt: skip
        for pk, (reference, tail), at, lon, lat, cell, which, made, moved, due_at, draws in columns:
            kind, (area, _lon, _lat, address) = self.kinds[which], self.places[at]
            is_open = draws[0] * OPEN_ONE_IN < 1
            states = kind.opened if is_open else kind.closed
            state = states[int(draws[1] * len(states))]
            organisation, team = kind.owners[area.organisation_id]
            if self.only_reports and draws[2] < 0.63:
                organisation, team = self._elsewhere(area.organisation_id or organisation, draws[2])
            agents = self.agents.get(organisation) if is_open and draws[3] < 0.4 else None
            text, words = "", ()
            if kind.kind == "report":
                title = f"{kind.label} – {address}"[:200]
                if draws[4] < 0.85:
                    text, words = self.sentences[int(draws[4] / 0.85 * _SENTENCES)]
            else:
                title = f"{kind.label} – {area.name}"[:200]
            head = kind.prefix, reference[:2], tail
            searched = dict.fromkeys(
                (*head_words(head), *kind.words, *self.place_words[at], *words)
            )
            yield (
                pk, f"{kind.prefix}-{reference}", kind.kind, kind.service, kind.definition, title,
                text, kind.category, " ".join(searched), state[0], state[1], int(is_open),
                int(is_open and draws[5] < 0.05), organisation, team,
                agents[int(draws[3] / 0.4 * len(agents))] if agents else None,
                self.residents[int(draws[6] / 0.3 * len(self.residents))]
                if draws[6] < 0.3 and self.residents else None,
                lon, lat, cell, address, area.code, made, moved, due_at if is_open else None,
                None if is_open else moved, "mobile" if draws[7] < 0.5 else "web",
            )  # fmt: skip

    def _elsewhere(self, home: int, draw: float) -> tuple[int, int | None]:
        """A report of the commune where it lies, or, three times in a hundred, of a partner."""
        if draw >= 0.6 and self.partners:
            return self.partners[int((draw - 0.6) / 0.03 * len(self.partners))], None
        teams = self.teams.get(home)
        return home, teams[int(draw / 0.6 * len(teams))] if teams else None

    def write_events(self) -> None:
        """The events of the cases just made, from their rows."""
        from django.db import connection

        from socle.capabilities.casework import history

        pairs = "'from', c.state, 'to', c.state, 'public_status', c.public_status"
        sqlite = connection.vendor == "sqlite"
        data = f"json_object({pairs})" if sqlite else f"jsonb_build_object({pairs})"
        nothing = "'{}'" if sqlite else "'{}'::jsonb"
        steps = ", ".join(f"({step})" for step in range(1, self.events + 1))
        public = "1" if sqlite else "TRUE"
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO casework_caseevent"
                " (id, case_id, version, at, kind, actor_kind, actor_label, public, data)"
                f" WITH s(step) AS (VALUES {steps})"
                f" SELECT (c.id - %s) * {self.events} + %s + s.step - 1, c.id, s.step,"
                " CASE WHEN s.step = 1 THEN c.created_at ELSE c.updated_at END,"
                " CASE WHEN s.step = 1 THEN %s ELSE %s END,"
                " CASE WHEN s.step = 1 THEN 'resident' ELSE 'agent' END,"
                f" '', {public}, CASE WHEN s.step = 1 THEN {nothing} ELSE {data} END"
                " FROM casework_case c CROSS JOIN s WHERE c.id >= %s",
                [self.first_id, self.first_event, history.OPENED, history.STATE, self.first_id],
            )

    def publish(self) -> int:
        """The public rows of reports: as `projecting.fill_missing`, but words are read by now."""
        from django.db import connection

        from socle.domains.reports.public import declared, projecting

        names = sorted(
            projecting._public_among({each.category for each in self.kinds if each.category})
        )
        shown = f"c.category IN ({', '.join(['%s'] * len(names))})" if names else "1 = 0"
        late = connection.ops.adapt_datetimefield_value(self.now - READ_AFTER)
        early = "c.description" if declared.moderation() == declared.AFTER else "''"
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO reports_publicreport (case_id, reference, organisation_id, area_code,"
                " category, status, is_open, visible, moderation, text, lon, lat, cell, address,"
                " created_at, updated_at, closed_at, followers)"
                " SELECT c.id, c.reference, c.organisation_id, c.area_code, c.category,"
                f" c.public_status, c.is_open, {shown},"
                " CASE WHEN c.created_at < %s OR c.description = '' THEN 'shown'"
                " ELSE 'pending' END,"
                f" CASE WHEN c.created_at < %s THEN c.description ELSE {early} END,"
                " c.lon, c.lat, c.cell, c.address, c.created_at, c.updated_at, c.closed_at, 0"
                " FROM casework_case c WHERE c.id >= %s AND c.kind = 'report'",
                [*names, late, late, self.first_id],
            )
            return int(cursor.rowcount)


def head_words(head: tuple[str, str, str]) -> tuple[str, str, str]:
    """The words of a reference, folded as those of any text."""
    prefix, year, tail = head
    return prefix.lower(), year, tail.lower()


def _states(workflow: Any) -> tuple[list[Any], list[Any]]:
    """`(id, public status)` of the open states and of the closed ones."""
    found = [[], []]
    for each in workflow.states:
        found[not each.open].append((each.id, str(getattr(each.public, "value", each.public))))
    return found[0], found[1]


def _instants(moments: Numbers) -> list[str]:
    """As both databases read them, in UTC."""
    from django.db import connection

    texts = np.char.replace(np.datetime_as_string(moments, unit="us"), "T", " ")
    zone = "" if connection.vendor == "sqlite" else "+00"
    return [each + zone for each in texts.tolist()]


def _cells(lons: Numbers, lats: Numbers) -> Numbers:
    """`geo.encode` of many points."""
    from socle.kernel import geo

    x = ((lons / 360.0 + 0.5) * geo.SIDE).astype(np.uint64)
    sines = np.sin(np.radians(lats))
    y = ((0.5 - np.log((1 + sines) / (1 - sines)) / (4 * np.pi)) * geo.SIDE).astype(np.uint64)
    found = (_spread(y) << np.uint64(1)) | _spread(x)
    # Rounding may put a point on the edge of a cell two centimetres away.
    for rank in range(0, len(lons), 5_000):
        there = geo.decode(int(found[rank]))
        assert geo.distance_m(*there, float(lons[rank]), float(lats[rank])) < 0.1
    return found.astype(np.int64)


def _spread(values: Numbers) -> Numbers:
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333), (1, 0x5555555555555555),
    ):  # fmt: skip
        values = (values | (values << np.uint64(shift))) & np.uint64(mask)
    return values


def _references(years: Numbers, prefix: str, dice: Any, taken: set[str]) -> list[tuple[str, str]]:
    """`("26-7K4M2X", "7K4M2X")` for each year, none twice; the check is that of `prefix`."""
    from socle.kernel import references

    base, size = len(references.ALPHABET), 5
    drawn = np.unique(dice.integers(0, base**size, int(len(years) * 1.5) + 1_000))
    dice.shuffle(drawn)
    found: list[tuple[str, str]] = []
    wanted = years.tolist()
    for number in drawn.tolist():
        if len(found) == len(wanted):
            break
        body, year = "", f"{wanted[len(found)] % 100:02d}"
        for _ in range(size):
            number, rank = divmod(number, base)
            body += references.ALPHABET[rank]
        check = references.check_character(f"{prefix}{year}{body}")
        if check in references.ALPHABET and f"{prefix}-{year}-{body}{check}" not in taken:
            found.append((f"{year}-{body}{check}", body + check))
    return found


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
