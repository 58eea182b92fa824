"""Every operation of the interface, and its addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern, path
from django.utils.translation import get_language

from socle.sites.api.v1 import openapi, places, reading, sending, treating
from socle.sites.api.v1.dispatching import view_of
from socle.sites.api.v1.operations import N_, Answer, Call, Operation

PREFIX = "api/v1"


def read_description(call: Call) -> Answer:
    return Answer(
        openapi.document(OPERATIONS, get_language() or "fr"),
        media_type="application/vnd.oai.openapi+json;version=3.1",
    )


OPERATIONS: tuple[Operation, ...] = (
    *reading.OPERATIONS,
    *sending.OPERATIONS,
    *places.OPERATIONS,
    *treating.OPERATIONS,
    Operation(
        "GET", "/openapi.json", "getDescription", "interface",
        N_("Lire la description de l’interface (OpenAPI 3.1)"), read_description,
        media="application/vnd.oai.openapi+json;version=3.1", cached=300,
    ),
)  # fmt: skip


def by_path() -> dict[str, dict[str, Operation]]:
    """Operations by address, then by method."""
    found: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        found.setdefault(operation.path, {})[operation.method] = operation
    return found


def urlpatterns() -> Iterator[URLPattern]:
    """One address per path; its view tells methods apart."""
    for template, operations in by_path().items():
        pattern = re.sub(r"\{(\w+)\}", r"<str:\1>", template)
        name = next(iter(operations.values())).route
        yield path(PREFIX + pattern, view_of(operations), name=name)
