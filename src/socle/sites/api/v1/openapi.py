"""The OpenAPI 3.1 document, from the table of operations and the typed schemas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from socle.sites.api.v1 import idempotency, problems
from socle.sites.api.v1.operations import JSON, N_, Operation
from socle.sites.api.v1.schemas.shared import CODE, KEY, REFERENCE, Problem

VERSION = "1.0.0"
SERVER = "/api/v1"
_REF = "#/components/schemas/{model}"

TAGS = {
    "reports": N_("Signalements publics, envoi d’un signalement"),
    "maps": N_("Cartes : GeoJSON et tuiles vectorielles"),
    "territory": N_("Communes, organisations, catégories"),
    "services": N_("Catalogue des services publics"),
    "cases": N_("Dossiers d’une organisation, avec sa clé"),
    "interface": N_("L’interface elle-même"),
}
_INTRODUCTION = N_(
    "Lire les signalements publics ne demande aucune clé. Une organisation donne à ses programmes des clés, limitées à des droits : Authorization: Bearer socle_… Les erreurs suivent la RFC 9457, les dates la RFC 3339 en UTC, les positions WGS 84 en degrés. Ce qui n’est pas compris est refusé, jamais ignoré."
)

_DIGITS = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_PATH: dict[str, tuple[dict[str, Any], str]] = {
    "reference": (
        {"type": "string", "pattern": REFERENCE, "examples": ["SG-26-7K4M2X"]},
        N_("Référence du dossier."),
    ),
    "id": (_DIGITS, N_("Identifiant.")),
    "key": ({"type": "string", "pattern": KEY}, N_("Identifiant du service.")),
    "code": ({"type": "string", "pattern": CODE}, N_("Code de la commune.")),
    "z": ({"type": "integer", "minimum": 0, "maximum": 16}, N_("Zoom.")),
    "x": ({"type": "integer", "minimum": 0, "maximum": 65_535}, N_("Colonne.")),
    "y": ({"type": "integer", "minimum": 0, "maximum": 65_535}, N_("Ligne.")),
}
_REASONS: dict[int, str] = {
    400: N_("Requête illisible."),
    401: N_("Clé absente, inconnue ou révoquée."),
    403: N_("La clé ne donne pas ce droit."),
    404: N_("Introuvable, ou hors de ce que la clé ouvre."),
    409: N_("L’état actuel ne le permet pas."),
    410: N_("Retiré."),
    412: N_("Modifié depuis la version indiquée."),
    413: N_("Trop volumineux."),
    415: N_("Format non accepté."),
    422: N_("Saisie à corriger : errors dit où et pourquoi."),
    428: N_("Version à préciser dans If-Match."),
    429: N_("Trop de requêtes : Retry-After dit combien attendre."),
    503: N_("Momentanément indisponible."),
}


def document(operations: Sequence[Operation], language: str) -> dict[str, Any]:
    """The whole document, in a language. Shared: do not modify it."""
    return _made(tuple(operations), language)


@lru_cache(maxsize=4)
def _made(operations: tuple[Operation, ...], language: str) -> dict[str, Any]:
    with translation.override(language):
        return {
            "openapi": "3.1.0",
            "info": {
                "title": _("Interface de programmation"),
                "version": VERSION,
                "description": _(_INTRODUCTION),
                "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
            },
            "servers": [{"url": SERVER}],
            "tags": [{"name": name, "description": _(text)} for name, text in TAGS.items()],
            "paths": _paths(operations),
            "components": {
                "schemas": _translated(_schemas(operations)),
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                },
            },
        }


def _paths(operations: Iterable[Operation]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in operations:
        item = paths.setdefault(operation.path, {})
        if operation.holes and "parameters" not in item:
            item["parameters"] = [_path_parameter(name) for name in operation.holes]
        item[operation.method.lower()] = _operation(operation)
    return paths


def _path_parameter(name: str) -> dict[str, Any]:
    schema, text = _PATH[name]
    return {"name": name, "in": "path", "required": True, "description": _(text), "schema": schema}


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": _(operation.summary),
        "responses": _responses(operation),
    }
    if operation.description:
        found["description"] = _(operation.description)
    parameters = [*_query(operation), *_headers(operation)]
    if parameters:
        found["parameters"] = parameters
    if operation.body is not None:
        found["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": _reference(operation.body)}},
        }
    if operation.upload:
        photo = {"type": "string", "contentMediaType": "image/*"}
        form = {
            "type": "object",
            "required": ["file"],
            "additionalProperties": False,
            "properties": {"file": photo},
        }
        found["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": form}},
        }
    keys: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]
    found["security"] = keys if operation.scope else [{}, *keys]
    if operation.scope:
        found["description"] = (
            found.get("description", "") + " " + _("Droit : %s.") % operation.scope
        ).strip()
    return found


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema(ref_template=_REF)
    required = set(schema.get("required", ()))
    found = []
    for name, described in schema["properties"].items():
        described = dict(described)
        text = described.pop("description", "")
        described.pop("title", None)
        # A parameter that is absent is absent: there is no null in an address.
        kinds = [each for each in described.pop("anyOf", ()) if each.get("type") != "null"]
        if kinds:
            described = {**kinds[0], **{k: v for k, v in described.items() if v is not None}}
        parameter: dict[str, Any] = {"name": name, "in": "query", "schema": described}
        if name in required:
            parameter["required"] = True
        if text:
            parameter["description"] = _(text)
        found.append(parameter)
    return found


def _headers(operation: Operation) -> list[dict[str, Any]]:
    found = []

    def add(name: str, text: str, schema: dict[str, Any], *, required: bool = False) -> None:
        found.append(
            {"name": name, "in": "header", "required": required, "description": _(text),
             "schema": schema}
        )  # fmt: skip

    if operation.idempotent:
        add(
            idempotency.HEADER,
            N_("Un UUID aléatoire : un envoi répété avec la même clé n’agit qu’une fois."),
            {"type": "string", "format": "uuid"},
        )
    if operation.versioned:
        add(
            "If-Match",
            N_("La version lue, telle que l’ETag l’a donnée."),
            {"type": "string", "examples": ['"v3"']},
            required=True,
        )
    if operation.token:
        add(operation.token, N_("Secret rendu par un envoi précédent."), {"type": "string"})
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": _("Fait.")}
    if operation.returns is not None:
        success["content"] = {operation.media: {"schema": _reference(operation.returns)}}
    else:
        success["content"] = {operation.media: {}}
    if operation.method == "GET":
        success["headers"] = {"ETag": {"schema": {"type": "string"}}}
    if operation.returns is not None and "next" in operation.returns.model_fields:
        success["headers"]["Link"] = {
            "description": _("Pages suivante et précédente (RFC 8288)."),
            "schema": {"type": "string"},
        }
    found: dict[str, Any] = {"201" if operation.creates else "200": success}
    if operation.method == "GET":
        found["304"] = {"description": _("Rien n’a changé (If-None-Match).")}
    for code in sorted(_errors(operation)):
        found[str(code)] = {
            "description": _(_REASONS[code]),
            "content": {problems.MEDIA_TYPE: {"schema": _reference(Problem)}},
        }
    return found


def _errors(operation: Operation) -> set[int]:
    codes = {401, 422, 429, 503, *operation.errors}
    if operation.scope or operation.method != "GET":
        codes.add(403)
    if operation.body is not None or operation.upload:
        codes |= {400, 413, 415}
    if operation.versioned:
        codes |= {412, 428}
    return codes


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    models: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
    for each in operations:
        if each.body is not None:
            models[each.body, "validation"] = None
        if each.returns is not None:
            models[each.returns, "serialization"] = None
    _by_model, found = models_json_schema(list(models), ref_template=_REF)
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _translated(value: Any) -> Any:
    """The same with its descriptions in the active language; titles that repeat names left out."""
    if isinstance(value, list):
        return [_translated(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, each in value.items():
        if name == "title" and isinstance(each, str):
            continue
        if name == "description" and isinstance(each, str):
            found[name] = _(each) if each else each
        else:
            found[name] = _translated(each)
    return found
