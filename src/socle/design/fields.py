"""One view of a form field for the macros, whether it comes from a Django form or from a plain
mapping.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

KINDS = frozenset(
    {
        *("text", "email", "tel", "url", "password", "search", "textarea", "code", "static"),
        "info",
        *("number", "integer", "decimal", "money", "postcode", "siret", "iban", "plate"),
        *("date", "date_parts", "time", "datetime", "hidden", "file", "files"),
        *("select", "radios", "choice_cards", "checkboxes", "checkbox", "address", "map_point"),
    }
)
GROUPED = frozenset({"radios", "choice_cards", "checkboxes", "date_parts", "map_point"})
"""Kinds made of several controls: they are a ``fieldset`` and their label is its legend."""

_INPUT: dict[str, dict[str, Any]] = {
    "email": {
        "type": "email",
        "inputmode": "email",
        "autocomplete": "email",
        "spellcheck": "false",
    },
    "tel": {"type": "tel", "inputmode": "tel", "autocomplete": "tel", "width": "20"},
    "url": {"type": "url", "inputmode": "url", "spellcheck": "false"},
    "password": {"type": "password", "autocomplete": "current-password", "spellcheck": "false"},
    "number": {"type": "text", "inputmode": "decimal", "width": "10"},
    "integer": {"type": "text", "inputmode": "numeric", "width": "6"},
    "decimal": {"type": "text", "inputmode": "decimal", "width": "10"},
    "money": {"type": "text", "inputmode": "decimal", "width": "10", "suffix": "€"},
    "date": {"type": "date", "width": "10"},
    "time": {"type": "time", "width": "6"},
    "datetime": {"type": "datetime-local", "width": "20"},
    "search": {"type": "search"},
    "code": {
        "type": "text",
        "inputmode": "numeric",
        "autocomplete": "one-time-code",
        "width": "6",
        "spellcheck": "false",
    },
    "postcode": {
        "type": "text",
        "inputmode": "numeric",
        "autocomplete": "postal-code",
        "width": "6",
    },
    "siret": {"type": "text", "inputmode": "numeric", "width": "20", "spellcheck": "false"},
    "iban": {"type": "text", "width": "", "spellcheck": "false", "autocapitalize": "characters"},
    "plate": {"type": "text", "width": "10", "spellcheck": "false", "autocapitalize": "characters"},
}

_WIDGETS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.HiddenInput, "hidden"),
    (forms.SelectDateWidget, "date_parts"),
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.RadioSelect, "radios"),
    (forms.SelectMultiple, "checkboxes"),
    (forms.Select, "select"),
    (forms.CheckboxInput, "checkbox"),
    (forms.Textarea, "textarea"),
    (forms.FileInput, "file"),
    (forms.EmailInput, "email"),
    (forms.URLInput, "url"),
    (forms.PasswordInput, "password"),
    (forms.NumberInput, "number"),
    (forms.DateTimeInput, "datetime"),
    (forms.DateInput, "date"),
    (forms.TimeInput, "time"),
)


@dataclass(frozen=True)
class Choice:
    """One option of a list; ``exclusive`` unchecks the others (« Aucun »)."""

    value: str
    label: Any
    hint: Any = None
    icon: str | None = None
    disabled: bool = False
    exclusive: bool = False


@dataclass
class FieldView:
    """Everything a field macro reads. See the *field dict* in README.md for the meaning of each
    key.
    """

    name: str
    label: Any = ""
    kind: str = "text"
    value: Any = None
    hint: Any = None
    errors: list[Any] = field(default_factory=list)
    required: bool = True
    choices: list[Choice] = field(default_factory=list)
    id: str = ""
    type: str = "text"
    autocomplete: str | None = None
    inputmode: str | None = None
    spellcheck: str | None = None
    autocapitalize: str | None = None
    placeholder: Any = None
    min: Any = None
    max: Any = None
    step: Any = None
    pattern: str | None = None
    maxlength: int | None = None
    rows: int = 5
    width: str = ""
    prefix: Any = None
    suffix: Any = None
    disabled: bool = False
    readonly: bool = False
    visible_when: str | None = None
    known: Mapping[str, Any] | None = None
    heading: bool = False
    hide_label: bool = False
    help: Any = None
    attrs: dict[str, Any] = field(default_factory=dict)
    # file, files
    accept: str | None = None
    max_size: int | None = None
    max_count: int | None = None
    existing: Sequence[Any] = ()
    capture: str | None = None
    # address, map_point
    suggestions_url: str | None = "/adresse/suggestions"
    lon: float | None = None
    lat: float | None = None
    accuracy: Any = None
    citycode: str | None = None
    score: float | None = None
    text: Any = None
    basemap: Any = None
    contours: str | None = None
    credit: str | None = None
    center: Sequence[float] | None = None
    zoom: float | None = None
    address_of: str | None = None
    # info
    markdown: str | None = None
    # date_parts
    day: Any = None
    month: Any = None
    year: Any = None

    @property
    def grouped(self) -> bool:
        """True when the label is a legend rather than a label."""
        return self.kind in GROUPED

    @property
    def hint_id(self) -> str:
        return f"{self.id}-hint"

    @property
    def error_id(self) -> str:
        return f"{self.id}-error"

    @property
    def described_by(self) -> str | None:
        """Ids of the hint and the error, in reading order; None when there is neither."""
        ids = [*([self.hint_id] if self.hint else []), *([self.error_id] if self.errors else [])]
        return " ".join(ids) or None

    @property
    def values(self) -> list[str]:
        """Chosen values of a list of checkboxes, as text."""
        if self.value is None or self.value == "":
            return []
        if isinstance(self.value, str):
            return [self.value]
        return (
            [_text(item) for item in self.value]
            if isinstance(self.value, Iterable)
            else [_text(self.value)]
        )

    @property
    def text_value(self) -> str:
        """Value as the control wants it (ISO for dates)."""
        return _text(self.value)

    @property
    def checked(self) -> bool:
        return self.value in (True, "true", "True", "on", "1", 1)


_NAMES = frozenset(item.name for item in dataclass_fields(FieldView))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _choice(item: Any) -> Choice:
    if isinstance(item, Choice):
        return item
    if isinstance(item, Mapping):
        known = {
            key: item[key]
            for key in ("hint", "icon", "disabled", "exclusive")
            if item.get(key) is not None
        }
        return Choice(_text(item["value"]), item.get("label", item["value"]), **known)
    if isinstance(item, (tuple, list)):
        return Choice(_text(item[0]), item[1])
    return Choice(_text(item), item)


def _condition(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return (
        value
        if isinstance(value, str)
        else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    )


def _from_bound(bound: BoundField) -> dict[str, Any]:
    widget, form_field = bound.field.widget, bound.field
    kind = getattr(form_field, "kind", None) or getattr(widget, "kind", None)
    if kind is None:
        kind = next((name for cls, name in _WIDGETS if isinstance(widget, cls)), "text")
        if kind == "number":
            kind = "integer" if type(form_field) is forms.IntegerField else "decimal"
        if kind == "file" and getattr(widget, "allow_multiple_selected", False):
            kind = "files"
    values: dict[str, Any] = {
        "name": bound.html_name,
        "label": bound.label,
        "kind": kind,
        "value": None if kind in ("file", "files", "password") else bound.value(),
        "hint": bound.help_text or None,
        "errors": list(bound.errors),
        "required": form_field.required,
        "id": bound.id_for_label or bound.auto_id or f"id_{bound.html_name}",
        "disabled": form_field.disabled,
        "choices": getattr(form_field, "choices", ()) or (),
    }
    if kind in ("radios", "checkboxes", "choice_cards"):
        values["choices"] = [item for item in values["choices"] if _choice(item).value != ""]
        values["id"] = bound.auto_id or values["id"]
    extra = dict(widget.attrs)
    extra.pop("required", None)
    for key in list(extra):
        name = {"class": ""}.get(key, key.replace("-", "_"))
        if name in _NAMES:
            values[name] = extra.pop(key)
    if extra:
        values["attrs"] = extra
    values.update(getattr(form_field, "design", None) or {})
    return values


def field_view(source: Any, /, **overrides: Any) -> FieldView:
    """Normalise a Django ``BoundField``, a mapping or a ``FieldView``; ``overrides`` win.

    A Django form field may carry ``kind = "address"`` and ``design = {…}`` to reach what widgets
    cannot say.
    Raises ``ValueError`` on an unknown kind or key.
    """
    if isinstance(source, FieldView):
        values = {name: getattr(source, name) for name in _NAMES}
    elif isinstance(source, BoundField):
        values = _from_bound(source)
    else:
        values = dict(source)
    values.update(overrides)
    unknown = set(values) - _NAMES
    if unknown:
        raise ValueError(f"unknown field keys: {', '.join(sorted(unknown))}")
    kind = values.get("kind") or "text"
    if kind not in KINDS:
        raise ValueError(f"unknown field kind {kind!r}")
    for key, default in _INPUT.get(kind, {}).items():
        if values.get(key) is None:
            values[key] = default
    values["kind"] = kind
    values["choices"] = [_choice(item) for item in values.get("choices") or ()]
    values["errors"] = list(values.get("errors") or ())
    values["visible_when"] = _condition(values.get("visible_when"))
    values["id"] = values.get("id") or f"id_{values['name']}"
    values["attrs"] = dict(values.get("attrs") or {})
    view = FieldView(
        **{key: value for key, value in values.items() if value is not None or key == "value"}
    )
    if kind == "date_parts":
        _split_date(view)
    return view


def _split_date(view: FieldView) -> None:
    if isinstance(view.value, date):
        view.day, view.month, view.year = view.value.day, view.value.month, view.value.year
    elif isinstance(view.value, str) and view.value.count("-") == 2:
        view.year, view.month, view.day = view.value.split("-")
    elif isinstance(view.value, Mapping):
        view.day, view.month, view.year = (
            view.value.get(part) for part in ("day", "month", "year")
        )


@dataclass(frozen=True)
class ErrorLine:
    """One line of the error summary; ``href`` leads to the control to mend."""

    message: Any
    href: str | None = None


def _target(form: forms.BaseForm, name: str) -> str:
    view = field_view(form[name])
    if view.kind in ("radios", "checkboxes", "choice_cards") and view.choices:
        return f"#{view.id}_0"
    return {"date_parts": f"#{view.id}_day", "map_point": f"#{view.id}_text"}.get(
        view.kind, f"#{view.id}"
    )


def form_errors(source: Any) -> list[ErrorLine]:
    """Lines of an error summary from a form, a ``{field: [messages]}`` mapping, a typed error or a
    list.

    General errors come first and have no link; field errors keep the order of the fields.
    """
    if source is None:
        return []
    if isinstance(source, forms.BaseForm):
        lines = [ErrorLine(message) for message in source.non_field_errors()]
        for name in source.fields:
            lines += [ErrorLine(message, _target(source, name)) for message in source[name].errors]
        return lines
    if isinstance(
        source, Exception
    ):  # a typed error of the kernel: its ``fields``, else its sentence
        fields_ = getattr(source, "fields", None)
        return form_errors(fields_) if fields_ else [ErrorLine(source)]
    if isinstance(source, Mapping):
        lines = []
        for name, messages in source.items():
            href = None if name in ("", "__all__") else f"#id_{name}"
            for message in [messages] if isinstance(messages, str) else messages:
                lines.append(ErrorLine(message, href))
        return lines
    lines = []
    for item in source:
        if isinstance(item, ErrorLine):
            lines.append(item)
        elif isinstance(item, Mapping):
            lines.append(ErrorLine(item["message"], item.get("href")))
        else:
            lines.append(ErrorLine(item))
    return lines


OPTIONAL = _("facultatif")
