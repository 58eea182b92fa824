"""`pack.toml`: what the pack is, who publishes the site, where its maps open.

The legal notice of a public site comes from here: publisher, director of publication and host
(LCEN, art. 1-1), data protection officer (GDPR, art. 37.7).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import Field

from .document import Document, Key, Line
from .parts import Toml
from .registry import Item, Section

if TYPE_CHECKING:
    from .context import Context
    from .problems import Problem

WebAddress = Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$", max_length=400)]
Email = Annotated[str, Field(pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$", max_length=254)]


class ContactPoint(Document):
    """How to reach somebody; what is empty is not shown."""

    name: str = ""
    email: Email = ""
    phone: str = ""
    address: str = ""
    hours: str = ""
    url: WebAddress = ""


class Site(Document):
    """The portal's identity and legal notice."""

    name: Line
    short_name: Annotated[str, Field(max_length=20)] = ""
    """Under the icon of the installed application."""
    tagline: str = ""
    description: str = ""
    publisher: Line
    """The legal person that publishes the site."""
    publisher_siren: Annotated[str, Field(pattern=r"^(\d{9})?$")] = ""
    director: str = ""
    """Director of publication: name or office."""
    contact: ContactPoint = ContactPoint()
    host: ContactPoint = ContactPoint()
    dpo: ContactPoint = ContactPoint()
    """Data protection officer."""
    accessibility: ContactPoint = ContactPoint()
    """Whom to tell about what cannot be used."""


class Map(Document):
    """Where maps open, in degrees (WGS 84), and how close."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-85, le=85)]
    zoom: Annotated[float, Field(ge=1, le=20)] = 10


class Attribution(Document):
    """A source of data, credited where it is shown."""

    label: Line
    url: WebAddress = ""
    licence: str = ""
    on_maps: bool = False


class PackFile(Document):
    id: Key
    title: Line
    version: Annotated[str, Field(pattern=r"^\d+\.\d+(\.\d+)?$")]
    languages: Annotated[tuple[Literal["fr", "en"], ...], Field(min_length=1)] = ("fr",)
    demo: bool = False
    """Everything in the pack that looks like a promise is an example."""
    metropole: Key
    """Slug of the organisation that carries the pooled service."""
    site: Site
    map: Map
    attributions: Annotated[tuple[Attribution, ...], Field(alias="attribution")] = ()

    def map_credits(self) -> tuple[str, ...]:
        """Labels to show on every map."""
        return tuple(each.label for each in self.attributions if each.on_maps)


def _check(item: Item[Any], context: Context) -> Iterable[Problem]:
    document: PackFile = item.document
    yield from context.known(item, "organisation", document.metropole, "metropole")
    if len(set(document.languages)) < len(document.languages):
        yield item.problem(_("Une langue est écrite deux fois."), "languages")


SECTION = Section(
    name="site",
    where=".",
    parts=(Toml("pack.toml"),),
    model=PackFile,
    check=_check,
    required=True,
)

NO_PACK = PackFile(
    id="socle",
    title="Socle",
    version="0.0",
    languages=("fr", "en"),
    metropole="metropole",
    site=Site(name="Socle", publisher="Socle"),
    map=Map(lon=2.4, lat=46.6, zoom=5),
)
"""Shown by pages as long as no pack was applied."""
