"""What is wrong with an expression, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from ..errors import Invalid

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Position(NamedTuple):
    """Where a token begins: ``offset`` from 0, ``line`` and ``column`` from 1."""

    offset: int = 0
    line: int = 1
    column: int = 1


START = Position()


class ExpressionError(Invalid):
    """An expression which cannot be read or makes no sense; ``position``: of the word at fault."""

    code = "expression"
    title = _("Expression à corriger")

    def __init__(self, message: StrOrPromise, position: Position = START) -> None:
        super().__init__(message)
        self.position = position

    @property
    def line(self) -> int:
        return self.position.line

    @property
    def column(self) -> int:
        return self.position.column


def error(position: Position, template: StrOrPromise, **values: object) -> ExpressionError:
    """An error whose message is formatted when it is read, in the reader's language."""
    return ExpressionError(format_lazy(template, **values) if values else template, position)


def did_you_mean(word: str, known: Iterable[str]) -> StrOrPromise:
    """A space and a question naming what looks most like ``word`` among ``known``, or nothing."""
    options = sorted(set(known))
    by_lower = {option.lower(): option for option in options}
    lower = word.lower()
    if _FRENCH.get(lower) in options:
        near = [_FRENCH[lower]]
    else:
        near = [
            by_lower[found] for found in difflib.get_close_matches(lower, by_lower, n=1, cutoff=0.6)
        ]
    return format_lazy(_(" Vouliez-vous dire « {name} » ?"), name=near[0]) if near else ""


#: What a French speaker writes without thinking.
_FRENCH = {
    "et": "and",
    "ou": "or",
    "non": "not",
    "dans": "in",
    "est": "is",
    "contient": "contains",
    "vide": "empty",
    "connu": "known",
    "vrai": "true",
    "oui": "true",
    "yes": "true",
    "faux": "false",
    "no": "false",
}
