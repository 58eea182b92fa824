"""Receiving, clearing and forgetting files."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from io import BytesIO
from itertools import islice
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import blobs, intake
from socle.foundations.files.events import FileBlocked, FileCleared
from socle.foundations.files.models import StoredFile
from socle.foundations.files.policies import is_holder
from socle.foundations.files.ports import Verdict
from socle.foundations.files.registry import antivirus, still_held
from socle.foundations.files.rules import MEGABYTE, Limits
from socle.foundations.journal.actions import chain_for, record
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, Invalid, NotFound, Throttled
from socle.kernel.events import emit

logger = logging.getLogger(__name__)

MAX_PENDING = 60
"""Files one person or draft may have sent within a day without attaching them."""

UNATTACHED_FOR = timedelta(days=45)
"""Longer than a draft of answers lives: what it refers to is not swept under it."""


def limits() -> Limits:
    """Of this installation: the built-in ones, within what its settings allow."""
    most = settings.SOCLE.storage.max_megabytes * MEGABYTE
    usual = Limits()
    return Limits(
        photo_bytes=min(usual.photo_bytes, most), document_bytes=min(usual.document_bytes, most)
    )


def receive(
    *,
    upload: BinaryIO,
    name: str,
    actor: Actor,
    claim: str = "",
    accept: Collection[str] = ("image", "pdf"),
    clock: Clock = SYSTEM,
) -> StoredFile:
    """Take in one upload. Call it outside a transaction: it decodes pictures and writes to storage.

    ``claim``: who holds the draft it is for, when nobody is signed in. ``accept``: ``image``,
    ``pdf``, ``document``. The file given back says in ``photo_position`` where the picture was
    taken, (lon, lat), read before that was stripped. It is CLEAN when the antivirus answers at
    once, otherwise QUARANTINED until a task has asked it. Raises ``Invalid``, ``TooLarge``,
    ``UnsupportedMedia`` (each with a sentence for the person), ``Denied`` without actor nor claim,
    ``Throttled``.
    """
    _may_send(actor, claim, clock)
    accepted = intake.accept_upload(upload, name, accept, limits())
    with accepted.stream as stream:
        scanner = antivirus()
        verdict = scanner.scan(stream) if scanner.immediate else None
        if verdict is not None and not verdict.clean:
            _journal_block(None, verdict, clock)
            raise Invalid(
                _("L’antivirus a refusé ce fichier : il contient un programme dangereux."),
                code="infected-file",
            )
        prefix = blobs.QUARANTINE if verdict is None else blobs.CLEAN
        digest = blobs.sha256(stream)
        stored = StoredFile(
            name=accepted.name,
            media_type=accepted.kind.media_type,
            size=accepted.size,
            sha256=digest,
            width=accepted.width,
            height=accepted.height,
            state=StoredFile.State.QUARANTINED if verdict is None else StoredFile.State.CLEAN,
            owner_id=actor.user_id,
            claim=claim,
            created_at=clock.now(),
        )
        stored.photo_position = accepted.position
        try:
            stored.storage_key = blobs.put(prefix, stream, digest)
            if accepted.thumbnail:
                stored.thumbnail_key = blobs.put(prefix, BytesIO(accepted.thumbnail), digest)
            with transaction.atomic():
                stored.save(force_insert=True)
                if verdict is None:
                    _ask_antivirus(stored.pk)
        except BaseException:
            blobs.remove(stored.storage_key, stored.thumbnail_key)
            raise
    return stored


def attach(
    *, file_ids: Iterable[UUID | str], actor: Actor, claim: str = "", clock: Clock = SYSTEM
) -> list[StoredFile]:
    """Make files part of something filed, in its transaction; in the order given.

    Files still in quarantine may be attached: they open later. Raises ``NotFound`` for a file that
    is not the actor's (or claim's), ``Invalid`` for one that was refused, ``Conflict`` for one that
    already belongs to something.
    """
    wanted = list(dict.fromkeys(_uuid(file_id) for file_id in file_ids))
    with transaction.atomic():
        locked = StoredFile.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
        found = {stored.pk: stored for stored in locked}
        for file_id in wanted:
            stored = found.get(file_id)
            if stored is None or not is_holder(actor, stored, claim):
                raise NotFound
            if stored.state in {StoredFile.State.INFECTED, StoredFile.State.REJECTED}:
                raise Invalid(_("Un des fichiers a été refusé. Retirez-le, puis recommencez."))
            if stored.attached_at is not None:
                raise Conflict(_("Ce fichier est déjà joint à une demande."))
        now = clock.now()
        StoredFile.objects.filter(pk__in=wanted).update(attached_at=now)
        for stored in found.values():
            stored.attached_at = now
    return [found[file_id] for file_id in wanted]


def adopt(*, claim: str, user_id: int) -> int:
    """Give the files of a claim to the person who has just signed in; the claim opens them no more.

    Only files nobody owns and that are not attached yet. Give how many.
    """
    if not claim:
        return 0
    mine = StoredFile.objects.filter(claim=claim, owner=None, attached_at=None)
    return mine.update(owner_id=user_id, claim="")


def discard(*, file_id: UUID | str, actor: Actor, claim: str = "") -> None:
    """Take back a file that was sent but not attached. ``NotFound`` when it is not the actor's or
    is attached.
    """
    with transaction.atomic():
        stored = StoredFile.objects.select_for_update().filter(pk=_uuid(file_id)).first()
        if stored is None or stored.attached_at or not is_holder(actor, stored, claim):
            raise NotFound
        _forget([stored])


def scan(*, file_id: UUID | str, clock: Clock = SYSTEM) -> None:
    """Ask the antivirus about a quarantined file and act on it. Raises ``Unavailable``: the file
    stays where it is.

    Not in a transaction: the question may take seconds. Running it twice is harmless.
    """
    stored = StoredFile.objects.filter(
        pk=_uuid(file_id), state=StoredFile.State.QUARANTINED
    ).first()
    if stored is None:
        return
    try:
        with blobs.get(stored.storage_key) as stream:
            verdict = antivirus().scan(stream)
    except FileNotFoundError:
        # Moved by another run of this task, or swept.
        return
    if verdict.clean:
        _clear(stored)
    else:
        _block(stored, verdict, clock)


def _clear(stored: StoredFile) -> None:
    old = (stored.storage_key, stored.thumbnail_key)
    new = tuple(blobs.move(key, blobs.CLEAN) if key else "" for key in old)
    with transaction.atomic():
        updated = StoredFile.objects.filter(
            pk=stored.pk, state=StoredFile.State.QUARANTINED
        ).update(state=StoredFile.State.CLEAN, storage_key=new[0], thumbnail_key=new[1])
        if updated:
            emit(FileCleared(file_id=stored.pk))
    blobs.remove(*(old if updated else new))


def _block(stored: StoredFile, verdict: Verdict, clock: Clock) -> None:
    with transaction.atomic():
        updated = StoredFile.objects.filter(
            pk=stored.pk, state=StoredFile.State.QUARANTINED
        ).update(
            state=StoredFile.State.INFECTED,
            signature=verdict.signature[:200],
            storage_key="",
            thumbnail_key="",
        )
        if updated:
            emit(FileBlocked(file_id=stored.pk, owner_id=stored.owner_id))
            _journal_block(stored.pk, verdict, clock)
    blobs.remove(stored.storage_key, stored.thumbnail_key)


def _journal_block(file_id: UUID | None, verdict: Verdict, clock: Clock) -> None:
    with transaction.atomic():
        record(
            chain=chain_for(None),
            action="file.blocked",
            actor=SYSTEM_ACTOR,
            subject=("file", str(file_id) if file_id else "refused"),
            data={"signature": verdict.signature[:200].replace("@", " ")},
            clock=clock,
        )


def rescan_waiting(*, clock: Clock = SYSTEM) -> int:
    """Ask again for files that have waited an hour: their task gave up while the antivirus was
    away.
    """
    now = clock.now()
    waiting = StoredFile.objects.filter(
        state=StoredFile.State.QUARANTINED, created_at__lt=now - timedelta(hours=1)
    )
    ids = list(waiting.order_by("created_at").values_list("pk", flat=True)[:1000])
    for file_id in ids:
        _ask_antivirus(file_id, key=f"files.scan:{file_id}:{now:%Y-%m-%dT%H}")
    return len(ids)


def sweep_unattached(*, older_than: timedelta = UNATTACHED_FOR, clock: Clock = SYSTEM) -> int:
    """Remove files nobody attached nor holds (``registry.hold``), 500 at a time, then stored bytes
    that no row knows. Give how many files went.
    """
    limit = clock.now() - older_than
    swept, after = 0, UUID(int=0)
    while True:
        with transaction.atomic():
            unattached = StoredFile.objects.select_for_update().filter(
                attached_at__isnull=True, created_at__lt=limit, pk__gt=after
            )
            batch = list(unattached.order_by("pk")[:500])
            if not batch:
                break
            after = batch[-1].pk
            held = still_held(stored.pk for stored in batch)
            gone = [stored for stored in batch if stored.pk not in held]
            _forget(gone)
        swept += len(gone)
    _sweep_orphans(clock)
    return swept


def _sweep_orphans(clock: Clock) -> None:
    """Bytes whose transaction was undone: older than two days and known to no row."""
    for prefix in (blobs.QUARANTINE, blobs.CLEAN):
        keys = blobs.older_than(prefix, timedelta(days=2), clock.now())
        while batch := list(islice(keys, 500)):
            known = set(
                StoredFile.objects.filter(storage_key__in=batch).values_list(
                    "storage_key", flat=True
                )
            ) | set(
                StoredFile.objects.filter(thumbnail_key__in=batch).values_list(
                    "thumbnail_key", flat=True
                )
            )
            blobs.remove(*(key for key in batch if key not in known))


def erase(*, file_ids: Iterable[UUID | str]) -> int:
    """Remove files for good, rows at once and bytes on commit, attached or not: what they belonged
    to is anonymised. Not for people: whoever calls has asked who may. Give how many went.

    One that something else still shows stays, nobody's.
    """
    gone = 0
    with transaction.atomic():
        wanted = [_uuid(file_id) for file_id in file_ids]
        rows = list(StoredFile.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
        for stored in rows:
            try:
                with transaction.atomic():
                    _forget([stored])
                gone += 1
            except ProtectedError:
                StoredFile.objects.filter(pk=stored.pk).update(owner=None, claim="")
    return gone


def forget_person(*, user_id: int) -> None:
    """Remove what a person sent and never attached (their account is being closed)."""
    with transaction.atomic():
        _forget(
            list(
                StoredFile.objects.filter(owner_id=user_id, attached_at__isnull=True).order_by("pk")
            )
        )


def _forget(batch: Sequence[StoredFile]) -> None:
    StoredFile.objects.filter(pk__in=[stored.pk for stored in batch]).delete()
    keys = [key for stored in batch for key in (stored.storage_key, stored.thumbnail_key) if key]
    transaction.on_commit(lambda: blobs.remove(*keys), robust=True)


def _may_send(actor: Actor, claim: str, clock: Clock) -> None:
    if actor.kind == "system":
        return
    if actor.user_id is None and not claim:
        raise Denied
    since = clock.now() - timedelta(days=1)
    mine = StoredFile.objects.filter(attached_at__isnull=True, created_at__gt=since)
    mine = mine.filter(owner_id=actor.user_id) if actor.user_id else mine.filter(claim=claim)
    if len(mine.order_by().values_list("pk")[: MAX_PENDING + 1]) > MAX_PENDING:
        raise Throttled(3600, _("Vous avez envoyé beaucoup de fichiers. Réessayez plus tard."))


def _ask_antivirus(file_id: UUID, key: str | None = None) -> None:
    from socle.foundations.files.tasks import scan as scan_task

    scan_task.enqueue(file_id=str(file_id), _key=key)


def _uuid(file_id: UUID | str) -> UUID:
    try:
        return file_id if isinstance(file_id, UUID) else UUID(file_id)
    except ValueError:
        raise NotFound from None
