"""Amounts of money: integer cents of euros everywhere, text only at the edges. Never a float."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from .errors import Invalid

#: French typography: a narrow no-break space between groups of three digits, a no-break space before the sign.
NARROW_SPACE, NO_BREAK_SPACE, MINUS = "\u202f", "\u00a0", "\u2212"

#: Beyond any budget of a métropole, and far within a 64-bit column.
MAX_CENTS = 10**15

_CURRENCY = re.compile(r"€|\b(?:EUR|euros?)\b", re.IGNORECASE)
_PLAIN = re.compile(r"(?P<whole>[0-9]+)(?:[.,](?P<part>[0-9]{1,2}))?")
_GROUPED = re.compile(
    r"(?P<whole>[0-9]{1,3}(?P<group>[ .,'])[0-9]{3}(?:(?P=group)[0-9]{3})*)(?:(?!(?P=group))[.,](?P<part>[0-9]{1,2}))?"
)


def format_cents(cents: int, locale: str = "fr") -> str:
    """An amount as people write it: ``1 234,50 €`` (with the no-break spaces of French typography) or ``€1,234.50``.

    ``locale``: a language tag; any English one gives the English style, everything else the French one.
    """
    whole, part = divmod(abs(_integer(cents)), 100)
    sign = MINUS if cents < 0 else ""
    if locale.lower().startswith("en"):
        return f"{sign}€{whole:,}.{part:02d}"
    grouped = f"{whole:,}".replace(",", NARROW_SPACE)
    return f"{sign}{grouped},{part:02d}{NO_BREAK_SPACE}€"


def parse_euros(text: str) -> int:
    """Cents of an amount typed by a person: ``1 234,50 €``, ``1234.5``, ``€1,234.50``, ``12 EUR``.

    Raises ``Invalid`` for anything else, among which ``1,234``: it is not said whether that is one euro or a thousand.
    """
    bare = re.sub(r"\s+", " ", _CURRENCY.sub("", text, count=1)).strip()
    negative = bare[:1] in ("-", MINUS)
    bare = bare[1:].strip() if bare[:1] in ("-", "+", MINUS) else bare
    found = _PLAIN.fullmatch(bare) or _GROUPED.fullmatch(bare)
    ambiguous = found is None or (found.lastgroup == "group" and found["group"] in ".," and bare.count(found["group"]) == 1)
    if found is None or ambiguous or len(bare) > 32:
        raise Invalid(_("Indiquez un montant en euros, par exemple 1 234,50."))
    whole = int(re.sub(r"[^0-9]", "", found["whole"]))
    cents = whole * 100 + int((found["part"] or "").ljust(2, "0"))
    if cents > MAX_CENTS:
        raise Invalid(_("Ce montant est trop élevé."))
    return -cents if negative else cents


def _integer(cents: int) -> int:
    if isinstance(cents, bool) or not isinstance(cents, int):
        raise TypeError("an amount is an integer number of cents")
    return cents
