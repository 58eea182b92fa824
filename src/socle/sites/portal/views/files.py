"""Files, served with care: never before they are clean, only to those who may see them."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from socle.capabilities.questionnaires.actions import claim_hash
from socle.foundations.files import queries
from socle.foundations.files.downloads import headers_for
from socle.foundations.files.models import StoredFile
from socle.sites.portal import claims


@require_GET
def download(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A file of a draft, to the person who sent it."""
    stored = queries.for_download(request.actor, file_id, claim_hash(claims.of(request)))  # type: ignore[attr-defined]
    return serve(stored, thumbnail="apercu" in request.GET)


def serve(stored: StoredFile, *, thumbnail: bool = False) -> HttpResponse:
    """The bytes with the headers that keep them harmless. Raises NotFound while not clean."""
    stream = queries.open_thumbnail(stored) if thumbnail else queries.open_file(stored)
    response = FileResponse(stream)
    for name, value in headers_for(stored, inline=True, thumbnail=thumbnail).items():
        response[name] = value
    return response
