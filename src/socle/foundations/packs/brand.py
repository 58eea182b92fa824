"""`brand/brand.toml` and `brand/*.svg`: the colours and marks of the métropole and its communes.

A commune keeps its own look on the pooled service. Which colours exist and whether they contrast
enough is the design system's business; here a colour is a colour and a mark is a harmless drawing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated
from xml.etree import ElementTree as ET

from django.utils.translation import gettext as _
from pydantic import Field

from .document import Document, Key
from .parts import Texts, Toml
from .registry import Item, Section, colour_mistakes

if TYPE_CHECKING:
    from .context import Context
    from .problems import Problem

Colour = Annotated[str, Field(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]
_FORBIDDEN_TAGS = {"script", "foreignObject", "iframe", "animate", "set", "handler"}


class Look(Document):
    """`colors`: values of design tokens (`primary`, `dark-primary`…). `logo`: a mark's name."""

    colors: dict[Key, Colour] = {}
    logo: str = ""


class Brand(Look):
    organisations: Annotated[dict[Key, Look], Field(alias="organisation")] = {}
    marks: dict[str, str] = {}
    """Content of `brand/<name>.svg`."""

    def look(self, slug: str) -> Look:
        """The look of an organisation; the pack's own when it has none."""
        return self.organisations.get(slug, self)


def _check(item: Item[Brand], context: Context) -> Iterator[Problem]:
    brand = item.document
    looks: list[tuple[tuple[str | int, ...], Look]] = [((), brand)]
    for slug, look in brand.organisations.items():
        looks.append((("organisation", slug), look))
        yield from context.known(item, "organisation", slug, "organisation", slug)
    for path, look in looks:
        if look.logo and look.logo not in brand.marks:
            message = _("Il n’y a pas de fichier brand/%(name)s.svg.") % {"name": look.logo}
            yield item.problem(message, *path, "logo")
        for token, message in colour_mistakes(look.colors):
            yield item.problem(message, *path, "colors", *([token] if token else []))
    for name, text in brand.marks.items():
        reason = why_unsafe(text)
        if reason:
            yield item.problem(reason, "marks", name)


def why_unsafe(svg: str) -> str:
    """Why a drawing cannot be served, in one sentence; empty when it can.

    No script, no event handler, no reference outside the file, no document type (entities).
    """
    if re.search(r"<!(DOCTYPE|ENTITY)", svg, re.IGNORECASE):
        return _("Ce dessin déclare un type de document : retirez cette ligne.")
    try:
        root = ET.fromstring(svg)  # noqa: S314 -- without a document type there is no entity
    except ET.ParseError:
        return _("Ce dessin n’est pas du SVG correct.")
    if root.tag.rpartition("}")[2] != "svg":
        return _("Ce dessin n’est pas du SVG correct.")
    for element in root.iter():
        if str(element.tag).rpartition("}")[2] in _FORBIDDEN_TAGS:
            return _("Ce dessin contient un élément actif : seules des formes sont permises.")
        for name, value in element.attrib.items():
            local = name.rpartition("}")[2].lower()
            if local.startswith("on"):
                return _("Ce dessin contient un élément actif : seules des formes sont permises.")
            if local in {"href", "src"} and not value.startswith("#"):
                return _("Ce dessin appelle un autre fichier : tout doit tenir dans le dessin.")
            if re.search(r"url\(\s*['\"]?(?!#)", value):
                return _("Ce dessin appelle un autre fichier : tout doit tenir dans le dessin.")
    return ""


SECTION = Section(
    name="brand",
    where=".",
    parts=(Toml("brand/brand.toml"), Texts("brand/*.svg", "marks")),
    model=Brand,
    check=_check,
    after=("site",),
)
