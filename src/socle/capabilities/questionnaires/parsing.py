"""From what a form sends to answers: every mistake is a sentence near its field, nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from socle.capabilities.questionnaires.pack import Page, Question, Questionnaire
from socle.capabilities.questionnaires.rules import Answers, Reading


class Raw(Protocol):
    """What a form sent: Django's `QueryDict` does."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def getlist(self, key: str) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A located address. Degrees WGS84."""

    label: str
    lon: float
    lat: float
    citycode: str = ""


class Places(Protocol):
    """What questions about places need from the territory and the geocoder."""

    def geocode(self, text: str) -> Place | None: ...

    def citycode(self, lon: float, lat: float) -> str | None:
        """INSEE code of the commune at a point; None outside the territory."""


@dataclass(slots=True)
class Cleaned:
    """The answers of one page, and what is wrong with them by field id."""

    answers: Answers = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors


class Refused(ValueError):
    """An answer that does not hold; its text is for the person."""


def clean_page(
    questionnaire: Questionnaire,
    page: Page,
    raw: Raw,
    answers: Answers,
    *,
    files: Mapping[str, list[dict[str, Any]]],
    places: Places,
    today: date,
) -> Cleaned:
    """Read one page of a form.

    `files` are the files of each file question, kept and new, already received. The result holds
    the answers that could be read, also beside errors. Constraints whose field is on the page are
    checked when everything else holds.
    """
    cleaned = Cleaned()
    merged = dict(answers)
    for question in page.field:
        if question.type == "info":
            continue
        try:
            value = _read(question, raw, files, places)
        except Refused as problem:
            cleaned.errors.setdefault(question.id, []).append(str(problem))
            continue
        cleaned.answers[question.id] = value
        merged[question.id] = value
    reading = Reading(questionnaire, merged, today)
    for question in page.field:
        if not reading.visible(question.id):
            # A branch that is closed asks nothing: neither its errors nor its answers count.
            cleaned.errors.pop(question.id, None)
            cleaned.answers.pop(question.id, None)
        elif question.id in cleaned.answers and question.id not in cleaned.errors:
            message = _missing(question, cleaned.answers[question.id])
            if message:
                cleaned.errors[question.id] = [message]
    if cleaned.ok:
        here = {question.id for question in page.field}
        for constraint in reading.broken():
            if constraint.field in here:
                cleaned.errors.setdefault(constraint.field, []).append(constraint.message)
    return cleaned


def incomplete(
    questionnaire: Questionnaire, answers: Answers, *, places: Places, today: date
) -> Iterator[tuple[Page, Question, str]]:
    """What still stands in the way of filing, over all visible pages."""
    reading = Reading(questionnaire, answers, today)
    for page in reading.pages():
        for question in reading.fields(page):
            if question.type == "info":
                continue
            answer = answers.get(question.id)
            message = _missing(question, answer) or _outside(question, answer, places)
            if message:
                yield page, question, message
    homes = {question.id: (page, question) for page in reading.pages() for question in page.field}
    for constraint in reading.broken():
        if constraint.field in homes:
            yield (*homes[constraint.field], constraint.message)


def _missing(question: Question, answer: Any) -> str | None:
    if not question.required or answer not in (None, "", []):
        return None
    sentences: dict[str, str] = {
        "choice": _("Choisissez une réponse."),
        "choices": _("Choisissez au moins une réponse."),
        "boolean": _("Répondez par oui ou par non."),
        "date": _("Indiquez une date."),
        "address": _("Indiquez une adresse."),
        "location": _("Placez un point sur la carte ou indiquez une adresse."),
        "file": _("Ajoutez un document."),
        "integer": _("Indiquez un nombre."),
        "decimal": _("Indiquez un nombre."),
    }
    return sentences.get(question.type, _("Cette réponse est nécessaire."))


def _outside(question: Question, answer: Any, places: Places) -> str | None:
    if question.within != "territory" or not isinstance(answer, dict):
        return None
    if places.citycode(answer["lon"], answer["lat"]) is None:
        return _("Cette adresse n’est pas sur le territoire : le service ne s’y applique pas.")
    return None


def _read(
    question: Question, raw: Raw, files: Mapping[str, list[dict[str, Any]]], places: Places
) -> Any:
    if question.type == "choices":
        return _options(question, [str(value) for value in raw.getlist(question.id)])
    if question.type == "file":
        return _files(question, files.get(question.id, []))
    if question.type in ("address", "location"):
        return place(question, raw, places)
    if question.type == "date":
        return _date(question, raw)
    text = str(raw.get(question.id) or "").replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        return None
    return _SCALARS[question.type](question, text)


def _text(question: Question, text: str) -> str:
    limit = question.max_length or (5000 if question.type == "long_text" else 300)
    if len(text) > limit:
        raise Refused(
            _("Ce texte a %(length)s caractères, le maximum est %(limit)s.")
            % {"length": len(text), "limit": limit}
        )
    if question.pattern and not re.fullmatch(question.pattern, text):
        raise Refused(question.pattern_message)
    return text


def _number(question: Question, text: str) -> Decimal:
    compact = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    try:
        number = Decimal(compact)
    except InvalidOperation as error:
        raise Refused(_("« %(text)s » n’est pas un nombre.") % {"text": text[:40]}) from error
    if not number.is_finite() or abs(number) > Decimal("1e15"):
        raise Refused(_("« %(text)s » n’est pas un nombre.") % {"text": text[:40]})
    if question.minimum is not None and number < question.minimum:
        raise Refused(_("Indiquez au moins %(limit)s.") % {"limit": question.minimum})
    if question.maximum is not None and number > question.maximum:
        raise Refused(_("Indiquez au plus %(limit)s.") % {"limit": question.maximum})
    return number


def _integer(question: Question, text: str) -> int:
    number = _number(question, text)
    if number != number.to_integral_value():
        raise Refused(_("Indiquez un nombre entier, sans virgule."))
    return int(number)


def _decimal(question: Question, text: str) -> str:
    return format(_number(question, text).normalize(), "f")


def _boolean(question: Question, text: str) -> bool:
    if text in ("true", "oui", "on", "1"):
        return True
    if text in ("false", "non", "off", "0"):
        return False
    raise Refused(_("Répondez par oui ou par non."))


def _option(question: Question, text: str) -> str:
    if text not in {option.value for option in question.options}:
        raise Refused(_("Choisissez une des réponses proposées."))
    return text


def _options(question: Question, values: list[str]) -> list[str] | None:
    chosen = [_option(question, value) for value in values if value]
    return list(dict.fromkeys(chosen)) or None


def _email(question: Question, text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise Refused(
            _("« %(text)s » n’est pas une adresse électronique. Exemple : nom@exemple.fr")
            % {"text": text[:80]}
        ) from error
    return text


def _phone(question: Question, text: str) -> str:
    digits = re.sub(r"[\s.\-()\u00a0\u202f]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if re.fullmatch(r"0[1-9]\d{8}", digits):
        return "+33" + digits[1:]
    if re.fullmatch(r"\+\d{8,15}", digits):
        return digits
    raise Refused(_("Ce numéro n’est pas valable. Exemple : 04 91 00 00 00 ou +33 4 91 00 00 00"))


def luhn(digits: str) -> bool:
    """Whether a number holds its Luhn key (SIREN and SIRET, INSEE)."""
    total = 0
    for rank, character in enumerate(reversed(digits)):
        value = int(character) * (2 if rank % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _siret(question: Question, text: str) -> str:
    digits = re.sub(r"[\s.\u00a0\u202f]", "", text)
    if not re.fullmatch(r"\d{14}", digits):
        raise Refused(_("Un numéro SIRET a 14 chiffres."))
    # La Poste's establishments are numbered apart: their digits add up to a multiple of five.
    poste = digits.startswith("356000000") and sum(map(int, digits)) % 5 == 0
    if not luhn(digits) and not poste:
        raise Refused(_("Ce numéro SIRET contient une erreur de frappe."))
    return digits


_SCALARS: Mapping[str, Callable[[Question, str], Any]] = {
    "text": _text,
    "long_text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "choice": _option,
    "email": _email,
    "phone": _phone,
    "siret": _siret,
}


def scalar(question: Question, text: str) -> Any:
    """One answer written as one text. Raises `Refused` with the sentence for the person."""
    return _SCALARS[question.type](question, text.replace("\x00", "").strip())


def _date(question: Question, raw: Raw) -> str | None:
    whole = str(raw.get(question.id) or "").strip()
    parts = [
        str(raw.get(f"{question.id}_{part}") or "").strip() for part in ("day", "month", "year")
    ]
    if not whole and not any(parts):
        return None
    try:
        if whole:
            day = date.fromisoformat(whole)
        else:
            day = date(int(parts[2]), int(parts[1]), int(parts[0]))
    except ValueError as error:
        raise Refused(_("Cette date n’existe pas. Exemple : 27 3 2026")) from error
    if question.min_date and day < question.min_date:
        raise Refused(
            _("La date doit être le %(day)s ou après.") % {"day": date_format(question.min_date)}
        )
    if question.max_date and day > question.max_date:
        raise Refused(
            _("La date doit être le %(day)s ou avant.") % {"day": date_format(question.max_date)}
        )
    return day.isoformat()


def _coordinate(raw: Raw, name: str) -> float | None:
    try:
        number = float(str(raw.get(name) or ""))
    except ValueError:
        return None
    return number if abs(number) <= 180 else None


def place(question: Question, raw: Raw, places: Places) -> dict[str, Any] | None:
    name = question.id
    label = str(raw.get(name) or raw.get(f"{name}_text") or "").replace("\x00", "").strip()[:300]
    lon, lat = _coordinate(raw, f"{name}_lon"), _coordinate(raw, f"{name}_lat")
    if lon is None or lat is None:
        if not label:
            return None
        found = places.geocode(label)
        if found is None:
            raise Refused(
                _("Cette adresse n’a pas été trouvée. Indiquez le numéro, la rue et la commune.")
            )
        lon, lat = found.lon, found.lat
        label = found.label
    citycode = places.citycode(lon, lat)
    answer = {
        "label": label,
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "citycode": citycode or "",
    }
    problem = _outside(question, answer, places)
    if problem:
        raise Refused(problem)
    return answer


def _files(question: Question, received: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    if len(received) > question.max_files:
        raise Refused(
            ngettext(
                "Un seul document est accepté ici.",
                "Au plus %(count)s documents sont acceptés ici.",
                question.max_files,
            )
            % {"count": question.max_files}
        )
    return received or None
