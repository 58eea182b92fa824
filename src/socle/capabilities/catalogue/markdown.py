"""Markdown of packs to HTML that is safe to show: CommonMark and tables, no raw HTML, sanitised.

Titles start at level 2 under the page's own; every title has an id to link to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import nh3
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from socle.capabilities.search.text import words

PLACEHOLDERS = {
    "organisation": _("le nom de la métropole"),
    "site": _("le nom du site"),
    "site_url": _("l’adresse du site"),
    "contact_email": _("l’adresse électronique de contact"),
    "contact_phone": _("le téléphone de contact"),
    "contact_address": _("l’adresse postale"),
    "accessibility_status": _("l’état de conformité au RGAA"),
    "accessibility_rate": _("la phrase qui donne le résultat de l’audit"),
    "updated": _("la date de mise à jour de la page"),
}
"""What the body of a content page may hold between braces; sites give the values."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_SIGNS = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&])")

_TAGS = {
    "a", "blockquote", "br", "code", "dd", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr",
    "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"},
    "ol": {"start"},
    "th": {"scope"},
    **{f"h{n}": {"id"} for n in range(2, 7)},
}
_SCHEMES = {"https", "http", "mailto", "tel"}


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Raw HTML is off: it comes out as visible text rather than disappearing. Line breaks are kept:
    # easy-to-read French puts one idea on each line.
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")


def placeholders(text: str) -> list[str]:
    """Names between braces, in order, each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of placeholders, escaped: a value is never read as Markdown."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in PLACEHOLDERS:
            return found[0]
        return _SIGNS.sub(r"\\\1", str(values.get(found[1], "")))

    return _PLACEHOLDER.sub(value, text)


def to_html(text: str, *, top_level: int = 2) -> str:
    """`text` as sanitised HTML whose highest titles are `<h{top_level}>`.

    Titles keep their relative levels, without gaps upwards: a text that starts at `#` and one that
    starts at `##` give the same page.
    """
    tokens = _parser().parse(text)
    _shift_titles(tokens, top_level)
    for token in tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")
    html = _parser().renderer.render(tokens, _parser().options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def headings(text: str) -> list[tuple[str, str]]:
    """(id, title) of the highest titles of `text`, for a table of contents."""
    tokens = _parser().parse(text)
    _shift_titles(tokens, 2)
    found = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            found.append((str(opening.attrGet("id")), _plain(inline)))
    return found


def _plain(inline: Token) -> str:
    return "".join(
        child.content for child in inline.children or () if child.type in ("text", "code_inline")
    )


def _shift_titles(tokens: Sequence[Token], top_level: int) -> None:
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    if not levels:
        return
    shift = top_level - min(levels)
    taken: set[str] = set()
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        if token.type not in ("heading_open", "heading_close"):
            continue
        token.tag = f"h{min(6, int(token.tag[1]) + shift)}"
        if token.type == "heading_open":
            slug = "-".join(word.text for word in words(_plain(following)))[:60] or "titre"
            name, number = slug, 2
            while name in taken:
                name, number = f"{slug}-{number}", number + 1
            taken.add(name)
            token.attrSet("id", name)
