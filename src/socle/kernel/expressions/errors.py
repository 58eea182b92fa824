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
    """An expression which cannot be read or does not make sense; ``position`` is that of the word at fault."""

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
    """`` Vouliez-vous dire « … » ?`` when something known looks like ``word``, else nothing. Begins with a space."""
    options = sorted(set(known))
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.6) or difflib.get_close_matches(
        word.lower(), [option for option in options if option.lower() == word.lower()], n=1
    )
    return format_lazy(_(" Vouliez-vous dire « {name} » ?"), name=near[0]) if near else ""
