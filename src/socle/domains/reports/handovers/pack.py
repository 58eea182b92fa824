"""`reports/bodies.toml`: who outside answers for some matters, and how to tell them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import Field

from socle.foundations.packs.document import Document, Key, Line
from socle.foundations.packs.pack import Email, WebAddress
from socle.foundations.packs.parts import Toml
from socle.foundations.packs.registry import Item, Section

if TYPE_CHECKING:
    from socle.foundations.packs.applying import Applying
    from socle.foundations.packs.context import Context
    from socle.foundations.packs.problems import Problem

NAME = "reports.bodies"


class Body(Document):
    """An operator or another authority that an organisation hands reports over to."""

    key: Annotated[Key, Field(max_length=60)]
    organisation: Key
    name: Line
    means: Literal["email", "open311", "webhook"]
    email: Email = ""
    url: Annotated[WebAddress, Field(max_length=300)] = ""
    jurisdiction: Annotated[str, Field(max_length=100)] = ""
    secret_name: Annotated[str, Field(pattern=r"^([A-Z][A-Z0-9_]*)?$", max_length=60)] = ""
    """Name of the secret in the installation's settings; never the secret itself."""
    services: dict[Key, Annotated[str, Field(min_length=1, max_length=100)]] = {}
    """Our category → their service code; empty: whatever the category."""


class Bodies(Document):
    bodies: Annotated[tuple[Body, ...], Field(alias="body", min_length=1)]


def _check(item: Item[Bodies], context: Context) -> Iterator[Problem]:
    seen: list[tuple[str, tuple[str | int, ...]]] = []
    for index, body in enumerate(item.document.bodies):
        path = ("body", index)
        yield from context.known(item, "organisation", body.organisation, *path, "organisation")
        for category in body.services:
            yield from context.known(item, "category", category, *path, "services", category)
        if body.means == "email" and not body.email:
            yield item.problem(_("Il manque l’adresse électronique (« email »)."), *path)
        if body.means != "email" and not body.url:
            yield item.problem(_("Il manque l’adresse à appeler (« url »)."), *path)
        seen.append((f"{body.organisation} : {body.key}", (*path, "key")))
    yield from context.unique(item, seen, _("Organisme"))


def _apply(item: Item[Bodies], applying: Applying) -> None:
    from socle.domains.reports.handovers import directory

    directory.apply_bodies(item.document.bodies, _before(applying))


def _withdraw(key: str, applying: Applying) -> None:
    from socle.domains.reports.handovers import directory

    directory.apply_bodies((), _before(applying))


def _before(applying: Applying) -> tuple[Body, ...]:
    from socle.foundations.packs import queries as packs

    if applying.previous is None:
        return ()
    document: Bodies = packs.document(applying.previous)
    return document.bodies


SECTION = Section(
    name=NAME,
    where="reports",
    parts=(Toml("bodies.toml"),),
    model=Bodies,
    check=_check,
    apply=_apply,
    withdraw=_withdraw,
    after=("territory", "reports.reporting", "reports.communes"),
)
