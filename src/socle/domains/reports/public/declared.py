"""What the pack declares, as the public face reads it."""

from __future__ import annotations

from socle.capabilities.casework.models import PublicStatus
from socle.foundations.packs import queries as packs
from socle.foundations.packs.stamps import Stamped
from socle.kernel.errors import NotFound

BEFORE, AFTER = "before", "after"

_USUALLY_OPEN = frozenset(
    {
        PublicStatus.RECEIVED.value,
        PublicStatus.IN_PROGRESS.value,
        PublicStatus.WAITING.value,
        PublicStatus.PLANNED.value,
    }
)


def moderation() -> str:
    """Whether agents read what people wrote before (`before`) or after everybody may."""
    from socle.domains.reports import queries  # its own list of reads holds ours

    try:
        return str(queries.in_force().categories.moderation)
    except NotFound:
        return BEFORE


def is_public(category_id: str, definition_id: int | None = None) -> bool:
    """Whether reports of a category are shown. One no longer declared keeps what its revision said;
    an unknown one is not shown.
    """
    from socle.domains.reports import queries

    try:
        found = queries.category(category_id)
    except NotFound:
        found = None
    if found is None and definition_id is not None:
        try:
            document = packs.content(definition_id)
        except (NotFound, LookupError, ValueError):
            return False
        known = document.categories.categories if hasattr(document, "categories") else ()
        found = next((each for each in known if each.id == category_id), None)
    return found is not None and found.public


def _load_open() -> frozenset[str]:
    from socle.domains.reports import queries

    try:
        states = queries.in_force().workflow.states
    except NotFound:
        return _USUALLY_OPEN
    return _USUALLY_OPEN | {str(each.public.value) for each in states if each.open}


_open = Stamped(_load_open)


def open_statuses() -> frozenset[str]:
    """Public statuses that an open report may have."""
    return _open.get()


def closed_statuses() -> frozenset[str]:
    """Public statuses that no open report has."""
    return frozenset(each.value for each in PublicStatus) - open_statuses()
