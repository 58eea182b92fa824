"""Historic reports from a CSV file: fast, repeatable, with a reason for every line refused."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework.models import Case, CaseEvent
from socle.capabilities.casework.pack import State
from socle.domains.reports import actions, queries
from socle.domains.reports.mapping import Mapping
from socle.domains.reports.models import ImportRun
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.foundations.journal import actions as journal
from socle.foundations.packs.models import Revision
from socle.foundations.territories import queries as territories
from socle.kernel import geo, references
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid

BATCH = 5000
Progress = Callable[[int, int], None]
"""Called with (lines done, bytes read)."""


class Rejected(ValueError):
    """A line that cannot be taken, with the reason."""


@dataclass(slots=True)
class Line:
    """One line of the file, read."""

    number: int
    source_id: str
    created: datetime
    closed: datetime | None
    category: str
    state: State
    lon: float
    lat: float
    area_code: str
    organisation_id: int
    team_id: int | None
    description: str
    address: str


class Importer:
    """Reads a file with a mapping and writes cases in batches, each batch whole or not at all."""

    def __init__(
        self, mapping: Mapping, *, actor: Actor = SYSTEM_ACTOR, clock: Clock = SYSTEM
    ) -> None:
        self.mapping = mapping
        self.actor = actor
        self.clock = clock
        self.revision: Revision = queries.revision_in_force()
        reporting = queries.reporting_of(self.revision)
        self.taxonomy = reporting.categories
        self.categories = {category.id: category for category in self.taxonomy.categories}
        self.states = {state.id: state for state in reporting.workflow.states}
        self.prefix = self.taxonomy.reference_prefix
        self._occurrences: Counter[str] = Counter()
        self._check_mapping()
        # One answer per pair, not per line.
        self._owner = lru_cache(maxsize=None)(self._owner_of)

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

        Running it again adds nothing: lines already imported are counted as known.
        Raises Invalid when the file cannot be read at all (encoding, columns).
        """
        run = ImportRun(
            source=self.mapping.source, digest=_digest(file), started_at=self.clock.now()
        )
        refused: list[tuple[int, str, dict[str, str]]] = []
        with _open(file, self.mapping.encoding) as (stream, position):
            reader = self._reader(stream, file)
            batch: list[Line] = []
            try:
                for row in reader:
                    run.read += 1
                    try:
                        batch.append(self._line(reader.line_num, row))
                    except Rejected as reason:
                        refused.append((reader.line_num, str(reason), row))
                    if len(batch) >= BATCH:
                        self._write(batch, run)
                        batch = []
                    if progress and run.read % 500 == 0:
                        progress(run.read, position())
                self._write(batch, run)
            except UnicodeDecodeError as error:
                raise Invalid(
                    _("Le fichier n’est pas en %(encoding)s (vers la ligne %(line)s). "
                      "Indiquez son encodage dans la correspondance, par exemple encoding = \"cp1252\".")
                    % {"encoding": self.mapping.encoding, "line": reader.line_num + 1}
                ) from error  # fmt: skip
            except csv.Error as error:
                raise Invalid(
                    _("Ligne %(line)s illisible : %(error)s")
                    % {"line": reader.line_num, "error": error}
                ) from error
            if progress:
                progress(run.read, position())
        run.rejected = len(refused)
        if rejects is not None:
            _write_rejects(rejects, refused, self.mapping)
        run.finished_at = self.clock.now()
        run.save()
        return run

    def _reader(self, stream: IO[str], file: Path) -> csv.DictReader[str]:
        reader = csv.DictReader(stream, delimiter=self.mapping.delimiter)
        try:
            found = list(reader.fieldnames or [])
        except UnicodeDecodeError as error:
            raise Invalid(
                _("Le fichier n’est pas en %(encoding)s.") % {"encoding": self.mapping.encoding}
            ) from error
        wanted = [name for name in self.mapping.columns.model_dump().values() if name]
        missing = [name for name in wanted if name not in found]
        if missing:
            raise Invalid(
                _("%(file)s : il manque les colonnes %(missing)s. Colonnes trouvées : %(found)s.")
                % {"file": file.name, "missing": ", ".join(missing), "found": ", ".join(found)}
            )
        return reader

    def _line(self, number: int, row: dict[str, str]) -> Line:
        columns = self.mapping.columns
        if None in row or any(value is None for value in row.values()):
            raise Rejected(_("nombre de colonnes différent de l’en-tête"))
        lon, lat = self._coordinate(row[columns.lon]), self._coordinate(row[columns.lat])
        if lon == 0 and lat == 0:
            raise Rejected(_("coordonnées 0, 0"))
        area = territories.area_at(lon, lat)
        if area is None:
            raise Rejected(_("hors du territoire"))
        theirs = row[columns.category].strip()
        ours = self.mapping.categories.get(theirs, self.mapping.categories.get("*"))
        if ours is None:
            raise Rejected(_("catégorie inconnue : %(name)s") % {"name": theirs or "∅"})
        organisation_id, team_id = self._owner(ours, area.organisation_id)
        created = self._date(row[columns.created])
        if created > self.clock.now():
            raise Rejected(_("date dans l’avenir"))
        closed = row[columns.closed].strip() if columns.closed else ""
        return Line(
            number=number,
            source_id=self._identity(row),
            created=created,
            closed=self._date(closed) if closed else None,
            category=ours,
            state=self._state(row),
            lon=lon,
            lat=lat,
            area_code=area.code,
            organisation_id=organisation_id,
            team_id=team_id,
            description=row[columns.description][:4000] if columns.description else "",
            address=row[columns.address][:300] if columns.address else "",
        )

    def _coordinate(self, text: str) -> float:
        try:
            number = float(text.replace(",", ".") if self.mapping.decimal_comma else text)
        except ValueError as error:
            raise Rejected(_("coordonnée illisible : %(text)s") % {"text": text or "∅"}) from error
        if not -180 <= number <= 180:
            raise Rejected(_("coordonnée hors limites : %(text)s") % {"text": text})
        return number

    def _date(self, text: str) -> datetime:
        try:
            return self.mapping.parse_date(text.strip())
        except ValueError as error:
            raise Rejected(_("date illisible : %(text)s") % {"text": text or "∅"}) from error

    def _state(self, row: dict[str, str]) -> State:
        column = self.mapping.columns.status
        theirs = row[column].strip() if column else ""
        target = self.mapping.statuses.get(theirs, self.mapping.statuses.get("*"))
        if target is None:
            raise Rejected(_("état inconnu : %(name)s") % {"name": theirs or "∅"})
        return self.states[target]

    def _identity(self, row: dict[str, str]) -> str:
        if self.mapping.columns.id:
            identity = row[self.mapping.columns.id].strip()
            if not identity:
                raise Rejected(_("identifiant vide"))
            return identity[:100]
        content = hashlib.sha256("\x1f".join(row.values()).encode()).hexdigest()[:32]
        # Two lines alike are two reports: the second is the content's second occurrence.
        self._occurrences[content] += 1
        return f"{content}-{self._occurrences[content]}"

    def _owner_of(
        self, category_id: str, area_organisation_id: int | None
    ) -> tuple[int, int | None]:
        organisation_id, team = actions.owner(
            self.taxonomy, self.categories[category_id], area_organisation_id
        )
        return organisation_id, team.pk if team else None

    @transaction.atomic
    def _write(self, batch: list[Line], run: ImportRun) -> None:
        if not batch:
            return
        known = set(
            Case.objects.filter(
                source=self.mapping.source, source_id__in=[line.source_id for line in batch]
            ).values_list("source_id", flat=True)
        )
        fresh = {line.source_id: line for line in batch if line.source_id not in known}
        run.known += len(batch) - len(fresh)
        if not fresh:
            return
        lines = list(fresh.values())
        cases = [
            self._case(line, reference)
            for line, reference in zip(lines, self._references(lines), strict=True)
        ]
        Case.objects.bulk_create(cases, batch_size=500)
        CaseEvent.objects.bulk_create(
            [
                CaseEvent(
                    case=case, at=case.created_at, kind="imported", public=True,
                    data={"source": self.mapping.source},
                )
                for case in cases
            ],
            batch_size=1000,
        )  # fmt: skip
        run.created += len(cases)
        digest = hashlib.sha256("\n".join(case.reference for case in cases).encode()).hexdigest()
        for organisation_id, count in Counter(case.organisation_id for case in cases).items():
            journal.record(
                chain=journal.chain_for(organisation_id),
                action="reports.imported",
                actor=self.actor,
                subject=("import", self.mapping.source),
                data={"count": count, "references_sha256": digest},
                clock=self.clock,
            )

    def _references(self, lines: list[Line]) -> Iterator[str]:
        rng: Any = secrets.SystemRandom()
        drawn: list[str] = []
        taken: set[str] = set()
        for line in lines:
            reference = references.new(self.prefix, line.created.year, rng)
            while reference in taken:
                reference = references.new(self.prefix, line.created.year, rng)
            taken.add(reference)
            drawn.append(reference)
        clashes = set(Case.objects.filter(reference__in=drawn).values_list("reference", flat=True))
        for line, reference in zip(lines, drawn, strict=True):
            fresh = reference
            while fresh in clashes:
                fresh = references.new(self.prefix, line.created.year, rng)
                if fresh in taken or Case.objects.filter(reference=fresh).exists():
                    fresh = reference
            taken.add(fresh)
            yield fresh

    def _case(self, line: Line, reference: str) -> Case:
        category = self.categories[line.category]
        closed = None if line.state.open else (line.closed or line.created)
        return Case(
            reference=reference,
            kind=Case.Kind.REPORT,
            service_key=actions.SERVICE_KEY,
            definition_id=self.revision.pk,
            title=f"{category.label} – {line.address}"[:200] if line.address else category.label,
            description=line.description,
            category=line.category,
            state=line.state.id,
            public_status=line.state.public,
            is_open=line.state.open,
            organisation_id=line.organisation_id,
            team_id=line.team_id,
            channel=Case.Channel.IMPORT,
            lon=line.lon,
            lat=line.lat,
            cell=geo.encode(line.lon, line.lat),
            address=line.address,
            area_code=line.area_code,
            created_at=line.created,
            updated_at=closed or line.created,
            closed_at=closed,
            source=self.mapping.source,
            source_id=line.source_id,
        )


class _open:
    """Opens CSV or CSV.gz as text; gives the stream and a function telling the bytes read."""

    def __init__(self, file: Path, encoding: str) -> None:
        self.file, self.encoding = file, encoding

    def __enter__(self) -> tuple[IO[str], Callable[[], int]]:
        try:
            self.raw = self.file.open("rb")
        except OSError as error:
            raise Invalid(
                _("Le fichier %(file)s ne peut pas être lu.") % {"file": self.file.name}
            ) from error
        binary: Any = gzip.open(self.raw) if self.file.suffix == ".gz" else self.raw
        try:
            return io.TextIOWrapper(binary, encoding=self.encoding, newline=""), self.raw.tell
        except LookupError as error:
            raise Invalid(
                _("L’encodage %(encoding)s n’existe pas.") % {"encoding": self.encoding}
            ) from error

    def __exit__(self, *exc: object) -> None:
        self.raw.close()


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Invalid(
            _("Le fichier %(file)s ne peut pas être lu.") % {"file": file.name}
        ) from error


def _write_rejects(
    path: Path, refused: list[tuple[int, str, dict[str, str]]], mapping: Mapping
) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=mapping.delimiter)
        names = [name for name in (refused[0][2] if refused else {}) if name]
        writer.writerow([_("ligne"), _("motif"), *names])
        for number, reason, row in refused:
            writer.writerow([number, reason, *(row.get(name) or "" for name in names)])
