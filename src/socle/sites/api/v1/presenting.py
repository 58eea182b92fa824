"""From rows to what is answered. Hot lists are written by hand; tests hold them to the schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from socle.capabilities.casework.models import CaseDocument, PublicStatus
from socle.domains.reports import queries as reports
from socle.foundations.territories import queries as territories
from socle.kernel import references
from socle.kernel.errors import NotFound


def base_url(request: HttpRequest) -> str:
    """Scheme and host people type, without a slash at the end."""
    return str(settings.SOCLE.server.public_url or request.build_absolute_uri("/")).rstrip("/")


def address(request: HttpRequest, name: str, **path: Any) -> str:
    """The absolute address of an operation's path."""
    return base_url(request) + reverse(f"api:{name}", kwargs=path)


def reference(text: str) -> str:
    """The canonical form of a reference in an address. Raises NotFound for what is not one."""
    found = references.normalise(text[:64])
    if found is None:
        raise NotFound
    return found


def identifier(text: str) -> int:
    """A number in an address. Raises NotFound for what is not one."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise NotFound
    return int(text)


def at(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def maybe_at(value: datetime | None) -> str | None:
    return at(value) if value is not None else None


def slugs() -> Mapping[int, str]:
    """Slugs of organisations by id."""
    return {each.pk: each.slug for each in territories.organisations()}


def slug(organisation_id: int) -> str:
    try:
        return territories.organisation_by_id(organisation_id).slug
    except NotFound:
        return ""


def statuses() -> dict[str, str]:
    """What each public status is called, in the reader's language."""
    return {str(value): str(label) for value, label in PublicStatus.choices}


def category_labels() -> dict[str, str]:
    """What each category in force is called."""
    return {each.id: each.label for each in reports.every_category()}


def report_rows(request: HttpRequest, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Public reports. No query per row: their photos came with them."""
    base = base_url(request)
    owners, labels, words = slugs(), category_labels(), statuses()
    report_href = base + reverse("api:v1-reports-reference", kwargs={"reference": "~"})
    photo_href = base + reverse("api:v1-photos-id", kwargs={"id": "0"})[:-1]
    return [
        {
            "reference": row.reference,
            "status": row.status,
            "status_label": words.get(row.status, row.status),
            "is_open": row.is_open,
            "category": row.category,
            "category_label": labels.get(row.category, row.category),
            "organisation": owners.get(row.organisation_id) or slug(row.organisation_id),
            "area": row.area_code,
            "lon": row.lon,
            "lat": row.lat,
            "address": row.address,
            "text": row.text,
            "followers": row.followers,
            "created_at": at(row.created_at),
            "updated_at": at(row.updated_at),
            "closed_at": maybe_at(row.closed_at),
            "photos": [
                {
                    "id": photo.document_id,
                    "href": f"{photo_href}{photo.document_id}",
                    "thumbnail": f"{photo_href}{photo.document_id}?thumbnail=true",
                    "width": photo.shown.width,
                    "height": photo.shown.height,
                }
                for photo in row.shown_photos
            ],
            "href": report_href.replace("~", row.reference),
        }
        for row in rows
    ]


def document(request: HttpRequest, reference: str, found: CaseDocument) -> dict[str, Any]:
    """A document of a case."""
    return {
        "id": found.pk,
        "label": found.label,
        "name": found.file.name,
        "media_type": found.file.media_type,
        "size": found.file.size,
        "internal": found.internal,
        "href": address(
            request, "v1-cases-reference-documents-id", reference=reference, id=str(found.pk)
        ),
    }


def links(request: HttpRequest, following: str | None, former: str | None) -> dict[str, str]:
    """The Link header of a page (RFC 8288)."""
    found = []
    for relation, cursor in (("next", following), ("prev", former)):
        if cursor:
            query = request.GET.copy()
            query["cursor"] = cursor
            href = f"{base_url(request)}{request.path}?{query.urlencode()}"
            found.append(f'<{href}>; rel="{relation}"')
    return {"Link": ", ".join(found)} if found else {}
