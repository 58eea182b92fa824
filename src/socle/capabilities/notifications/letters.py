"""Letters written in Markdown with ``{placeholders}``, filled without ever letting a value act as
Markdown or HTML.

    Bonjour {applicant_name},

    Votre demande **{reference}** est acceptée. [La suivre]({follow_url})

A pack's letters are checked with :func:`placeholders` before anybody receives one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\}")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "blockquote",
    "code", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


class UnknownPlaceholder(LookupError):
    """A letter asks for values nobody gives. ``names``: which."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = names


def placeholders(text: str) -> frozenset[str]:
    """The names between braces in a letter."""
    return frozenset(_PLACEHOLDER.findall(text))


def fill(text: str, values: Mapping[str, object]) -> str:
    """The letter with its values, still Markdown; a value reads as plain text, on several lines if
    it has several.

    ``None`` is empty. Raises :class:`UnknownPlaceholder` before anything is written.
    """
    unknown = placeholders(text) - set(values)
    if unknown:
        raise UnknownPlaceholder(unknown)
    return _PLACEHOLDER.sub(lambda match: _escaped(values[match[1]]), text)


def fill_line(text: str, values: Mapping[str, object]) -> str:
    """A one-line text with placeholders (a subject), which is not Markdown: values as they are, on
    one line.
    """
    unknown = placeholders(text) - set(values)
    if unknown:
        raise UnknownPlaceholder(unknown)
    filled = _PLACEHOLDER.sub(
        lambda match: "" if values[match[1]] is None else str(values[match[1]]), text
    )
    return " ".join(filled.split())


def to_html(text: str, values: Mapping[str, object]) -> str:
    """The filled letter as safe HTML: a few text tags, links to the web, mail and
    telephone only.
    """
    return nh3.clean(
        _markdown().render(fill(text, values)),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )


def to_text(text: str, values: Mapping[str, object]) -> str:
    """The filled letter as plain text: links followed by their address, lists by dashes and
    numbers.
    """
    return _Plain().render(_markdown().parse(fill(text, values)))


def _escaped(value: object) -> str:
    if value is None:
        return ""
    lines = [_PUNCTUATION.sub(r"\\\1", line.strip()) for line in str(value).strip().splitlines()]
    # A line break inside a paragraph needs a backslash; an empty line starts a new one.
    text = "\n".join(lines)
    text = re.sub(r"\n{2,}", "\n\n", text)
    return re.sub(r"(?<!\n)\n(?!\n)", "\\\\\n", text)


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


class _Plain:
    """Walks Markdown tokens and writes them as text people read without decoration."""

    def render(self, tokens: Sequence[Token]) -> str:
        self.lines: list[str] = []
        self.prefixes: list[str] = []
        self.counters: list[int | None] = []
        self.bullet = ""
        self.cells: list[str] = []
        self.in_cell = False
        for token in tokens:
            self._token(token)
        text = "\n".join(line.rstrip() for line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def _token(self, token: Token) -> None:
        kind = token.type
        if kind in {"bullet_list_open", "ordered_list_open"}:
            start = token.attrGet("start")
            ordered = kind == "ordered_list_open"
            self.counters.append(int(start) if start is not None else 1 if ordered else None)
        elif kind in {"bullet_list_close", "ordered_list_close"}:
            self.counters.pop()
            self._blank()
        elif kind == "list_item_open":
            count = self.counters[-1]
            self.bullet = "- " if count is None else f"{count}. "
            if count is not None:
                self.counters[-1] = count + 1
            self.prefixes.append(" " * len(self.bullet))
        elif kind == "list_item_close":
            self.prefixes.pop()
        elif kind == "blockquote_open":
            self.prefixes.append("> ")
        elif kind == "blockquote_close":
            self.prefixes.pop()
            self._blank()
        elif kind == "inline":
            text = _inline_text(token.children or [])
            if self.in_cell:
                self.cells.append(text)
            else:
                self._write(text)
        elif kind in {"th_open", "td_open", "th_close", "td_close"}:
            self.in_cell = kind.endswith("open")
        elif kind in {"code_block", "fence"}:
            self._write(token.content.rstrip("\n"))
            self._blank()
        elif kind == "hr":
            self._write("—" * 20)
            self._blank()
        elif kind == "tr_close":
            self._write(" | ".join(self.cells))
            self.cells = []
        elif kind == "table_close" or (
            kind in {"paragraph_close", "heading_close"} and not token.hidden
        ):
            self._blank()

    def _write(self, text: str) -> None:
        for line in text.split("\n"):
            indent = "".join(self.prefixes)
            if self.bullet:
                indent = "".join(self.prefixes[:-1]) + self.bullet
                self.bullet = ""
            self.lines.append(indent + line)

    def _blank(self) -> None:
        self.lines.append("")


def _inline_text(children: Sequence[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for child in children:
        if child.type == "link_open":
            links.append((str(child.attrGet("href") or ""), len(parts)))
        elif child.type == "link_close":
            href, start = links.pop()
            shown = "".join(parts[start:])
            if href.removeprefix("mailto:").removeprefix("tel:") != shown:
                parts.append(f" ({href})")
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append("\n" if child.type == "hardbreak" else " ")
        elif child.type == "image":
            parts.append(child.content)
        else:
            parts.append(child.content)
    return "".join(parts)
