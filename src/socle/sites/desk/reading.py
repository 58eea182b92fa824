"""What forms and addresses of the desk send, as the values they stand for; `None` for nonsense."""

from __future__ import annotations

from datetime import date

from django.utils.dateparse import parse_date

_LONGEST = 18
"""Digits that any database keeps in an integer: more would be refused there, with an error."""


def number(text: str) -> int | None:
    """A whole number written in plain digits."""
    plain = text.isascii() and text.isdecimal() and len(text) <= _LONGEST
    return int(text) if plain else None


def numbers(texts: list[str]) -> list[int]:
    """The whole numbers of a list; what is none is left out."""
    return [found for each in texts if (found := number(each)) is not None]


def day(text: str) -> date | None:
    """A day written 2026-11-23."""
    try:
        return parse_date(text)
    except ValueError:
        return None
