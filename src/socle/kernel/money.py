"""Amounts of money: integer cents of euros everywhere, text only at the edges. Never a float."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from .errors import Invalid

#: French typography: a narrow no-break space between groups of three digits, a no-break space
#: before the sign.
NARROW_SPACE, NO_BREAK_SPACE, MINUS = "\u202f", "\u00a0", "\u2212"

#: Ten thousand billion euros: beyond any budget of a métropole, far within a 64-bit column.
MAX_CENTS = 10**15

_AMOUNT = re.compile(
    r"""
    (?P<sign>[-+\u2212]?)\ ?
    (?:€\ ?)?
    (?P<whole> [0-9]+ | [0-9]{1,3} (?P<group>[ .,]) [0-9]{3} (?:(?P=group)[0-9]{3})* )
    (?: (?P<point>[.,]) (?P<part>[0-9]{1,2}) )?
    (?:\ ?(?:€|EUR|euros?))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MAX_TYPED = 64


def format_cents(cents: int, locale: str = "fr") -> str:
    """An amount as people write it: ``1 234,50 €`` in French, ``€1,234.50`` in English.

    ``locale``: a language tag; any English one gives the English style, everything else the French
    one, with its no-break spaces.
    """
    if isinstance(cents, bool) or not isinstance(cents, int):
        raise TypeError("an amount is an integer number of cents")
    whole, part = divmod(abs(cents), 100)
    sign = MINUS if cents < 0 else ""
    if locale.lower().startswith("en"):
        return f"{sign}€{whole:,}.{part:02d}"
    grouped = f"{whole:,}".replace(",", NARROW_SPACE)
    return f"{sign}{grouped},{part:02d}{NO_BREAK_SPACE}€"


def parse_euros(text: str) -> int:
    """Cents of an amount typed by a person: ``1 234,50 €``, ``1234.5``, ``€1,234.50``, ``12 EUR``.

    Raises ``Invalid`` for anything else, ``1,234`` among it: is that one euro or a thousand?
    """
    typed = re.sub(r"\s+", " ", text[:_MAX_TYPED]).strip()
    found = _AMOUNT.fullmatch(typed)
    if found is None or len(text) > _MAX_TYPED or _is_ambiguous(found):
        raise Invalid(_("Indiquez un montant en euros, par exemple 1 234,50."))
    whole = int(re.sub(r"[ .,]", "", found["whole"]))
    cents = whole * 100 + int((found["part"] or "").ljust(2, "0"))
    if cents > MAX_CENTS:
        raise Invalid(_("Ce montant est trop élevé."))
    return -cents if found["sign"] in ("-", MINUS) else cents


def _is_ambiguous(found: re.Match[str]) -> bool:
    """One separator cannot be both; alone before three digits, it could be either."""
    group, point = found["group"], found["point"]
    lone = point is None and group in (".", ",") and found["whole"].count(group) == 1
    return lone or (group is not None and group == point)
