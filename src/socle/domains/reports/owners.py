"""Who answers for a category at a place before any rule is read: competence, as declared."""

from __future__ import annotations

from dataclasses import dataclass

from socle.domains.reports.activation import queries as activation
from socle.domains.reports.pack import Category, Taxonomy
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.models import Team
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Owner:
    """An organisation, and its team for the category when it has one."""

    organisation_id: int
    team: Team | None


def owner_of(taxonomy: Taxonomy, category: Category, area_organisation_id: int | None) -> Owner:
    """The commune when it answers for this category, else the organisation of the common tree.

    A commune that declared what it answers for (`reports/communes/`) is taken at its word; another
    one answers when it has the team that the category names (`commune_team`).
    """
    own = activation.own_category(category.id)
    if own is not None:
        return Owner(own[0], accounts.team_by_slug(own[0], category.team))
    if area_organisation_id:
        slug = category.commune_team
        if activation.is_active(area_organisation_id):
            answer = activation.answer_of(area_organisation_id, category.id)
            slug = answer.team if answer else ""
        if slug:
            team = accounts.team_by_slug(area_organisation_id, slug)
            if team is not None:
                return Owner(area_organisation_id, team)
    organisation = territories.organisation(taxonomy.organisation)
    return Owner(organisation.pk, accounts.team_by_slug(organisation.pk, category.team))


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
