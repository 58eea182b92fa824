"""Historic cases, thousands at a time, once."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
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


@dataclass(frozen=True, slots=True)
class Imported:
    """How many were new, how many were there already."""

    created: int
    known: int


@transaction.atomic
def add_historic(
    *,
    actor: Actor,
    cases: Sequence[Case],
    source: str,
    prefix: str,
    rng: random.Random = RNG,
    clock: Clock = SYSTEM,
) -> Imported:
    """Add cases that happened elsewhere, a few thousand in one call.

    `cases`: unsaved, each with its `source_id`, dates, state, organisation; reference, cell, search
    words, source and history are filled in here. A `source_id` already imported from `source` is
    left alone, whatever changed in it. Nobody is written to. The journal gets one entry per
    organisation, with the SHA-256 of the references. Raises `Denied` outside the actor's
    organisations, `Invalid` without source or identity.
    """
    if not source or any(not case.source_id for case in cases):
        raise Invalid(_("Indiquez d’où viennent ces dossiers et leur identifiant d’origine."))
    owners = {case.organisation_id for case in cases}
    if not all(policies.can_import(actor, each) for each in owners):
        raise Denied()
    known: set[str] = set()
    wanted = list({case.source_id: case for case in cases}.values())
    for start in range(0, len(wanted), _ROWS):
        ids = [case.source_id for case in wanted[start : start + _ROWS]]
        rows = Case.objects.filter(source=source, source_id__in=ids)
        known.update(rows.values_list("source_id", flat=True))
    fresh = [case for case in wanted if case.source_id not in known]
    if not fresh:
        return Imported(0, len(cases))
    _complete(fresh, source, prefix, rng)
    Case.objects.bulk_create(fresh, batch_size=_ROWS)
    CaseEvent.objects.bulk_create(
        [
            CaseEvent(
                case_id=case.pk,
                version=case.version,
                at=case.created_at,
                kind=history.IMPORTED,
                actor_kind="system",
                public=True,
                data={"source": source},
            )
            for case in fresh
        ],
        batch_size=_ROWS,
    )
    _journal(fresh, actor, source, clock)
    return Imported(len(fresh), len(cases) - len(fresh))


def _complete(cases: Sequence[Case], source: str, prefix: str, rng: random.Random) -> None:
    taken: set[str] = set()
    for case in cases:
        case.source = source
        case.channel = Case.Channel.IMPORT
        if case.lon is not None and case.lat is not None:
            case.cell = geo.encode(case.lon, case.lat)
        case.reference = _draw(prefix, case, taken, rng)
    references_drawn = [case.reference for case in cases]
    clashing: set[str] = set()
    for start in range(0, len(references_drawn), _ROWS):
        rows = Case.objects.filter(reference__in=references_drawn[start : start + _ROWS])
        clashing.update(rows.values_list("reference", flat=True))
    for case in cases:
        while case.reference in clashing:
            fresh = _draw(prefix, case, taken, rng)
            if not Case.objects.filter(reference=fresh).exists():
                case.reference = fresh
        case.search_text = searching.text_of(case)


def _draw(prefix: str, case: Case, taken: set[str], rng: random.Random) -> str:
    year = local(case.created_at).year
    while (fresh := references.new(prefix, year, rng)) in taken:
        continue
    taken.add(fresh)
    return fresh


def _journal(cases: Sequence[Case], actor: Actor, source: str, clock: Clock) -> None:
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
