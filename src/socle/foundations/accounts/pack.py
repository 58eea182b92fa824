"""`teams.toml`: the teams whose inboxes receive cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import Field

from socle.foundations.packs import queries as packs
from socle.foundations.packs.document import Document, Key, Line
from socle.foundations.packs.pack import Email
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.registry import Item, Name, Section
from socle.foundations.territories.models import Organisation
from socle.foundations.territories.pack import Territory

from .models import Team

if TYPE_CHECKING:
    from socle.foundations.packs.applying import Applying
    from socle.foundations.packs.context import Context
    from socle.foundations.packs.problems import Problem


class TeamDeclaration(Document):
    """A team of one or several organisations; each gets its own, under the same slug."""

    slug: Key
    name: Line
    organisations: tuple[Key, ...] = ()
    """Slugs of organisations."""
    kind: Literal["", "metropole", "commune", "partner"] = ""
    """Every organisation of that kind, besides `organisations`."""
    email: Email = ""
    default: bool = False
    """Receives what no rule sends elsewhere."""


class Teams(Document):
    teams: Annotated[tuple[TeamDeclaration, ...], Field(alias="team", min_length=1)]

    def places(self, by_kind: dict[str, tuple[str, ...]]) -> Iterator[tuple[int, str]]:
        """(index of a team, slug of an organisation that has it), without repeats."""
        for index, team in enumerate(self.teams):
            slugs = (*team.organisations, *by_kind.get(team.kind, ()))
            for slug in dict.fromkeys(slugs):
                yield index, slug


def _names(item: Item[Teams]) -> Iterator[Name]:
    """A slug is a name whatever the organisation: rules look it up in the one that answers."""
    for index, team in enumerate(item.document.teams):
        yield Name("team", team.slug, ("team", index, "slug"), unique=False)


def _check(item: Item[Teams], context: Context) -> Iterator[Problem]:
    for index, team in enumerate(item.document.teams):
        path = ("team", index, "organisations")
        yield from context.all_known(item, "organisation", team.organisations, *path)
        if not team.organisations and not team.kind:
            message = _("Cette équipe n’est à personne : écrivez « organisations » ou « kind ».")
            yield item.problem(message, "team", index)
    found = context.item("territory", "territory")
    if found is None:
        return
    territory: Territory = found.document
    kinds = {kind: territory.slugs(kind) for kind in Organisation.Kind.values}
    seen: dict[tuple[str, str], int] = {}
    defaults: dict[str, int] = {}
    for index, slug in item.document.places(kinds):
        team = item.document.teams[index]
        if seen.setdefault((slug, team.slug), index) != index:
            message = _("« %(organisation)s » a déjà une équipe « %(team)s ».")
            values = {"organisation": slug, "team": team.slug}
            yield item.problem(message % values, "team", index, "slug")
        if team.default and defaults.setdefault(slug, index) != index:
            message = _("« %(organisation)s » a déjà une équipe par défaut.")
            yield item.problem(message % {"organisation": slug}, "team", index, "default")
    without = [slug for slug in (*kinds["metropole"], *kinds["commune"]) if slug not in defaults]
    if without:
        message = _("« %(organisation)s » n’a pas d’équipe par défaut (default = true).")
        if len(without) > 1:
            message = _(
                "%(count)d organisations n’ont pas d’équipe par défaut (default = true), dont "
                "« %(organisation)s »."
            )
        yield item.problem(message % {"organisation": without[0], "count": len(without)})


def _apply(item: Item[Teams], applying: Applying) -> None:
    """Write the teams; those the pack declared before and no longer does are switched off.

    Teams that an administrator created are left alone.
    """
    organisations = list(Organisation.objects.filter(is_active=True))
    ids = {organisation.slug: organisation.pk for organisation in organisations}
    wanted: dict[tuple[int, str], TeamDeclaration] = {
        (ids[slug], item.document.teams[index].slug): item.document.teams[index]
        for index, slug in item.document.places(_by_kind(organisations))
    }
    before = set(wanted)
    if applying.previous is not None:
        before |= _declared(packs.document(applying.previous))
    known = {
        (team.organisation_id, team.slug): team
        for team in Team.objects.filter(slug__in={slug for _id, slug in before})
    }
    for place, declared in wanted.items():
        team = known.get(place) or Team(organisation_id=place[0], slug=place[1])
        values = {
            "name": declared.name,
            "email": declared.email,
            "is_default": declared.default,
            "is_active": True,
        }
        if team.pk is None or any(getattr(team, name) != each for name, each in values.items()):
            for name, each in values.items():
                setattr(team, name, each)
            team.save()
    gone = [known[place].pk for place in before - set(wanted) if place in known]
    Team.objects.filter(pk__in=gone).update(is_active=False)


def _withdraw(key: str, applying: Applying) -> None:
    if applying.previous is None:
        return
    for organisation_id, slug in _declared(packs.document(applying.previous)):
        Team.objects.filter(organisation_id=organisation_id, slug=slug).update(is_active=False)


def _declared(teams: Teams) -> set[tuple[int, str]]:
    """(organisation, slug) of the teams of a document, in organisations active or not."""
    organisations = list(Organisation.objects.all())
    ids = {organisation.slug: organisation.pk for organisation in organisations}
    return {
        (ids[slug], teams.teams[index].slug)
        for index, slug in teams.places(_by_kind(organisations))
        if slug in ids
    }


def _by_kind(organisations: list[Organisation]) -> dict[str, tuple[str, ...]]:
    return {
        kind: tuple(each.slug for each in organisations if each.kind == kind)
        for kind in Organisation.Kind.values
    }


SECTION = Section(
    name="teams",
    where=".",
    parts=(Toml("teams.toml"),),
    model=Teams,
    check=_check,
    apply=_apply,
    withdraw=_withdraw,
    names=_names,
    provides=("team",),
    after=("territory",),
    follows=("territory",),
    required=True,
)
