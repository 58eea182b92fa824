"""Historic reports from a CSV file: fast, repeatable, with a reason for every line refused."""

from __future__ import annotations

import hashlib
import random
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.capabilities.casework.pack import State
from socle.domains.reports import actions, queries, tables
from socle.domains.reports.mapping import Mapping, Moment
from socle.domains.reports.models import ImportRun
from socle.domains.reports.pack import Category
from socle.domains.reports.public import counting, projecting
from socle.domains.reports.sidecars import Identities, Rejects
from socle.domains.reports.tables import Record
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, Clock, local_date
from socle.kernel.errors import Invalid

BATCH = 1000
"""Lines written in one transaction: what an interruption may leave to do again."""
ROLLED = 20_000
"""Reports after which the counts of maps are brought up to date."""
PROGRESS_EVERY = 500
DESCRIPTION_MAX = 4000
ADDRESS_MAX = 300
IDENTITY_MAX = 100
_ATTEMPTS = 3

Progress = Callable[[int, int], None]
"""Called with (lines read, bytes read of the file)."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]+)?")
# Control characters and direction overrides have no place in what agents will read.
_HIDDEN = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")


class Rejected(ValueError):
    """A line that cannot be taken, with the reason."""


@dataclass(slots=True)
class Line:
    """One line read, its place not yet looked up."""

    record: Record
    lon: float
    lat: float


class Importer:
    """Reads a file with a mapping and writes cases in batches, each batch whole or not at all."""

    def __init__(
        self, mapping: Mapping, *, actor: Actor = SYSTEM_ACTOR, clock: Clock = SYSTEM
    ) -> None:
        """Raises Invalid when the mapping names categories or states the pack does not have."""
        self.mapping = mapping
        self.actor = actor
        self.clock = clock
        self.revision = queries.revision_in_force()
        reporting = queries.reporting_of(self.revision)
        self.taxonomy = reporting.categories
        self.categories = {category.id: category for category in self.taxonomy.categories}
        self.states = {state.id: state for state in reporting.workflow.states}
        self._check_mapping()
        # References are no secret: asking the system for each of their letters would cost a third.
        self._rng = random.Random(secrets.token_bytes(32))  # noqa: S311
        # One answer per pair and per text, not per line.
        self._owner = lru_cache(maxsize=None)(self._owner_of)
        self._date = lru_cache(maxsize=50_000)(self._date_of)

    def _check_mapping(self) -> None:
        wrong = [
            _("La catégorie « %(id)s » n’existe pas dans le pack.") % {"id": target}
            for target in sorted(set(self.mapping.categories.values()))
            if target not in self.categories
        ] + [
            _("L’état « %(id)s » n’existe pas dans le circuit des signalements.") % {"id": target}
            for target in sorted(set(self.mapping.statuses.values()))
            if target not in self.states
        ]
        if "*" not in self.mapping.statuses and not self.mapping.columns.status:
            wrong.append(_("Indiquez l’état des signalements repris : statuses."))
        if wrong:
            raise Invalid("\n".join(wrong))

    def run(
        self, file: Path, *, rejects: Path | None = None, progress: Progress | None = None
    ) -> ImportRun:
        """Import `file` (CSV, or CSV.gz). Lines refused go to `rejects` with their reason.

        Running it again, or after an interruption, adds what is missing and nothing else: lines
        already imported are counted as known. Raises Invalid, before anything is written, when the
        file cannot be read (encoding, columns, damage) or `rejects` cannot be written.
        """
        digest = tables.inspect(file, self.mapping.encoding)
        run = ImportRun(source=self.mapping.source, digest=digest, started_at=self.clock.now())
        with tables.opened(
            file, encoding=self.mapping.encoding, delimiter=self.mapping.delimiter
        ) as table:
            columns = table.columns(self.mapping.columns.used())
            with (
                _little_memory(),
                Rejects(rejects, table.header, self.mapping) as refused,
                Identities() as identities,
            ):
                run.save(force_insert=True)
                self._read(table, columns, run, refused, identities, progress)
        counting.roll_up(batch=ROLLED)
        run.finished_at = self.clock.now()
        run.save()
        return run

    def _read(
        self,
        table: tables.Table,
        columns: dict[str, int],
        run: ImportRun,
        refused: Rejects,
        identities: Identities,
        progress: Progress | None,
    ) -> None:
        batch: list[Line] = []

        def write() -> None:
            cases = []
            for found in self._cases(batch, columns, identities):
                if isinstance(found, casework.Historic):
                    cases.append(found)
                else:
                    refused.add(*found)
            run.rejected = refused.count
            self._write(cases, run)
            batch.clear()

        for record in table.records():
            run.read += 1
            try:
                batch.append(self._line(record, columns))
            except Rejected as reason:
                refused.add(record, str(reason))
            if len(batch) >= BATCH:
                write()
            if progress and run.read % PROGRESS_EVERY == 0:
                progress(run.read, table.position())
        write()
        if progress:
            progress(run.read, table.position())

    def _line(self, record: Record, columns: dict[str, int]) -> Line:
        if record.fault:
            raise Rejected(record.fault)
        lon = self._coordinate(record.cells[columns["lon"]], 180)
        lat = self._coordinate(record.cells[columns["lat"]], 90)
        if lon == 0 and lat == 0:
            raise Rejected(_("coordonnées 0, 0"))
        return Line(record, lon, lat)

    def _coordinate(self, text: str, most: int) -> float:
        text = text.strip()
        plain = text.replace(",", ".") if self.mapping.decimal_comma else text
        if not _NUMBER.fullmatch(plain):
            raise Rejected(_("coordonnée illisible : %(text)s") % {"text": _shown(text)})
        number = float(plain)
        if abs(number) > most:
            raise Rejected(_("coordonnée hors limites : %(text)s") % {"text": _shown(text)})
        return number

    def _cases(
        self, batch: Sequence[Line], columns: dict[str, int], identities: Identities
    ) -> Iterator[casework.Historic | tuple[Record, str]]:
        """The case of each line, or its record and why it is refused."""
        areas = territories.areas_at([line.lon for line in batch], [line.lat for line in batch])
        now = self.clock.now()
        for line, area in zip(batch, areas, strict=True):
            try:
                if area is None:
                    raise Rejected(self._outside(line))
                yield self._case(line, area, columns, identities, now)
            except Rejected as reason:
                yield line.record, str(reason)

    def _outside(self, line: Line) -> str:
        swapped = abs(line.lon) <= 90 and territories.in_territory(line.lat, line.lon)
        if swapped:
            return _("hors du territoire : longitude et latitude semblent échangées")
        return _("hors du territoire")

    def _case(
        self,
        line: Line,
        area: territories.AreaInfo,
        columns: dict[str, int],
        identities: Identities,
        now: datetime,
    ) -> casework.Historic:
        cells = line.record.cells
        texts = {name: cells[at].strip() for name, at in columns.items()}
        category = self._category(texts["category"])
        state = self._state(texts.get("status", ""))
        created = self._past(texts["created"], now)
        closed = None if state.open else self._closed(texts.get("closed", ""), created, now)
        organisation_id, team_id = self._owner(category.id, area.organisation_id)
        address = _visible(texts.get("address", ""))[:ADDRESS_MAX]
        return casework.Historic(
            kind=Case.Kind.REPORT.value,
            service_key=actions.SERVICE_KEY,
            definition_id=self.revision.pk,
            title=actions.title(category, address or area.name),
            description=_visible(texts.get("description", ""))[:DESCRIPTION_MAX],
            category=category.id,
            state=state.id,
            public_status=state.public.value,
            is_open=state.open,
            organisation_id=organisation_id,
            team_id=team_id,
            lon=line.lon,
            lat=line.lat,
            address=address,
            area_code=area.code,
            created_at=created,
            updated_at=closed or created,
            closed_at=closed,
            source_id=_identity(texts, identities),
        )

    def _category(self, theirs: str) -> Category:
        ours = self.mapping.categories.get(theirs) or self.mapping.categories.get("*")
        if ours is None:
            raise Rejected(_("catégorie inconnue : %(name)s") % {"name": _shown(theirs)})
        return self.categories[ours]

    def _state(self, theirs: str) -> State:
        ours = self.mapping.statuses.get(theirs) or self.mapping.statuses.get("*")
        if ours is None:
            raise Rejected(_("état inconnu : %(name)s") % {"name": _shown(theirs)})
        return self.states[ours]

    def _past(self, text: str, now: datetime) -> datetime:
        moment = self._date(text)
        if moment is None:
            raise Rejected(_("date illisible : %(text)s") % {"text": _shown(text)})
        if moment.at <= now:
            return moment.at
        if moment.whole_day and local_date(moment.at) == local_date(now):
            # Today, and it is not noon yet.
            return now
        raise Rejected(_("date dans l’avenir : %(text)s") % {"text": _shown(text)})

    def _closed(self, text: str, created: datetime, now: datetime) -> datetime:
        if not text:
            return created
        closed = self._past(text, now)
        if closed >= created:
            return closed
        if local_date(closed) == local_date(created):
            return created
        raise Rejected(_("clos avant d’avoir été créé"))

    def _date_of(self, text: str) -> Moment | None:
        try:
            return self.mapping.parse_date(text)
        except (ValueError, OverflowError):
            return None

    def _owner_of(
        self, category_id: str, area_organisation_id: int | None
    ) -> tuple[int, int | None]:
        organisation_id, team = actions.owner(
            self.taxonomy, self.categories[category_id], area_organisation_id
        )
        return organisation_id, team.pk if team else None

    def _write(self, cases: Sequence[casework.Historic], run: ImportRun) -> None:
        """One batch and the counts of the run, together. Somebody else may be importing too."""
        for attempt in range(_ATTEMPTS):
            try:
                with transaction.atomic():
                    created, known = self._add(cases)
                    ImportRun.objects.filter(pk=run.pk).update(
                        read=run.read,
                        rejected=run.rejected,
                        created=run.created + created,
                        known=run.known + known,
                    )
            except IntegrityError:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                if run.created // ROLLED != (run.created + created) // ROLLED:
                    counting.roll_up(batch=ROLLED)
                run.created += created
                run.known += known
                return

    def _add(self, cases: Sequence[casework.Historic]) -> tuple[int, int]:
        if not cases:
            return 0, 0
        added = casework.add_historic(
            actor=self.actor,
            cases=cases,
            source=self.mapping.source,
            prefix=self.taxonomy.reference_prefix,
            rng=self._rng,
            clock=self.clock,
        )
        # Those that were known got no reference.
        projecting.fill([case.reference for case in cases if case.reference])
        return added.created, added.known


@contextmanager
def _little_memory() -> Iterator[None]:
    """SQLite maps its file into memory, up to a limit; a long import walks all over it: without."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA mmap_size")
        (usual,) = cursor.fetchone() or (0,)
        cursor.execute("PRAGMA mmap_size = 0")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA mmap_size = {int(usual)}")


def _identity(texts: dict[str, str], identities: Identities) -> str:
    """What makes a line the same one next time: its identifier, else what it says."""
    if "id" in texts:
        given = texts["id"]
        if not given:
            raise Rejected(_("identifiant vide"))
        if len(given) <= IDENTITY_MAX:
            return given
        return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()
    content = hashlib.sha256("\x1f".join(texts.values()).encode("utf-8", "surrogatepass"))
    # Two lines alike are two reports: the second is the content's second occurrence.
    return f"{content.hexdigest()[:32]}-{identities.count(content.digest())}"


def _visible(text: str) -> str:
    return _HIDDEN.sub(" ", text) if _HIDDEN.search(text) else text


def _shown(text: str) -> str:
    return _visible(text)[:60] or _("(vide)")
