"""The page that people read: every operation, its parameters, an example, a trial of public reads.

Without a script: a trial is a form whose answer is the operation's own.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from socle.foundations.accounts.rules import API_SCOPES
from socle.kernel.errors import NotFound
from socle.sites.api.v1 import limits, openapi, presenting
from socle.sites.api.v1.operations import Operation
from socle.sites.api.v1.table import OPERATIONS, PREFIX

_EXAMPLES = {"reference": "SG-26-7K4M2X", "id": "1", "key": "", "z": "12", "x": "0", "y": "0"}


@require_GET
def manual(request: HttpRequest) -> HttpResponse:
    """The whole manual."""
    described = openapi.document(OPERATIONS, get_language() or "fr")
    base = f"{presenting.base_url(request)}/{PREFIX}"
    groups = [
        {
            "id": tag["name"],
            "title": tag["description"],
            "operations": [
                _shown(each, described, base) for each in OPERATIONS if each.tag == tag["name"]
            ],
        }
        for tag in described["tags"]
    ]
    return render(
        request,
        "api/manual.html",
        {
            "introduction": described["info"]["description"],
            "base": base,
            "groups": groups,
            "scopes": [{"label": name, "value": str(label)} for name, label in API_SCOPES.items()],
            "limits": [_limit(each) for each in limits.LIMITS],
            "description_href": reverse("api:v1-openapi-json"),
        },
    )


@require_GET
def trial(request: HttpRequest, operation_id: str) -> HttpResponse:
    """Go to a public read with what the form holds."""
    found = next((each for each in OPERATIONS if each.id == operation_id), None)
    if found is None or not _can_try(found):
        raise NotFound
    values = request.GET.copy()
    path = {name: values.pop(name, [""])[-1].strip() for name in found.holes}
    if any(not value or "/" in value for value in path.values()):
        raise NotFound(_("Remplissez tous les champs de l’adresse."))
    pairs = [(name, value) for name, many in values.lists() for value in many if value.strip()]
    address = reverse(f"api:{found.route}", kwargs=path)
    return HttpResponseRedirect(address + (f"?{urlencode(pairs)}" if pairs else ""))


def _can_try(operation: Operation) -> bool:
    return operation.method == "GET" and not operation.scope


def _shown(operation: Operation, described: dict[str, Any], base: str) -> dict[str, Any]:
    item = described["paths"][operation.path]
    told = item[operation.method.lower()]
    parameters = [*item.get("parameters", ()), *told.get("parameters", ())]
    return {
        "id": operation.id,
        "method": operation.method,
        "path": operation.path,
        "summary": told["summary"],
        "description": told.get("description", ""),
        "parameters": [_parameter(each) for each in parameters],
        "fields": [_field(each) for each in parameters if each["in"] != "header"]
        if _can_try(operation)
        else None,
        "body": _properties(operation.body.__name__, described) if operation.body else [],
        "answer": _properties(operation.returns.__name__, described) if operation.returns else [],
        "media": operation.media,
        "codes": ", ".join(told["responses"]),
        "curl": _curl(operation, base),
    }


def _parameter(found: dict[str, Any]) -> dict[str, str]:
    schema = found["schema"]
    return {
        "label": found["name"],
        "value": " – ".join(
            text
            for text in (
                _kind(schema) + (f", {_('obligatoire')}" if found.get("required") else ""),
                found.get("description", ""),
            )
            if text
        ),
    }


def _field(found: dict[str, Any]) -> dict[str, Any]:
    schema, name = found["schema"], found["name"]
    choices = schema.get("enum") or schema.get("items", {}).get("enum")
    field: dict[str, Any] = {
        "name": name,
        "id": f"essai-{name}",
        "label": name,
        "kind": "text",
        "required": bool(found.get("required")),
        "hint": found.get("description", ""),
        "value": "",
        "width": "20",
    }
    if choices:
        field |= {"kind": "select", "choices": [("", ""), *((each, each) for each in choices)]}
    return field


def _properties(model: str, described: dict[str, Any]) -> list[dict[str, str]]:
    schema = described["components"]["schemas"][model]
    required = set(schema.get("required", ()))
    rows = []
    for name, found in schema.get("properties", {}).items():
        words = [_kind(found) + (f", {_('obligatoire')}" if name in required else "")]
        if found.get("description"):
            words.append(found["description"])
        rows.append({"label": name, "value": " – ".join(words)})
    return rows


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(_kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", ""))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _curl(operation: Operation, base: str) -> str:
    path = operation.path
    for name in operation.holes:
        path = path.replace(f"{{{name}}}", _EXAMPLES.get(name) or name)
    words = ["curl"]
    if operation.method != "GET":
        words.append(f"-X {operation.method}")
    if operation.scope:
        words.append("-H 'Authorization: Bearer socle_…'")
    if operation.idempotent:
        words.append('-H "Idempotency-Key: $(uuidgen)"')
    if operation.versioned:
        words.append("-H 'If-Match: \"v3\"'")
    if operation.token:
        words.append(f"-H '{operation.token}: …'")
    if operation.upload:
        words.append("-F file=@photo.jpg")
    if operation.body is not None:
        body = {
            name: "…" for name, field in operation.body.model_fields.items() if field.is_required()
        }
        words.append(
            f"-H 'Content-Type: application/json' -d '{json.dumps(body, ensure_ascii=False)}'"
        )
    words.append(f"{base}{path}")
    return " ".join(words)


def _limit(found: limits.Limit) -> dict[str, str]:
    return {
        "label": found.name,
        "value": _("%(count)d requêtes en %(seconds)d secondes")
        % {"count": found.count, "seconds": found.seconds},
    }
