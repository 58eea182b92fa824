"""Historic cases, thousands at a time, once.

Written without the ORM: preparing forty columns of a model instance costs more than the database
does. What every case holds is kept all the same: reference, cell, search words, one event with its
version, the journal.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import connections, models, router, transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import history, policies, searching
from socle.capabilities.casework.actions.opening import RNG
from socle.capabilities.casework.models import Case, CaseEvent
from socle.foundations.accounts.actors import Actor
from socle.foundations.journal import actions as journal
from socle.kernel import geo, references
from socle.kernel.clock import SYSTEM, Clock, local
from socle.kernel.errors import Denied, Invalid

_ROWS = 500
_VARIABLES = 32_000
"""Values a statement may hold: SQLite takes 32,766, PostgreSQL's driver writes them in."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many were new, how many were there already."""

    created: int
    known: int


@dataclass(slots=True, kw_only=True)
class Historic:
    """A case that happened elsewhere: the columns of `Case`, at a tenth of the price."""

    kind: str
    service_key: str
    definition_id: int
    title: str
    state: str
    public_status: str
    is_open: bool
    organisation_id: int
    created_at: datetime
    updated_at: datetime
    source_id: str
    closed_at: datetime | None = None
    team_id: int | None = None
    description: str = ""
    category: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    area_code: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    language: str = "fr"
    answers: dict[str, Any] = field(default_factory=dict)
    applicant_id: int | None = None
    entity_id: int | None = None
    assignee_id: int | None = None
    filed_by_id: int | None = None
    parent_id: int | None = None
    merged_into_id: int | None = None
    priority: int = 0
    due_at: datetime | None = None
    due_left: timedelta | None = None
    timer_at: datetime | None = None
    warn_at: datetime | None = None
    anonymised_at: datetime | None = None
    version: int = 1
    has_news: bool = False
    follow_nonce: str = ""
    follow_hash: str = ""
    idempotency_key: str | None = None
    # Filled in by `add_historic`.
    reference: str = ""
    channel: str = ""
    source: str = ""
    cell: int | None = None
    search_text: str = ""


@transaction.atomic
def add_historic(
    *,
    actor: Actor,
    cases: Sequence[Historic | Case],
    source: str,
    prefix: str,
    rng: random.Random = RNG,
    clock: Clock = SYSTEM,
) -> Imported:
    """Add cases that happened elsewhere, a few thousand in one call.

    `cases`: unsaved, each with its `source_id`, dates, state, organisation; reference, cell, search
    words, source and history are filled in here. A `source_id` already imported from `source` is
    left alone, whatever changed in it; of two in one call the first counts. Nobody is written to.
    The journal gets one entry per organisation, with the SHA-256 of the references. Raises `Denied`
    outside the actor's organisations, `Invalid` without source or identity, `IntegrityError` when
    somebody imports the same lines at the same moment: then, call again.
    """
    if not source or any(not case.source_id for case in cases):
        raise Invalid(_("Indiquez d’où viennent ces dossiers et leur identifiant d’origine."))
    owners = {case.organisation_id for case in cases}
    if not all(policies.can_import(actor, each) for each in owners):
        raise Denied()
    known: set[str] = set()
    # Read backwards: the first of two alike is written last, and stays.
    wanted = list({case.source_id: case for case in reversed(cases)}.values())[::-1]
    for part in _parts([case.source_id for case in wanted]):
        rows = Case.objects.filter(source=source, source_id__in=part)
        known.update(rows.values_list("source_id", flat=True))
    fresh = [case for case in wanted if case.source_id not in known]
    if fresh:
        _complete(fresh, source, prefix, rng)
        _insert(fresh)
        _insert_events([case.reference for case in fresh], source)
        _journal(fresh, actor, source, clock)
    return Imported(len(fresh), len(cases) - len(fresh))


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _ROWS):
        yield values[start : start + _ROWS]


def _complete(
    cases: Sequence[Historic | Case], source: str, prefix: str, rng: random.Random
) -> None:
    taken: set[str] = set()
    for case in cases:
        case.source = source
        case.channel = Case.Channel.IMPORT.value
        if case.lon is not None and case.lat is not None:
            case.cell = geo.encode(case.lon, case.lat)
        case.reference = _draw(prefix, case.created_at, taken, rng)
    clashing: set[str] = set()
    for part in _parts([case.reference for case in cases]):
        rows = Case.objects.filter(reference__in=part)
        clashing.update(rows.values_list("reference", flat=True))
    for case in cases:
        while case.reference in clashing:
            fresh = _draw(prefix, case.created_at, taken, rng)
            if not Case.objects.filter(reference=fresh).exists():
                case.reference = fresh
        case.search_text = searching.text_of(case)


def _draw(prefix: str, created_at: datetime, taken: set[str], rng: random.Random) -> str:
    year = local(created_at).year
    while (fresh := references.new(prefix, year, rng)) in taken:
        continue
    taken.add(fresh)
    return fresh


# What a column of these kinds holds, the database's driver takes as it is.
_PLAIN = (
    models.CharField, models.TextField, models.IntegerField, models.FloatField,
    models.BooleanField, models.ForeignKey,
)  # fmt: skip
_COLUMNS: tuple[models.Field[Any, Any], ...] = tuple(
    each for each in Case._meta.concrete_fields if not each.primary_key
)


def _insert(cases: Sequence[Historic | Case]) -> None:
    connection = connections[router.db_for_write(Case)]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(each.column)) for each in _COLUMNS)
    places = f"({', '.join(['%s'] * len(_COLUMNS))})"
    values = attrgetter(*(each.attname for each in _COLUMNS))
    prepare = [(rank, _preparer(each, connection)) for rank, each in enumerate(_COLUMNS)
               if not isinstance(each, _PLAIN)]  # fmt: skip

    def row(case: Historic | Case) -> list[Any]:
        found = list(values(case))
        for rank, prepared in prepare:
            if found[rank] is not None:
                found[rank] = prepared(found[rank])
        return found

    sql = f"INSERT INTO {quote(Case._meta.db_table)} ({names}) VALUES "  # noqa: S608
    # Many rows a statement: on SQLite the index of words is written out at the end of each.
    size = min(_ROWS, _VARIABLES // len(_COLUMNS))
    with connection.cursor() as cursor:
        for start in range(0, len(cases), size):
            part = cases[start : start + size]
            cursor.execute(
                sql + ", ".join([places] * len(part)),
                [value for case in part for value in row(case)],
            )


def _preparer(column: models.Field[Any, Any], connection: Any) -> Callable[[Any], Any]:
    if isinstance(column, models.DateTimeField):
        adapted: Callable[[Any], Any] = connection.ops.adapt_datetimefield_value
        return adapted
    return lambda value: column.get_db_prep_save(value, connection)


def _insert_events(drawn: Sequence[str], source: str) -> None:
    """One event each, dated of the case, from the rows just written: their ids are not known."""
    connection = connections[router.db_for_write(CaseEvent)]
    quote = connection.ops.quote_name
    given: dict[str, Any] = {
        "kind": history.IMPORTED,
        "actor_kind": "system",
        "actor_label": "",
        "public": True,
        "data": {"source": source},
    }
    columns: dict[str, Any] = {each.name: each for each in CaseEvent._meta.concrete_fields}
    constants = [columns[name].get_db_prep_save(each, connection) for name, each in given.items()]
    names = ", ".join(quote(name) for name in ("case_id", "version", "at", *given))
    sql = (
        f"INSERT INTO {quote(CaseEvent._meta.db_table)} ({names})"  # noqa: S608
        f" SELECT id, version, created_at{', %s' * len(constants)}"
        f" FROM {quote(Case._meta.db_table)} WHERE reference IN "
    )
    with connection.cursor() as cursor:
        for part in _parts(drawn):
            cursor.execute(f"{sql}({', '.join(['%s'] * len(part))})", [*constants, *part])


def _journal(cases: Sequence[Historic | Case], actor: Actor, source: str, clock: Clock) -> None:
    digest = hashlib.sha256("\n".join(case.reference for case in cases).encode()).hexdigest()
    counts = Counter(case.organisation_id for case in cases)
    for chain, organisation_id in sorted((journal.chain_for(each), each) for each in counts):
        journal.record(
            chain=chain,
            action="case.imported",
            actor=actor,
            subject=("import", source),
            data={"count": counts[organisation_id], "references_sha256": digest},
            clock=clock,
        )
