"""Photos: sent with a request (multipart), fetched from an address, shown once an agent agreed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from socle.domains.reports import queries as reports
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions as files
from socle.foundations.files import downloads
from socle.foundations.files import queries as stored_files
from socle.kernel import outgoing
from socle.kernel.clock import Clock
from socle.sites.api.open311.answering import Refusal

PHOTOS_MAX = 5
# Seconds for one address: the program waits for its answer meanwhile, and so does a worker.
FETCH_SECONDS = 5.0
_log = logging.getLogger("socle.open311")


def policy() -> outgoing.Policy:
    """Where a photo may be fetched: never on the local network, unless the settings name a host."""
    hosts = settings.SOCLE.outgoing.private_hosts
    return outgoing.Policy(
        private_hosts=frozenset(host.lower() for host in hosts),
        seconds=FETCH_SECONDS,
        max_bytes=files.limits().photo_bytes,
    )


def received(request: HttpRequest, actor: Actor, claim: str, clock: Clock) -> list[str]:
    """Take in the photos of a request, sent along or named by ``media_url``; ids of files.

    Raises :class:`Refusal` when there are too many or one cannot be fetched, `SocleError` for one
    that is no picture.
    """
    sent = [each for _name, group in request.FILES.lists() for each in group]
    addresses = [
        address.strip()
        for name in ("media_url", "media_url[]")
        for address in request.POST.getlist(name)
        if address.strip()
    ]
    if len(sent) + len(addresses) > PHOTOS_MAX:
        raise Refusal(400, _("Au plus %(most)s photos.") % {"most": PHOTOS_MAX})
    uploads: list[tuple[BinaryIO, str]] = [
        (cast("BinaryIO", each), each.name or "photo") for each in sent
    ]
    uploads += [fetched(address) for address in addresses]
    return [
        str(
            files.receive(
                upload=upload, name=name, actor=actor, claim=claim, accept=("image",), clock=clock
            ).pk
        )
        for upload, name in uploads
    ]


def fetched(address: str) -> tuple[BinaryIO, str]:
    """The bytes at an address and their name. Raises :class:`Refusal`."""
    sentence = _("La photo de media_url n’a pas pu être lue : adresse refusée ou sans réponse.")
    if len(address) > 2000:
        raise Refusal(400, sentence)
    try:
        answer = outgoing.fetch(address, policy=policy(), headers={"Accept": "image/*"})
    except (outgoing.Forbidden, outgoing.CallFailed, ValueError) as error:
        _log.info("media_url refused: %s", type(error).__name__)
        raise Refusal(400, sentence) from None
    if answer.status != 200 or not answer.body:
        raise Refusal(400, sentence)
    return BytesIO(answer.body), urlsplit(address).path.rpartition("/")[2][-80:] or "photo"


def addresses(rows: Iterable[Any], base: str) -> dict[int, list[str]]:
    """Addresses of the photos that everybody may see (`shown_photos` of public reports), by case."""
    return {
        row.case_id: [
            base + reverse("api:open311-media", args=[photo.document_id])
            for photo in row.shown_photos
        ]
        for row in rows
        if getattr(row, "shown_photos", None)
    }


def show(document_id: int) -> StreamingHttpResponse:
    """A photo that an agent let through, of a report that is public. Raises NotFound."""
    shown = reports.public_photo(document_id)
    response = StreamingHttpResponse(_chunks(stored_files.open_file(shown)))
    for name, value in downloads.headers_for(shown, inline=True).items():
        response.headers[name] = value
    # A photo may be hidden again: kept an hour, no more. Other sites may show it.
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _chunks(stream: BinaryIO) -> Iterable[bytes]:
    with stream:
        while chunk := stream.read(65_536):
            yield chunk


def labelled(file_ids: Sequence[str]) -> list[dict[str, str]]:
    """The files of a message, as documents of its case."""
    return [{"file_id": each, "kind": "photo", "label": _("Photo")} for each in file_ids]
