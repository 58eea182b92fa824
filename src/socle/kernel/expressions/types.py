"""The types of answers and of expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Type:
    """One of ``BOOLEAN INTEGER DECIMAL TEXT DATE``, or a :class:`Choice`, or a :class:`ListOf`."""

    name: str

    @property
    def label(self) -> StrOrPromise:
        """How an error message calls it."""
        return _LABELS[self.name]


BOOLEAN = Type("boolean")
INTEGER = Type("integer")
DECIMAL = Type("decimal")
TEXT = Type("text")
DATE = Type("date")


@dataclass(frozen=True)
class Choice(Type):
    """A text among ``options``: comparing it with another literal is reported as a mistake."""

    options: tuple[str, ...]

    def __init__(self, options: tuple[str, ...] | list[str]) -> None:
        object.__setattr__(self, "name", "text")
        object.__setattr__(self, "options", tuple(options))


@dataclass(frozen=True)
class ListOf(Type):
    """A list whose items are all of type ``item``."""

    item: Type

    def __init__(self, item: Type) -> None:
        object.__setattr__(self, "name", "list")
        object.__setattr__(self, "item", item)

    @property
    def label(self) -> StrOrPromise:
        return format_lazy(_("une liste ({item})"), item=self.item.label)


_LABELS: dict[str, StrOrPromise] = {
    "boolean": _("un oui/non"),
    "integer": _("un nombre entier"),
    "decimal": _("un nombre décimal"),
    "text": _("un texte"),
    "date": _("une date"),
}


def is_number(kind: Type) -> bool:
    return kind in (INTEGER, DECIMAL)


def comparable(left: Type, right: Type) -> bool:
    """Whether equality means something: same type, or two numbers. Lists are never compared."""
    if is_number(left) or is_number(right):
        return is_number(left) and is_number(right)
    return left.name == right.name and not isinstance(left, ListOf)


def widest(kinds: Sequence[Type]) -> Type:
    """The type that holds all of these comparable ones: decimal if one is, text for choices."""
    if DECIMAL in kinds:
        return DECIMAL
    return kinds[0] if all(kind == kinds[0] for kind in kinds) else TEXT
