"""Services (our categories) and their definitions (the extra questions of a category)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from socle.capabilities.questionnaires.pack import Question
from socle.domains.reports import queries
from socle.domains.reports.pack import Category
from socle.kernel.errors import NotFound
from socle.sites.api.open311.answering import Refusal
from socle.sites.api.open311.jurisdictions import Jurisdiction

# The types of the specification: string, number, datetime, text, singlevaluelist, multivaluelist.
_DATATYPES = {
    "text": "string",
    "long_text": "text",
    "integer": "number",
    "decimal": "number",
    "boolean": "singlevaluelist",
    "choice": "singlevaluelist",
    "choices": "multivaluelist",
    "date": "datetime",
    "email": "string",
    "phone": "string",
    "siret": "string",
    "info": "string",
}

ASSET = "asset"
"""The attribute that names the equipment (a lamp post, a container) of a category's layer."""


def services(jurisdiction: Jurisdiction) -> list[dict[str, Any]]:
    """What can be reported there, in the order of the declaration."""
    return [_service(group, category) for group, category in _offered(jurisdiction)]


def categories(jurisdiction: Jurisdiction) -> list[Category]:
    """The categories that can be reported in a jurisdiction."""
    return [category for _group, category in _offered(jurisdiction)]


def find(code: str, jurisdiction: Jurisdiction) -> Category:
    """The category of a service code. Raises :class:`Refusal` (404)."""
    found = next((each for each in categories(jurisdiction) if each.id == code), None)
    if found is None:
        raise Refusal(404, _("Ce service_code n’existe pas dans cette juridiction."))
    return found


def definition(category: Category) -> dict[str, Any]:
    """The service definition of a category."""
    attributes = [
        _attribute(question, order) for order, question in enumerate(questions(category), 1)
    ]
    if category.asset_layer:
        attributes.append(_asset(len(attributes) + 1))
    return {"service_code": category.id, "attributes": attributes}


def questions(category: Category) -> list[Question]:
    """The extra questions that can be asked through text: files and places are sent apart."""
    return [each for each in category.questions if each.type in _DATATYPES]


def _offered(jurisdiction: Jurisdiction) -> Iterator[tuple[str, Category]]:
    """(label of the group, category): those of a commune, or every one there is."""
    try:
        common = queries.categories_at()
        codes = sorted(jurisdiction.area_codes)
        groups = [each for code in codes for each in queries.categories_at(code)] or common
    except NotFound:
        return
    seen: set[str] = set()
    for group, members in groups:
        for category in members:
            if category.id not in seen:
                seen.add(category.id)
                yield group.label, category
    if not codes:
        labels = {group.id: group.label for group, _members in common}
        for category in queries.every_category():
            if category.id not in seen:
                yield labels.get(category.group, category.group), category


def _service(group: str, category: Category) -> dict[str, Any]:
    return {
        "service_code": category.id,
        "service_name": category.label,
        "description": category.description,
        "metadata": bool(questions(category) or category.asset_layer),
        "type": "realtime",
        "keywords": ", ".join(category.keywords),
        "group": group,
    }


def _asset(order: int) -> dict[str, Any]:
    return {
        "variable": True,
        "code": ASSET,
        "datatype": "string",
        "required": False,
        "datatype_description": _("Identifiant de l’équipement dans sa couche publique."),
        "order": order,
        "description": _("De quel équipement s’agit-il ?"),
    }


def _attribute(question: Question, order: int) -> dict[str, Any]:
    datatype = _DATATYPES[question.type]
    found: dict[str, Any] = {
        "variable": question.type != "info",
        "code": question.id,
        "datatype": datatype,
        "required": question.required and question.type != "info" and not question.visible_when,
        "datatype_description": question.hint or None,
        "order": order,
        "description": question.text or question.label,
    }
    if question.type == "boolean":
        found["values"] = [
            {"key": "true", "name": _("Oui")},
            {"key": "false", "name": _("Non")},
        ]
    elif datatype.endswith("list"):
        found["values"] = [
            {"key": option.value, "name": option.label} for option in question.options
        ]
    return found
