"""The words of an HTML message, without what it quotes. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SKIPPED = frozenset({"head", "style", "script", "title", "template", "svg", "object"})
_BLOCKS = frozenset({
    "p", "div", "li", "tr", "table", "h1", "h2", "h3", "h4", "ul", "ol", "pre", "section",
    "article", "header", "footer", "hr",
})  # fmt: skip
_VOID = frozenset({
    "br", "hr", "img", "meta", "link", "input", "col", "area", "base", "embed", "source", "wbr",
})  # fmt: skip

_QUOTES = re.compile(
    r"(?:^|\s)(?:gmail_quote(?:_container)?|gmail_extra|yahoo_quoted|protonmail_quote|"
    r"moz-cite-prefix|gmail_attr|zmail_extra|tutanota_quote|ms-outlook-mobile-reference-message)"
    r"(?:\s|$)"
)
_SIGNATURES = re.compile(
    r"(?:^|\s)(?:gmail_signature|moz-signature|protonmail_signature_block|"
    r"elementToProof-signature|applemailsignature)(?:\s|$)",
    re.IGNORECASE,
)
# Everything after them is the message answered to.
_ENDS = frozenset({
    "divrplyfwdmsg", "appendonsend", "stopspelling", "reply-intro",
    "mail-editor-reference-message-container",
})  # fmt: skip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden: list[str] = []
        self._over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._over:
            return
        if self._hidden:
            if tag not in _VOID and tag == self._hidden[0]:
                self._hidden.append(tag)
            return
        given = {name: value or "" for name, value in attrs}
        if given.get("id", "").lower().removeprefix("x_") in _ENDS:
            self._over = True
        elif tag in _SKIPPED or _is_quote(tag, given):
            if tag not in _VOID:
                self._hidden = [tag]
        elif tag == "br":
            self.words.append("\n")
        elif tag in _BLOCKS:
            self.words.append("\n- " if tag == "li" else "\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" and not self._over and not self._hidden:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[0]:
                self._hidden.pop()
            return
        if tag in _BLOCKS and not self._over:
            self.words.append("\n\n" if tag == "p" else "\n")
        elif tag == "td" and not self._over:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._over and not self._hidden:
            self.words.append(re.sub(r"[ \t\r\n\xa0]+", " ", data))


def _is_quote(tag: str, given: dict[str, str]) -> bool:
    if tag == "blockquote":
        return True
    classes = given.get("class", "")
    if _QUOTES.search(classes) or _SIGNATURES.search(classes):
        return True
    hidden = given.get("style", "").replace(" ", "").lower()
    return given.get("id", "").lower() in {"signature", "applemailsignature"} or (
        "display:none" in hidden or "mso-hide:all" in hidden
    )


def to_text(source: str) -> str:
    """The text of an HTML message: quotes, signatures and hidden words left out."""
    reader = _Reader()
    try:
        reader.feed(source)
        reader.close()
    except (AssertionError, ValueError):
        # What was read before the nonsense counts.
        pass
    text = "".join(reader.words)
    text = re.sub(r"[ \t\xa0]*\n[ \t\xa0]*", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    if text:
        return text
    # Everything was a quote: better all of it than nothing.
    bare = re.sub(r"(?is)<(style|script|head)\b.*?</\1\s*>", " ", source)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]{0,2000}>", " ", bare)).strip()
