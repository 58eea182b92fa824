"""The render model of a page of questions: field dicts for the design system's `field` macro."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from socle.capabilities.questionnaires import rules
from socle.capabilities.questionnaires.pack import Page, Question, Questionnaire
from socle.capabilities.questionnaires.parsing import Raw
from socle.kernel import expressions

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


def fields(
    questionnaire: Questionnaire,
    page: Page,
    answers: rules.Answers,
    *,
    today: date,
    raw: Raw | None = None,
    errors: Mapping[str, list[str]] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Field dicts of a page, in order.

    Questions whose condition reads only other pages are left out when hidden. Those that read this
    page are all rendered, with the condition's tree (answers of other pages beside it) for the browser;
    without a script every branch shows and the server decides. With `raw`, what the person typed is
    shown again, right or wrong.
    """
    here = {question.id for question in page.field}
    reading = rules.Reading(questionnaire, answers, today)
    result = []
    for question in page.field:
        local = rules.condition_names(question.visible_when) & here
        if not local and not reading.visible(question.id):
            continue
        built = _field(question, answers.get(question.id), raw, (errors or {}).get(question.id, []))
        if question.type in ("address", "location"):
            built.update(extra or {})
        if local:
            node = rules.parsed(question.visible_when)
            built["visible_when"] = expressions.to_json(node)
            # The browser knows this page's answers; the others come with the field.
            built["known"] = {
                name: _plain(reading.value(name))
                for name in expressions.names(node)
                if name.partition(".")[0] not in here
            }
        result.append(built)
    if len(result) == 1 and result[0]["kind"] != "info":
        result[0]["heading"] = True
    return result


def _plain(value: Any) -> Any:
    return (
        value.isoformat()
        if isinstance(value, date)
        else str(value)
        if isinstance(value, Decimal)
        else value
    )


def _field(question: Question, answer: Any, raw: Raw | None, errors: list[str]) -> dict[str, Any]:
    built: dict[str, Any] = {
        "name": question.id,
        "label": question.label,
        "kind": _KINDS[question.type],
        "hint": question.hint,
        "required": question.required,
        "errors": errors,
    }
    if question.autocomplete:
        built["autocomplete"] = question.autocomplete
    if question.type == "info":
        return {
            "name": question.id,
            "kind": "info",
            "label": question.label,
            "markdown": question.text,
        }
    if question.type == "boolean":
        built["choices"] = [("true", _("Oui")), ("false", _("Non"))]
        answer = None if answer is None else str(answer).lower()
    elif question.type in ("choice", "choices"):
        built["choices"] = [
            {"value": option.value, "label": option.label, "hint": option.hint}
            for option in question.options
        ]
        if question.type == "choice" and len(question.options) > _LONG_LIST:
            built["kind"] = "select"
    elif question.type == "file":
        built["existing"] = answer or []
        built["accept"] = ",".join(_ACCEPT[kind] for kind in question.accept)
        built["max_count"] = question.max_files
        return built
    if question.max_length:
        built["maxlength"] = question.max_length
    for bound, key in ((question.minimum, "min"), (question.maximum, "max")):
        if bound is not None:
            built[key] = str(bound)
    if question.unit:
        built["suffix"] = question.unit
    _value(built, question, answer, raw)
    return built


def _value(built: dict[str, Any], question: Question, answer: Any, raw: Raw | None) -> None:
    name = question.id
    if question.type in ("address", "location"):
        if raw is not None and (raw.get(name) is not None or raw.get(f"{name}_text") is not None):
            answer = {
                "label": raw.get(name) or raw.get(f"{name}_text") or "",
                "lon": raw.get(f"{name}_lon"),
                "lat": raw.get(f"{name}_lat"),
                "citycode": raw.get(f"{name}_citycode"),
            }
        place = answer or {}
        built["value"] = built["text"] = place.get("label", "")
        built["lon"], built["lat"] = place.get("lon"), place.get("lat")
        built["citycode"] = place.get("citycode", "")
    elif question.type == "date":
        year, month, day = str(answer).split("-") if answer else ("", "", "")
        typed = [raw.get(f"{name}_{part}") for part in ("day", "month", "year")] if raw else []
        shown = typed if any(typed) else [day, month, year]
        built["value"] = {"day": shown[0], "month": shown[1], "year": shown[2]}
    elif question.type == "choices":
        built["value"] = (raw.getlist(name) if raw is not None else None) or answer or []
    elif raw is not None and raw.get(name) is not None:
        built["value"] = raw.get(name)
    else:
        built["value"] = "" if answer is None else answer
