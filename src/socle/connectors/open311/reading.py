"""Answers of GeoReport v2 servers, XML or JSON, as plain mappings. Nothing is believed.

XML becomes what the Spark convention makes of it: a list element is a list, whatever it holds.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

LISTS = frozenset(
    {
        "services", "attributes", "values", "service_requests", "service_request_updates",
        "errors", "endpoints", "formats",
    }
)  # fmt: skip
_DEEPEST = 12


class Unreadable(ValueError):
    """Not what the specification says."""


def mapping_list(body: bytes, media_type: str, root: str) -> list[dict[str, Any]]:
    """The items of a list document. Raises :class:`Unreadable`."""
    value = document(body, media_type)
    # Some servers wrap the array in an object of the root's name.
    if isinstance(value, dict) and isinstance(value.get(root), list):
        value = value[root]
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Unreadable(f"no list of {root}")
    return value


def mapping(body: bytes, media_type: str) -> dict[str, Any]:
    """A document that is one thing (a definition). Raises :class:`Unreadable`."""
    value = document(body, media_type)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise Unreadable("not one thing")
    return value


def document(body: bytes, media_type: str) -> Any:
    """The value of a body, by what it is rather than by what it is called."""
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] == b"<":
        return _xml(text)
    if text[:1] in (b"[", b"{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise Unreadable("broken JSON") from None
    raise Unreadable(f"neither XML nor JSON ({media_type[:40]})")


def _xml(text: bytes) -> Any:
    head = text[:4000].upper()
    # No entity of theirs is ever expanded; a NUL would hide one in UTF-16 (UTF-8 is required).
    if b"\x00" in text or b"<!DOCTYPE" in head or b"<!ENTITY" in text.upper():
        raise Unreadable("a document type")
    try:
        root = ET.fromstring(text)  # noqa: S314 -- without a DTD
    except (ET.ParseError, ValueError, LookupError):
        raise Unreadable("broken XML") from None
    return _value(root, 0)


def _value(element: ET.Element, depth: int) -> Any:
    if depth > _DEEPEST:
        raise Unreadable("too deep")
    name = _name(element)
    children = list(element)
    if name in LISTS:
        return [_value(child, depth + 1) for child in children]
    if not children:
        return (element.text or "").strip() or None
    return {_name(child): _value(child, depth + 1) for child in children}


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def text_of(item: dict[str, Any], name: str, most: int = 4000) -> str:
    """A field as text; empty when it is absent, null or no text."""
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\x00", "").strip()[:most]


def truth_of(item: dict[str, Any], name: str) -> bool:
    value = item.get(name)
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def date_of(item: dict[str, Any], name: str) -> datetime | None:
    """An instant in UTC. A server that forgets the zone is taken to speak UTC."""
    text = text_of(item, name, 60)
    try:
        read = datetime.fromisoformat(text) if text else None
        if read is None:
            return None
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read if 1900 <= read.year <= 2200 else None


def errors_of(body: bytes, media_type: str) -> str:
    """The sentences of an error answer, for agents; empty when it says nothing readable."""
    try:
        items = mapping_list(body, media_type, "errors")
    except Unreadable:
        return ""
    return " ".join(filter(None, (text_of(each, "description", 200) for each in items)))[:300]
