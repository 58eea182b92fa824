"""Files, served with care: never before they are clean, only to those who may see them."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from socle.foundations.files import policies, queries
from socle.foundations.files.models import StoredFile
from socle.kernel.errors import NotFound
from socle.sites.portal import claims


@require_GET
def download(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A file of a draft, to the person who sent it."""
    stored = queries.find(file_id)
    if stored is None or not policies.can_download(request.actor, stored, claims.of(request)):  # type: ignore[attr-defined]
        raise NotFound(_("Ce fichier n’existe pas."))
    return serve(stored, thumbnail="apercu" in request.GET)


def serve(stored: StoredFile, *, thumbnail: bool = False) -> HttpResponse:
    """The bytes with the headers that keep them harmless. Raises NotFound while not clean."""
    stream = queries.open_file(stored, thumbnail=thumbnail)
    response = FileResponse(stream)
    for name, value in queries.headers_for(stored, thumbnail=thumbnail).items():
        response[name] = value
    return response
