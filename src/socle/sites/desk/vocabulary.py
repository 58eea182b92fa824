"""Words of the pack that the desk's filters offer."""

from __future__ import annotations

from socle.capabilities.catalogue import queries as catalogue
from socle.domains.procedures import queries as procedures
from socle.domains.reports import queries as reports
from socle.kernel.errors import NotFound


def categories() -> list[tuple[str, str]]:
    """Report categories by label; none when the pack opens no reporting."""
    try:
        taxonomy = reports.in_force().categories
    except NotFound:
        return []
    return sorted(((each.id, each.label) for each in taxonomy.categories), key=lambda each: each[1])


def services() -> list[tuple[str, str]]:
    """Services with a form of ours, by title."""
    found = [(each.key, each.title) for each in catalogue.services() if procedures.exists(each.key)]
    return sorted(found, key=lambda each: each[1])
