"""From what a page of a form sends to answers: every mistake is a sentence near its field.

Reading is in two steps. `read_page` is slow (an address may be looked up outside) and needs no
lock; `settle` decides what counts beside the answers already kept, under the lock of the draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from django.utils.translation import gettext as _

from socle.capabilities.questionnaires import values
from socle.capabilities.questionnaires.pack import Page, Question, Questionnaire
from socle.capabilities.questionnaires.rules import Answers, Reading
from socle.capabilities.questionnaires.values import Refused, scalar

__all__ = [
    "Cleaned", "FileAnswer", "Files", "Place", "Places", "Raw", "Refused", "clean_page",
    "incomplete", "place", "read_page", "scalar", "settle",
]  # fmt: skip

FileAnswer = Mapping[str, Any]
"""`{"id", "name", "size", "type"}` of a file received before."""


class Raw(Protocol):
    """What a form sent: Django's `QueryDict` does."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def getlist(self, key: str) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A located address. Degrees WGS84. `precise` when better than the middle of a commune."""

    label: str
    lon: float
    lat: float
    citycode: str = ""
    precise: bool = True


class Places(Protocol):
    """What questions about places need from the territory and the geocoder."""

    def geocode(self, text: str) -> Place | None: ...

    def citycode(self, lon: float, lat: float) -> str | None:
        """INSEE code of the commune at a point; None outside the territory."""


@dataclass(frozen=True, slots=True)
class Files:
    """What a page does to the files of one question: those received, and ids to leave out."""

    added: Sequence[FileAnswer] = ()
    removed: frozenset[str] = frozenset()

    def applied(self, known: Any) -> list[FileAnswer]:
        """The files there are afterwards, each once."""
        kept = [file for file in known or [] if file["id"] not in self.removed]
        return list({file["id"]: file for file in [*kept, *self.added]}.values())


@dataclass(slots=True)
class Cleaned:
    """The answers of one page, and what is wrong with them by field id."""

    answers: Answers = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors


def clean_page(
    questionnaire: Questionnaire,
    page: Page,
    raw: Raw,
    answers: Answers,
    *,
    files: Mapping[str, Files],
    places: Places,
    today: date,
) -> Cleaned:
    """Read one page of a form in one go: `read_page`, then `settle`."""
    read = read_page(page, raw, answers, places=places)
    return settle(questionnaire, page, read, answers, files=files, today=today)


def read_page(page: Page, raw: Raw, answers: Answers, *, places: Places) -> Cleaned:
    """What each question of the page was answered, its files apart. May ask the geocoder.

    `answers`: those kept before; an address that was not touched is not looked up again.
    """
    read = Cleaned()
    for question in page.field:
        if question.type in ("info", "file"):
            continue
        try:
            read.answers[question.id] = _read(question, raw, answers.get(question.id), places)
        except Refused as problem:
            read.errors[question.id] = [str(problem)]
    return read


def settle(
    questionnaire: Questionnaire,
    page: Page,
    read: Cleaned,
    answers: Answers,
    *,
    files: Mapping[str, Files],
    today: date,
) -> Cleaned:
    """What is kept of a page read, beside the answers there are.

    Nothing of a closed branch counts, neither answers nor errors. What could be read is kept even
    beside errors. Constraints whose field is on the page are checked when everything else holds.
    """
    settled = Cleaned(dict(read.answers), dict(read.errors))
    for question in page.field:
        if question.type == "file":
            _settle_files(question, answers.get(question.id), files.get(question.id), settled)
    merged = answers | settled.answers
    for refused in read.errors:
        # An answer that is refused does not open or close a branch by what it was before.
        merged.pop(refused, None)
    reading = Reading(questionnaire, merged, today)
    for question in page.field:
        if not reading.visible(question.id):
            settled.errors.pop(question.id, None)
            settled.answers.pop(question.id, None)
        elif question.id not in settled.errors:
            message = _missing(question, settled.answers.get(question.id))
            if message:
                settled.errors[question.id] = [message]
    if settled.ok:
        here = {question.id for question in page.field}
        for constraint in reading.broken():
            if constraint.field in here:
                settled.errors.setdefault(constraint.field, []).append(constraint.message)
    return settled


def _settle_files(question: Question, known: Any, edit: Files | None, settled: Cleaned) -> None:
    found = (edit or Files()).applied(known)
    if len(found) > question.max_files:
        # The first ones stay: nobody sends them twice because of one too many.
        settled.errors[question.id] = [values.too_many(question)]
    settled.answers[question.id] = found[: question.max_files] or None


def incomplete(
    questionnaire: Questionnaire, answers: Answers, *, places: Places, today: date
) -> Iterator[tuple[Page, Question, str]]:
    """What still stands in the way of filing, over all visible pages."""
    reading = Reading(questionnaire, answers, today)
    homes: dict[str, tuple[Page, Question]] = {}
    for page in reading.pages():
        for question in reading.fields(page):
            if question.type == "info":
                continue
            homes[question.id] = (page, question)
            answer = answers.get(question.id)
            message = (
                _missing(question, answer)
                or values.verify(question, answer)
                or _outside(question, answer, places)
            )
            if message:
                yield page, question, message
    for constraint in reading.broken():
        if constraint.field in homes:
            yield (*homes[constraint.field], constraint.message)


def _missing(question: Question, answer: Any) -> str | None:
    if not question.required or question.type == "info" or answer not in (None, "", []):
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
        "email": _("Indiquez une adresse électronique."),
        "phone": _("Indiquez un numéro de téléphone."),
        "siret": _("Indiquez un numéro SIRET."),
    }
    return sentences.get(question.type, _("Cette réponse est nécessaire."))


def _outside(question: Question, answer: Any, places: Places) -> str | None:
    if question.within != "territory" or not isinstance(answer, dict):
        return None
    if places.citycode(answer["lon"], answer["lat"]) is None:
        return _("Cette adresse n’est pas sur le territoire : le service ne s’y applique pas.")
    return None


def _read(question: Question, raw: Raw, known: Any, places: Places) -> Any:
    if question.type == "choices":
        return values.options(question, [str(value) for value in raw.getlist(question.id)])
    if question.type in ("address", "location"):
        return place(question, raw, places, known)
    if question.type == "date":
        return _date(question, raw)
    return scalar(question, str(raw.get(question.id) or ""))


def _date(question: Question, raw: Raw) -> Any:
    whole = str(raw.get(question.id) or "")
    if whole.strip():
        return scalar(question, whole)
    day, month, year = (
        values.clean(str(raw.get(f"{question.id}_{part}") or "")[:40])
        for part in ("day", "month", "year")
    )
    return values.day_of(question, year, month, day) if day or month or year else None


_DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?")


def _coordinate(raw: Raw, name: str, most: float) -> float | None:
    text = str(raw.get(name) or "").strip()
    if not _DEGREES.fullmatch(text):
        return None
    number = round(float(text), 6)
    return number if abs(number) <= most else None


def place(question: Question, raw: Raw, places: Places, known: Any = None) -> Answers | None:
    """A place from a form: its coordinates, or else its text looked up.

    `known`: the answer kept before. Raises `Refused` when the address is not found, or is outside
    the territory and the question wants it inside.
    """
    name = question.id
    text = str(raw.get(name) or raw.get(f"{name}_text") or "")
    label = values.clean(text[: 4 * values.LABEL])[: values.LABEL]
    lon, lat = _coordinate(raw, f"{name}_lon", 180), _coordinate(raw, f"{name}_lat", 90)
    before = known if isinstance(known, dict) else {}
    unmoved = lon is not None and (lon, lat) == (before.get("lon"), before.get("lat"))
    if lon is None or lat is None or (unmoved and before.get("typed")):
        if not label:
            return None
        if before.get("typed") and label == before.get("label"):
            answer = dict(before)
        else:
            answer = _looked_up(label, places)
    else:
        answer = {"label": label, "lon": lon, "lat": lat}
    answer["citycode"] = places.citycode(answer["lon"], answer["lat"]) or ""
    problem = _outside(question, answer, places)
    if problem:
        raise Refused(problem)
    return answer


def _looked_up(label: str, places: Places) -> Answers:
    found = places.geocode(label)
    if found is None:
        raise Refused(
            _("Cette adresse n’a pas été trouvée. Indiquez le numéro, la rue et la commune.")
        )
    answer: Answers = {
        "label": found.label[: values.LABEL],
        "lon": round(found.lon, 6),
        "lat": round(found.lat, 6),
        # Coordinates that come from the text: when it changes, without a script, so do they.
        "typed": True,
    }
    if not found.precise:
        answer["precise"] = False
    return answer
