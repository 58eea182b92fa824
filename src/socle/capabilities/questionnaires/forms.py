"""The render model of a page of questions: field dicts for the design system's `field` macro."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from socle.capabilities.questionnaires import rules
from socle.capabilities.questionnaires.pack import Page, Question, Questionnaire
from socle.capabilities.questionnaires.parsing import Raw
from socle.kernel import expressions

Field = dict[str, Any]
FileItem = Callable[[Mapping[str, Any]], Any]
"""Makes an item of the file picker from a file answer: adds the address to read it at."""

_KINDS = {
    "text": "text", "long_text": "textarea", "integer": "integer", "decimal": "decimal",
    "boolean": "radios", "choice": "radios", "choices": "checkboxes", "date": "date_parts",
    "email": "email", "phone": "tel", "siret": "siret", "address": "address",
    "location": "map_point", "file": "files", "info": "info",
}  # fmt: skip
_LONG_LIST = 8
_ACCEPT = {
    "image": "image/jpeg,image/png,image/webp,image/heic,image/gif",
    "pdf": "application/pdf",
    "document": ".docx,.odt",
}
# Which of the caller's options mean something to which kind.
_PLACE_OPTIONS = {
    "address": ("suggestions_url",),
    "map_point": ("basemap", "contours", "center", "zoom", "suggestions_url"),
}


def fields(
    questionnaire: Questionnaire,
    page: Page,
    answers: rules.Answers,
    *,
    today: date,
    raw: Raw | None = None,
    errors: Mapping[str, list[str]] | None = None,
    extra: Mapping[str, Any] | None = None,
    file_item: FileItem = dict,
) -> list[Field]:
    """Field dicts of a page, in order.

    Questions whose condition reads only other pages are left out when hidden. Those that read this
    page are all rendered, with the condition's tree and, in `known`, the answers of other pages it
    reads, for the browser; without a script every branch shows and the server decides. With `raw`,
    what the person typed is shown again, right or wrong. `extra`: options of maps and addresses.
    """
    here = {question.id for question in page.field}
    reading = rules.Reading(questionnaire, answers, today)
    result: list[Field] = []
    for question in page.field:
        local = rules.condition_names(question.visible_when) & here
        if not local and not reading.visible(question.id):
            continue
        wrong = (errors or {}).get(question.id, [])
        built = _field(question, answers.get(question.id), raw, list(wrong), file_item)
        for option in _PLACE_OPTIONS.get(built["kind"], ()):
            if (extra or {}).get(option) is not None:
                built[option] = (extra or {})[option]
        if local:
            node = rules.parsed(question.visible_when)
            built["visible_when"] = expressions.to_json(node)
            # The browser knows this page's answers; the others come with the field.
            built["known"] = {
                name: _plain(reading.value(name))
                for name in sorted(expressions.names(node))
                if name.partition(".")[0] not in here
            }
        result.append(built)
    return result


def _plain(value: Any) -> Any:
    """A typed answer as JSON that the browser compares as the server does."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _field(
    question: Question, answer: Any, raw: Raw | None, errors: list[str], file_item: FileItem
) -> Field:
    if question.type == "info":
        return {
            "name": question.id,
            "kind": "info",
            "label": question.label,
            "markdown": question.text,
        }
    built: Field = {
        "name": question.id,
        "label": question.label,
        "kind": _KINDS[question.type],
        "hint": question.hint or None,
        "required": question.required,
        "errors": errors,
    }
    if question.autocomplete:
        built["autocomplete"] = question.autocomplete
    if question.type == "boolean":
        built["choices"] = [("true", _("Oui")), ("false", _("Non"))]
    elif question.type in ("choice", "choices"):
        built["choices"] = [
            {"value": option.value, "label": option.label, "hint": option.hint or None}
            for option in question.options
        ]
        if question.type == "choice" and len(question.options) > _LONG_LIST:
            built["kind"] = "select"
            built["placeholder"] = _("Choisissez")
    elif question.type == "file":
        built["existing"] = [
            {**file_item(file), "remove_value": file["id"]} for file in answer or []
        ]
        built["accept"] = ",".join(_ACCEPT[kind] for kind in question.accept)
        built["max_count"] = question.max_files
        if question.max_files == 1:
            built["kind"] = "file"
        return built
    if question.type in ("text", "long_text") and question.max_length:
        built["maxlength"] = question.max_length
    if question.unit:
        built["suffix"] = question.unit
    _value(built, question, answer, raw)
    return built


def _value(built: Field, question: Question, answer: Any, raw: Raw | None) -> None:
    name = question.id
    if question.type in ("address", "location"):
        _place(built, name, answer if isinstance(answer, dict) else {}, raw)
    elif question.type == "date":
        year, month, day = str(answer).split("-") if answer else ("", "", "")
        shown: list[Any] = [day, month, year]
        if raw is not None and raw.get(f"{name}_year") is not None:
            shown = [raw.get(f"{name}_{part}") or "" for part in ("day", "month", "year")]
        built["value"] = {"day": shown[0], "month": shown[1], "year": shown[2]}
    elif question.type == "choices":
        built["value"] = raw.getlist(name) if raw is not None else answer or []
    elif raw is not None and raw.get(name) is not None:
        built["value"] = raw.get(name)
    elif question.type == "boolean":
        built["value"] = None if answer is None else str(answer).lower()
    else:
        built["value"] = None if answer is None else _typed_again(question, answer)


def _typed_again(question: Question, answer: Any) -> Any:
    """A number as the person would type it."""
    return answer.replace(".", ",") if question.type == "decimal" else answer


def _place(built: Field, name: str, answer: Mapping[str, Any], raw: Raw | None) -> None:
    key = name if built["kind"] == "address" else f"{name}_text"
    place = dict(answer)
    if raw is not None and raw.get(key) is not None and raw.get(key) != place.get("label"):
        # What was typed again; its coordinates only when the browser gave some.
        place = {
            "label": raw.get(key),
            **{part: _number(raw.get(f"{name}_{part}")) for part in ("lon", "lat")},
        }
    built["value"] = place.get("label") or None
    built["lon"], built["lat"] = place.get("lon"), place.get("lat")
    if built["kind"] == "address":
        built["citycode"] = place.get("citycode") or None
    else:
        built["text"] = built["value"]


def _number(text: Any) -> float | None:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if abs(number) <= 180 else None
