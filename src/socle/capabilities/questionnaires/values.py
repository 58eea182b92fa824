"""One answer: from what somebody typed to its JSON form, and whether a stored form still holds.

`scalar` reads text, `verify` checks a value kept earlier (the pack may have changed since) or given
by an example. Every refusal is a sentence that says how to mend.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from socle.capabilities.questionnaires.pack import Question

LONG_TEXT = 5000
SHORT_TEXT = 300
LABEL = 300
"""Characters kept of an address (the width of a case's)."""
EMAIL = 254
"""RFC 5321: the longest path, and the width of the column."""

# Beyond this, text is not even read: the longest answer a pack may ask for has 20,000 characters.
_READ = 40_000
# Of a date typed in three boxes; no question of a form is about the Middle Ages.
FIRST_YEAR = 1800
LAST_YEAR = 2200

_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


class Refused(ValueError):
    """An answer that does not hold; its text is for the person."""


def clean(text: str, *, lines: bool = False) -> str:
    """Text as it may be stored and shown: NFC, no control characters, no direction overrides.

    Overrides would let a text show itself backwards among others; letters that read from right to
    left are left alone. Without `lines`, line ends become spaces. Text nobody can see is empty.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not lines:
        text = text.replace("\n", " ")
    text = text.replace("\t", " ").translate(_BIDI)
    kept = [c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs")]
    if all(unicodedata.category(c)[0] in "ZC" for c in kept):
        return ""
    return "".join(kept).strip()


def digits(text: str) -> str:
    """Decimal digits of any script as 0–9; the rest as it is."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def scalar(question: Question, text: str) -> Any:
    """One answer written as one text; None when there is nothing in it.

    Raises `Refused` with the sentence for the person.
    """
    cleaned = clean(text[:_READ], lines=question.type == "long_text")
    return _READERS[question.type](question, cleaned) if cleaned else None


def _text(question: Question, text: str) -> str:
    limit = question.max_length or (LONG_TEXT if question.type == "long_text" else SHORT_TEXT)
    if len(text) > limit:
        raise Refused(
            _("Ce texte a %(length)s caractères, le maximum est %(limit)s.")
            % {"length": len(text), "limit": limit}
        )
    if question.pattern and not re.fullmatch(question.pattern, text):
        raise Refused(question.pattern_message)
    return text


def _number(question: Question, text: str) -> Decimal:
    compact = _SPACES.sub("", digits(text)).replace(",", ".").replace("\u2212", "-")
    compact = compact.removesuffix(_SPACES.sub("", question.unit))
    # Neither "1e999999999" nor "NaN" nor "1_000" is a number here.
    if not _NUMBER.fullmatch(compact):
        raise Refused(_("« %(text)s » n’est pas un nombre.") % {"text": text[:40]})
    return _within_limits(question, Decimal(compact))


def _within_limits(question: Question, number: Decimal) -> Decimal:
    if question.minimum is not None and number < question.minimum:
        raise Refused(_("Indiquez au moins %(limit)s.") % {"limit": _shown(question.minimum)})
    if question.maximum is not None and number > question.maximum:
        raise Refused(_("Indiquez au plus %(limit)s.") % {"limit": _shown(question.maximum)})
    return number


def _shown(limit: Decimal) -> str:
    return str(number_format(format(limit.normalize(), "f")))


def _integer(question: Question, text: str) -> int:
    number = _number(question, text)
    if number != number.to_integral_value():
        raise Refused(_("Indiquez un nombre entier, sans virgule."))
    return int(number)


def _decimal(question: Question, text: str) -> str:
    number = _number(question, text)
    return format(number.normalize(), "f") if number else "0"


def _boolean(question: Question, text: str) -> bool:
    known = {"true": True, "oui": True, "on": True, "1": True}
    known |= {"false": False, "non": False, "off": False, "0": False}
    if text.lower() not in known:
        raise Refused(_("Répondez par oui ou par non."))
    return known[text.lower()]


def _option(question: Question, text: str) -> str:
    if text not in {option.value for option in question.options}:
        raise Refused(_("Choisissez une des réponses proposées."))
    return text


def options(question: Question, values: list[str]) -> list[str] | None:
    """The boxes ticked, each once, in the order of the form; None when there is none."""
    chosen = {_option(question, value) for value in values if value}
    return [option.value for option in question.options if option.value in chosen] or None


def _email(question: Question, text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        wrong = True
    else:
        wrong = len(text) > EMAIL
    if wrong:
        raise Refused(
            _("« %(text)s » n’est pas une adresse électronique. Exemple : nom@exemple.fr")
            % {"text": text[:80]}
        )
    return text


def _phone(question: Question, text: str) -> str:
    number = re.sub(r"[\s.\-\u2010-\u2015()/\u00a0\u202f]", "", digits(text))
    if number.startswith("00"):
        number = "+" + number[2:]
    # "+33 (0)4 91…": the zero is dialled inside the country only.
    found = re.fullmatch(r"(?:\+33)?0?([1-9][0-9]{8})", number)
    if found and (number.startswith(("0", "+33"))):
        return "+33" + found[1]
    if re.fullmatch(r"\+(?!33)[1-9][0-9]{6,14}", number):
        return number
    raise Refused(_("Ce numéro n’est pas valable. Exemple : 01 99 00 00 00 ou +33 1 99 00 00 00"))


def luhn(number: str) -> bool:
    """Whether a number of ASCII digits holds its Luhn key (SIREN and SIRET, INSEE)."""
    total = 0
    for rank, character in enumerate(reversed(number)):
        value = int(character) * (2 if rank % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _siret(question: Question, text: str) -> str:
    number = re.sub(r"[\s.\-\u00a0\u202f]", "", digits(text))
    if not re.fullmatch(r"[0-9]{14}", number):
        raise Refused(_("Un numéro SIRET a 14 chiffres."))
    # La Poste's establishments are numbered apart: their digits add up to a multiple of five.
    poste = number.startswith("356000000") and sum(map(int, number)) % 5 == 0
    if number == "0" * 14 or not (luhn(number) or poste):
        raise Refused(_("Ce numéro SIRET contient une erreur de frappe."))
    return number


def day_of(question: Question, year: str, month: str, day: str) -> str:
    """A date typed in three boxes, as ISO 8601. Raises `Refused`."""
    year, month, day = (digits(part.strip()) for part in (year, month, day))
    if not all(re.fullmatch(r"[0-9]{1,4}", part) for part in (year, month, day)):
        raise Refused(_("Indiquez le jour, le mois et l’année en chiffres. Exemple : 27 3 2026"))
    if len(year) != 4 or not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise Refused(_("Indiquez l’année avec ses quatre chiffres. Exemple : 2026"))
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        raise Refused(_("Cette date n’existe pas. Exemple : 27 3 2026")) from None
    if question.min_date and found < question.min_date:
        raise Refused(
            _("La date doit être le %(day)s ou après.") % {"day": date_format(question.min_date)}
        )
    if question.max_date and found > question.max_date:
        raise Refused(
            _("La date doit être le %(day)s ou avant.") % {"day": date_format(question.max_date)}
        )
    return found.isoformat()


def _day(question: Question, text: str) -> str:
    found = _ISO.fullmatch(digits(text))
    if found is None:
        raise Refused(_("Cette date n’existe pas. Exemple : 27 3 2026"))
    return day_of(question, *found.groups())


_READERS: Mapping[str, Callable[[Question, str], Any]] = {
    "text": _text,
    "long_text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "choice": _option,
    "date": _day,
    "email": _email,
    "phone": _phone,
    "siret": _siret,
}


def too_many(question: Question) -> str:
    """What to say to somebody who sends more files than the question takes."""
    return ngettext(
        "Un seul document est accepté ici.",
        "Au plus %(count)s documents sont acceptés ici.",
        question.max_files,
    ) % {"count": question.max_files}


def verify(question: Question, answer: Any) -> str | None:
    """Why a stored answer no longer holds, None when it does. Missing answers are not judged here.

    The same rules as for what is typed, on the JSON form: after a change of the pack, or for the
    examples a pack gives.
    """
    if answer in (None, "", []):
        return None
    try:
        if not _SHAPES[question.type](answer):
            raise Refused(_("Cette réponse n’a plus la forme attendue : répondez de nouveau."))
        if question.type == "choices":
            options(question, answer)
        elif question.type == "file" and len(answer) > question.max_files:
            raise Refused(too_many(question))
        elif question.type in ("integer", "decimal"):
            _within_limits(question, Decimal(str(answer)))
        elif question.type in _READERS and question.type != "boolean":
            _READERS[question.type](question, answer)
    except Refused as problem:
        return str(problem)
    return None


def _is_place(answer: Any) -> bool:
    return isinstance(answer, dict) and all(
        isinstance(answer.get(part), int | float) and not isinstance(answer.get(part), bool)
        for part in ("lon", "lat")
    )


def _is_text(answer: Any) -> bool:
    return isinstance(answer, str)


def _is_list(kind: type) -> Callable[[Any], bool]:
    return lambda answer: isinstance(answer, list) and all(isinstance(e, kind) for e in answer)


_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("text", "long_text", "choice", "date", "email", "phone", "siret"), _is_text),
    "integer": lambda answer: isinstance(answer, int) and not isinstance(answer, bool),
    "decimal": lambda answer: _is_text(answer) and bool(_NUMBER.fullmatch(answer)),
    "boolean": lambda answer: isinstance(answer, bool),
    "choices": _is_list(str),
    "file": _is_list(dict),
    "address": _is_place,
    "location": _is_place,
    "info": lambda answer: True,
}
