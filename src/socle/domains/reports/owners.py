"""Who answers for a category at a place before any rule is read: competence, as declared."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from socle.domains.reports.activation import queries as activation
from socle.domains.reports.pack import Category, Taxonomy
from socle.domains.reports.routing.deciding import Default
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Owner:
    """An organisation, and its team for the category when it has one."""

    organisation_id: int
    team: Team | None
    fault: str = ""
    """The team that the pack names is gone: the default team gets the report."""


def owner_of(taxonomy: Taxonomy, category: Category, area_organisation_id: int | None) -> Owner:
    """The commune when it answers for this category, else the organisation of the common tree.

    A commune that declared what it answers for (`reports/communes/`) is taken at its word; another
    one answers when it has the team that the category names (`commune_team`).
    """
    own = activation.own_category(category.id)
    if own is not None:
        return _owner(own[0], category.team)
    if area_organisation_id:
        if activation.is_active(area_organisation_id):
            answer = activation.answer_of(area_organisation_id, category.id)
            if answer is not None:
                return _owner(area_organisation_id, answer.team)
        elif category.commune_team:
            found = accounts.team_by_slug(area_organisation_id, category.commune_team)
            if found is not None:
                return Owner(area_organisation_id, found)
    return _owner(territories.organisation(taxonomy.organisation).pk, category.team)


def _owner(organisation_id: int, slug: str) -> Owner:
    found = accounts.team_by_slug(organisation_id, slug)
    fault = "" if found else _("L’équipe « %(slug)s » n’existe plus.") % {"slug": slug}
    return Owner(organisation_id, found, fault)


def first(category_id: str, area_code: str) -> Owner | None:
    """The owner of a category at a place; None when the category is no longer there."""
    from socle.domains.reports import queries

    category = queries.category(category_id)
    if category is None:
        return None
    try:
        area_organisation_id = territories.area(area_code).organisation_id if area_code else None
    except NotFound:
        area_organisation_id = None
    return owner_of(queries.in_force().categories, category, area_organisation_id)


def team(category_id: str, organisation_id: int) -> int | None:
    """The team of an organisation for a category, when it has one; its default team is not said."""
    from socle.domains.reports import queries

    category = queries.category(category_id)
    if category is None:
        return None
    answer = activation.answer_of(organisation_id, category.id)
    slugs = [answer.team] if answer else [category.team, category.commune_team]
    for slug in slugs:
        found = accounts.team_by_slug(organisation_id, slug) if slug else None
        if found is not None:
            return found.pk
    return None


def default(start: Owner, category_id: str, organisation_id: int) -> Default:
    """Who gets a report when no rule of an organisation decides, `start` being its owner."""
    if organisation_id == start.organisation_id:
        return Default(start.team.pk if start.team else None, start.fault)
    return Default(team(category_id, organisation_id))
