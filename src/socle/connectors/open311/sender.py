"""A means of handing over: Open311. Sends once, whatever answer is lost; reads what they say."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from socle.connectors.open311 import reading
from socle.connectors.open311.client import Abilities, Client, Failure, Refused, Upload, forget
from socle.connectors.open311.words import folded, status_of
from socle.domains.reports.handovers.ports import NotSent, Outgoing, Sent, Update
from socle.kernel import geo
from socle.kernel.clock import SYSTEM, Clock

_log = logging.getLogger("socle.open311")

DESCRIPTION_MAX = 4000
PHOTOS_MAX = 5
# Attributes by which other servers keep the reference of who sends.
_REFERENCES = frozenset(
    {"external_id", "external_reference", "client_reference", "fixmystreet_id", "their_reference"}
)
# Two clocks differ, and a transaction ends after its updates are dated.
_MARGIN = timedelta(days=1)
_SAME_PLACE_M = 25.0
_WINDOW = timedelta(days=89)

MakeClient = Callable[[Outgoing], Client]


def client_of(handover: Outgoing) -> Client:
    """The client of the body a report is handed to."""
    body = handover.body
    return Client(body.url, jurisdiction=body.jurisdiction, key=body.secret)


class Open311Sender:
    """A `handovers.ports.Sender`. `make`: how a server is reached; `clock`: what time it is."""

    def __init__(self, make: MakeClient = client_of, clock: Clock = SYSTEM) -> None:
        self._make = make
        self._clock = clock

    def send(self, handover: Outgoing) -> Sent:
        """POST Service Request, once: an earlier attempt whose answer was lost is found again."""
        if not handover.body.url:
            raise NotSent(_("L’adresse Open311 n’est pas renseignée."), permanent=True)
        client = self._make(handover)
        try:
            abilities = self._with_service(client, handover)
            if handover.attempts:
                known = self._already(client, handover)
                if known:
                    return Sent(external_id=known, status="open")
            fields = list(self._fields(client, abilities, handover))
            uploads = _uploads(handover) if abilities.uploads else ()
            if not uploads:
                fields += [("media_url", photo.url) for photo in handover.photos[:1] if photo.url]
            made = client.post_request(fields, uploads=uploads, idempotency_key=handover.key)
        except Failure as failure:
            raise _not_sent(failure) from None
        return Sent(
            external_id=reading.text_of(made, "service_request_id", 200),
            token=reading.text_of(made, "token", 200),
            status="open",
        )

    def updates(self, handover: Outgoing) -> list[Update]:
        """What they said since the last time; their reference first, when they gave a token."""
        client = self._make(handover)
        try:
            number = handover.external_id
            if not number and handover.external_token:
                number = client.token(handover.external_token)
            if not number:
                return []
            found = self._news(client, handover, number)
        except Failure as failure:
            raise _not_sent(failure) from None
        if not handover.external_id and not any(each.external_id for each in found):
            found.insert(0, self._numbered(number))
        return found

    def tell(self, handover: Outgoing, key: str, *, text: str, status: str = "") -> str:
        """Say something of a report they have; the same `key` is taken once. Their update's id.

        Raises `NotSent`, permanent where a server takes no update.
        """
        fields = [
            ("update_id", key),
            ("status", (status or "open").upper()),
            ("updated_datetime", self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")),
            ("description", text[:DESCRIPTION_MAX]),
        ]
        try:
            return self._make(handover).post_update(handover.external_id, fields)
        except Failure as failure:
            raise _not_sent(failure) from None

    # --- Sending ---

    def _with_service(self, client: Client, handover: Outgoing) -> Abilities:
        """What they can do; asked again when our service is not among what was remembered."""
        for again in (False, True):
            if again:
                forget()
            abilities = client.abilities()
            if not abilities.services or handover.service_code in abilities.services:
                return abilities
        sentence = _("Leur service « %(code)s » n’existe pas : corrigez la correspondance.")
        raise NotSent(sentence % {"code": handover.service_code[:60]}, permanent=True)

    def _already(self, client: Client, handover: Outgoing) -> str:
        """Their reference for what an earlier attempt sent; empty when nothing arrived.

        A server of ours knows our key as a token. Another's list is looked through for our
        reference, at the same place.
        """
        number = client.token(handover.key)
        if number:
            return number
        since = max(handover.handed_at - timedelta(hours=1), self._clock.now() - _WINDOW)
        rows = client.requests(
            service_code=handover.service_code,
            start_date=since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        mark = _mark(handover)
        for row in rows:
            if mark in reading.text_of(row, "description", 20_000) and _same_place(row, handover):
                return reading.text_of(row, "service_request_id", 200)
        return ""

    def _fields(
        self, client: Client, abilities: Abilities, handover: Outgoing
    ) -> Iterator[tuple[str, str]]:
        yield "service_code", handover.service_code
        if handover.lat is not None and handover.lon is not None:
            yield "lat", repr(handover.lat)
            yield "long", repr(handover.lon)
        if handover.address:
            yield "address_string", handover.address
        attributes: Mapping[str, dict[str, Any]] = {}
        if abilities.services.get(handover.service_code):
            attributes = client.definition(handover.service_code)
        asked = 0
        for code, value in handover.attributes.items():
            if code not in attributes:
                continue
            asked += 1
            yield from _attribute(code, value)
        for code in _REFERENCES & attributes.keys():
            yield f"attribute[{code}]", handover.reference
        yield "description", _description(handover, with_answers=asked < len(handover.attributes))

    # --- Reading ---

    def _news(self, client: Client, handover: Outgoing, number: str) -> list[Update]:
        items = client.updates(number)
        if items is None:
            since = handover.synced_at or handover.sent_at or handover.handed_at
            now = self._clock.now()
            start = max(since - _MARGIN, now - _WINDOW)
            items = client.all_updates(
                start.strftime("%Y-%m-%dT%H:%M:%SZ"), now.strftime("%Y-%m-%dT%H:%M:%SZ")
            )
            if items is not None:
                items = [
                    each
                    for each in items
                    if reading.text_of(each, "service_request_id", 200) == number
                ]
        if items is None:
            return self._from_status(client, handover, number)
        found = [update for each in items if (update := self._update(each, number))]
        if handover.synced_at is not None:
            oldest = handover.synced_at - _MARGIN
            found = [each for each in found if each.at >= oldest]
        return sorted(found, key=lambda each: each.at)

    def _update(self, item: dict[str, Any], number: str) -> Update | None:
        theirs = reading.text_of(item, "status", 60)
        at = reading.date_of(item, "updated_datetime")
        key = reading.text_of(item, "update_id", 120)
        if at is None or not key:
            return None
        status = status_of(theirs)
        return Update(
            at=at,
            status=status,
            key=f"open311:{key}",
            text=reading.text_of(item, "description", DESCRIPTION_MAX),
            external_id=number,
            external_status=folded(theirs)[:60],
            # That it arrived is known here already.
            public=status != "open",
        )

    def _from_status(self, client: Client, handover: Outgoing, number: str) -> list[Update]:
        """A server without updates: what its status says now, when it has changed."""
        item = client.request(number)
        if item is None:
            raise NotSent(_("Ils ne connaissent plus cette référence."))
        theirs = reading.text_of(item, "status", 60)
        notes = reading.text_of(item, "status_notes", 1000)
        at = reading.date_of(item, "updated_datetime") or self._clock.now()
        status = status_of(theirs)
        if status == "open" and not notes and not handover.external_status:
            return []
        key = f"open311:{number}:{folded(theirs)}:{at:%Y%m%d%H%M%S}"
        return [
            Update(
                at=at,
                status=status,
                key=key,
                text=notes,
                external_id=number,
                external_status=folded(theirs)[:60],
                public=status != "open",
            )
        ]

    def _numbered(self, number: str) -> Update:
        return Update(
            at=self._clock.now(),
            status="open",
            key=f"open311:{number}",
            external_id=number,
            external_status="open",
            public=False,
        )


def _mark(handover: Outgoing) -> str:
    """What a report of ours is known by in somebody else's list."""
    return f"[{handover.reference}]"


def _same_place(row: dict[str, Any], handover: Outgoing) -> bool:
    try:
        lat, lon = float(row["lat"]), float(row["long"])
    except (KeyError, TypeError, ValueError):
        return True
    if handover.lat is None or handover.lon is None:
        return True
    return geo.distance_m(lon, lat, handover.lon, handover.lat) <= _SAME_PLACE_M


def _description(handover: Outgoing, *, with_answers: bool) -> str:
    lines = [handover.description or handover.title]
    if handover.reason:
        lines.append(handover.reason)
    if with_answers:
        lines += [f"{label} : {answer}" for label, answer in handover.answers.items()]
    end = "\n\n" + _("Notre référence :") + " " + _mark(handover)
    return "\n\n".join(lines)[: DESCRIPTION_MAX - len(end)] + end


def _attribute(code: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, list | tuple):
        yield from ((f"attribute[{code}][]", str(each)) for each in value)
    elif isinstance(value, bool):
        yield f"attribute[{code}]", "true" if value else "false"
    elif value is not None:
        yield f"attribute[{code}]", str(value)


def _uploads(handover: Outgoing) -> list[Upload]:
    return [
        Upload(photo.name, photo.media_type, photo.read()) for photo in handover.photos[:PHOTOS_MAX]
    ]


def _not_sent(failure: Failure) -> NotSent:
    said = f" « {failure.sentence} »" if failure.sentence and failure.status else ""
    if isinstance(failure, Refused):
        return NotSent(_("Leur adresse n’est pas de celles qu’on peut appeler."), permanent=True)
    if failure.status in (401, 403):
        sentence = _("Leur serveur refuse notre clé.")
    elif failure.permanent:
        sentence = _("Leur serveur refuse la demande (%(status)s).") % {"status": failure.status}
    elif failure.status:
        sentence = _("Leur serveur est en défaut (%(status)s).") % {"status": failure.status}
    else:
        sentence = _("Leur serveur ne répond pas.")
    _log.info("open311 failure status=%s", failure.status)
    return NotSent(
        (sentence + said)[:300], permanent=failure.permanent, retry_after=failure.retry_after
    )
