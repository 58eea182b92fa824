"""Text to tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from .errors import Position, error
from .syntax import KEYWORDS

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|\#[^\n]*)
  | (?P<number>[0-9]+(?:\.[0-9]+)?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
  | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<symbol>==|!=|<=|>=|[<>+\-*/()\[\],])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


class Token(NamedTuple):
    """A word of an expression.

    ``kind``: ``number name text symbol keyword`` or ``end``. ``text``: its content, unquoted.
    """

    kind: str
    text: str
    position: Position


def tokens(text: str) -> list[Token]:
    """Every token, then an ``end``.

    Raises ``ExpressionError`` on a character, a text or a number which has no meaning.
    """
    found: list[Token] = []
    offset, line, line_start = 0, 1, 0
    while offset < len(text):
        position = Position(offset, line, offset - line_start + 1)
        match = _TOKEN.match(text, offset)
        if match is None:
            raise _unexpected(text, position)
        kind, value = str(match.lastgroup), match.group()
        if kind == "text":
            value = _unquote(value, position)
        elif kind == "number":
            _check_number(text, match.end(), value, position)
        elif kind == "name" and value in KEYWORDS:
            kind = "keyword"
        if kind != "space":
            found.append(Token(kind, value, position))
        newlines = text.count("\n", offset, match.end())
        if newlines:
            line += newlines
            line_start = text.rindex("\n", offset, match.end()) + 1
        offset = match.end()
    found.append(Token("end", "", Position(offset, line, offset - line_start + 1)))
    return found


_HINTS = {
    "=": _("« = » seul ne veut rien dire : pour comparer, écrivez « == »."),
    "&": _("Écrivez « and » au lieu de « & »."),
    "|": _("Écrivez « or » au lieu de « | »."),
    "!": _("Écrivez « not » pour nier, ou « != » pour dire « différent de »."),
    "≠": _("Écrivez « != » pour dire « différent de »."),
    "≤": _("Écrivez « <= »."),
    "≥": _("Écrivez « >= »."),
    "“": _('Les textes s’écrivent entre guillemets droits, comme "oui".'),
    "«": _('Les textes s’écrivent entre guillemets droits, comme "oui".'),
    "’": _('Les textes s’écrivent entre guillemets droits, comme "oui".'),
    '"': _("Ce texte n’est pas refermé : il manque un guillemet avant la fin de la ligne."),
    "'": _("Ce texte n’est pas refermé : il manque un guillemet avant la fin de la ligne."),
}


def _unexpected(text: str, position: Position) -> Exception:
    char = text[position.offset]
    if char in _HINTS:
        return error(position, _HINTS[char])
    if char.isalpha():
        return error(
            position,
            _("Caractère « {char} » inattendu : un nom s’écrit sans accent (a-z, 0-9, _)."),
            char=char,
        )
    return error(position, _("Caractère « {char} » inattendu."), char=char)


def _check_number(text: str, end: int, value: str, position: Position) -> None:
    if re.match(r"[A-Za-z_]", text[end : end + 1]):
        raise error(position, _("Un nom ne peut pas commencer par un chiffre."))
    whole, _dot, part = value.partition(".")
    if len(whole) > 18 or len(part) > 10:
        raise error(
            position, _("Ce nombre est trop long : 18 chiffres avant le point et 10 après au plus.")
        )


def _unquote(quoted: str, position: Position) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise error(position, _("« \\{char} » ne veut rien dire dans un texte."), char=match[1])
        return _ESCAPES[match[1]]

    return _ESCAPE.sub(replace, quoted[1:-1])
