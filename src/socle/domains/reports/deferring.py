"""A report written without a network and sent when it comes back: once, whatever is retried.

The device makes the key before it first tries. Its holder is whoever wrote the report: the key
gives back the reference and the private link, even when the answer was lost on the way and the
session has ended meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from socle.capabilities.casework import queries as casework
from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires.actions import claim_hash
from socle.domains.reports import actions
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions as files
from socle.foundations.files.models import StoredFile
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Report:
    """What the person wrote. Degrees WGS84; `contact` as `submit_report` takes it."""

    category_id: str
    lon: float | None
    lat: float | None
    description: str
    address: str = ""
    contact: Mapping[str, Any] | None = None
    channel: str = Case.Channel.MOBILE


def device_key(text: str) -> str:
    """The idempotency key of a device's own one. Raises Invalid unless it is a random UUID.

    122 random bits: nobody comes upon somebody else's.
    """
    try:
        key: UUID | None = UUID(text)
    except ValueError:
        key = None
    if key is None or key.version != 4:
        raise Invalid(_("Cet envoi n’a pas d’identifiant : recommencez."), code="device-key")
    return f"device:{key}"


def sent_before(key: str) -> actions.Sent | None:
    """The report that this key already opened, with its private link."""
    case = Case.objects.filter(idempotency_key=key, kind=Case.Kind.REPORT).first()
    return actions.Sent(case, casework.follow_token(case), created=False) if case else None


Receive = Callable[[], Sequence[StoredFile]]


def submit(
    *,
    actor: Actor,
    key: str,
    report: Report,
    receive: Receive,
    claim: str = "",
    helping: bool = False,
    clock: Clock = SYSTEM,
) -> actions.Sent:
    """Open the report of `key`, or give the one it already opened.

    `receive` takes the photos in, held by the actor or by `claim` (a browser's token): it is only
    called for a report not known yet. A place left out is read from the first photo that has one.
    Photos of a report that is refused, or that another try has just opened, are forgotten. Raises
    what `submit_report` and `receive` raise.
    """
    known = sent_before(key)
    if known is not None:
        return known
    photos = receive()
    lon, lat = report.lon, report.lat
    if lon is None or lat is None:
        lon, lat = next((each for each in map(_position, photos) if each), (None, None))
    sent: actions.Sent | None = None
    try:
        sent = actions.submit_report(
            actor=actor,
            category_id=report.category_id,
            lon=lon,
            lat=lat,
            description=report.description,
            address=report.address,
            file_ids=[str(each.pk) for each in photos],
            claim=claim,
            contact=report.contact,
            channel=report.channel,
            helping=helping,
            idempotency_key=key,
            clock=clock,
        )
    except Conflict:
        # The same key at the same moment, signed in on one side only.
        sent = sent_before(key)
        if sent is None:
            raise
    finally:
        if sent is None or not sent.created:
            forget(photos, actor=actor, claim=claim)
    return sent


def forget(photos: Sequence[StoredFile], *, actor: Actor, claim: str) -> None:
    """Take back photos that nothing will use."""
    for each in photos:
        try:
            files.discard(file_id=each.pk, actor=actor, claim=claim_hash(claim) if claim else "")
        except NotFound:
            continue


def _position(photo: StoredFile) -> tuple[float, float] | None:
    return getattr(photo, "photo_position", None)
