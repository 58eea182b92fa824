"""What can be reported at a place, and who answers for it. In memory: no query, once warm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from socle.domains.reports.activation.pack import NAME, Answer, Commune
from socle.domains.reports.pack import Category, Group
from socle.foundations.packs import queries as packs
from socle.foundations.packs.stamps import Stamped
from socle.foundations.territories import queries as territories
from socle.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Branding:
    """How a commune's reporting looks: empty where it follows the métropole."""

    title: str = ""
    intro: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class _Active:
    organisation_id: int
    commune: Commune
    answers: Mapping[str, Answer]
    own: Mapping[str, Category]


def _load() -> dict[int, _Active]:
    found: dict[int, _Active] = {}
    for slug, commune in packs.documents(NAME).items():
        try:
            organisation = territories.organisation(slug)
        except NotFound:
            continue
        found[organisation.pk] = _Active(
            organisation.pk,
            commune,
            {each.category: each for each in commune.answers},
            {each.id: each for each in commune.categories},
        )
    return found


_active = Stamped(_load)


def is_active(organisation_id: int | None) -> bool:
    """Whether an organisation declared what it answers for."""
    return organisation_id in _active.get()


def active() -> tuple[int, ...]:
    """The organisations that did."""
    return tuple(_active.get())


def branding(organisation_id: int | None) -> Branding:
    """How an organisation's reporting looks."""
    found = _active.get().get(organisation_id or 0)
    if found is None:
        return Branding()
    return Branding(found.commune.title, found.commune.intro, found.commune.colour)


def own_category(category_id: str) -> tuple[int, Category] | None:
    """An organisation's own category, with the organisation."""
    for each in _active.get().values():
        if category_id in each.own:
            return each.organisation_id, each.own[category_id]
    return None


def own_categories() -> list[tuple[int, Category]]:
    """Every category that is not of the common tree, with its organisation."""
    return [
        (each.organisation_id, category)
        for each in _active.get().values()
        for category in each.commune.categories
    ]


def own_group(group_id: str) -> Group | None:
    """A group that some organisation added."""
    for each in _active.get().values():
        for group in each.commune.groups:
            if group.id == group_id:
                return group
    return None


def answer_of(organisation_id: int | None, category_id: str) -> Answer | None:
    """What a commune declares of a common category that it sees to itself."""
    found = _active.get().get(organisation_id or 0)
    return found.answers.get(category_id) if found else None


def here(category: Category, organisation_id: int | None) -> Category | None:
    """A category as it stands where an organisation is at home; None when it is not offered.

    Promises of the commune stand before those of the common tree. The category of another commune
    is not offered.
    """
    own = own_category(category.id)
    if own is not None:
        return category if own[0] == organisation_id else None
    found = _active.get().get(organisation_id or 0)
    if found is None:
        return category
    if category.id in found.commune.closed:
        return None
    answer = found.answers.get(category.id)
    if answer is None:
        # Whatever team the commune has, it says that it does not see to this.
        return (
            category.model_copy(update={"commune_team": ""})
            if category.commune_team
            else (category)
        )
    changes: dict[str, object] = {"commune_team": answer.team}
    if answer.days is not None:
        changes |= {"days": answer.days, "working_hours": None}
    if answer.working_hours is not None:
        changes["working_hours"] = answer.working_hours
    if answer.urgent_hours is not None:
        changes["urgent_hours"] = answer.urgent_hours
    return category.model_copy(update=changes)


def grouped(
    common: list[Group], categories: list[Category], organisation_id: int | None
) -> list[tuple[Group, list[Category]]]:
    """Categories offered at an organisation's place, under their group; empty groups left out."""
    found = _active.get().get(organisation_id or 0)
    groups, members = (
        list(common),
        [each for category in categories if (each := here(category, organisation_id)) is not None],
    )
    if found is not None:
        groups += [
            group for group in found.commune.groups if group.id not in {g.id for g in groups}
        ]
        members += list(found.commune.categories)
    return [
        (group, inside)
        for group in groups
        if (inside := [each for each in members if each.group == group.id])
    ]
