"""Answers in XML or JSON, and errors in the one shape of the specification.

JSON follows the Spark convention of the specification: a list in XML is an element that holds
elements of one name, in JSON an array.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal
from xml.sax.saxutils import escape

import orjson
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _

from socle.kernel.errors import (
    Denied,
    Invalid,
    NotFound,
    SocleError,
    Throttled,
    TooLarge,
    Unavailable,
)
from socle.sites.api.authentication import InvalidKey, MissingScope

_log = logging.getLogger("socle.open311")

Format = Literal["xml", "json"]
TYPES: Mapping[Format, str] = {
    "xml": "text/xml; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
# The name of what a list holds.
_ITEMS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
    "photos": "photo",
}
# What XML 1.0 cannot carry, escaped or not.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What a view gives: `value` is a list of mappings or one mapping, `root` its XML element."""

    root: str
    value: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The request cannot be fulfilled. Each error is a code and a sentence for the user.

    The codes of the specification: 400 in general, 403 for keys, 404 for what does not exist.
    """

    def __init__(self, status: int, *sentences: str) -> None:
        super().__init__(*sentences)
        self.status = status
        self.sentences = sentences or (_("Cette demande n’est pas comprise."),)


def endpoint(*methods: str) -> Callable[..., Callable[..., HttpResponseBase]]:
    """Declare a view `view(request, …) -> Document`: formats, errors, methods, other origins.

    The address's suffix chooses the format, else the Accept header, else XML (the required one).
    """

    def decorate(
        view: Callable[..., Document | HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def answer(request: HttpRequest, fmt: str = "", **arguments: Any) -> HttpResponseBase:
            chosen = _format(request, fmt)
            response: HttpResponseBase
            try:
                if request.method not in {*methods, "HEAD" if "GET" in methods else ""}:
                    response = render(_method_refused(request), chosen)
                    response.headers["Allow"] = ", ".join(methods)
                else:
                    document = view(request, **arguments)
                    response = (
                        document
                        if isinstance(document, HttpResponseBase)
                        else render(document, chosen)
                    )
            except (Refusal, *_EXPECTED) as error:
                response = render(_errors(error), chosen)
                if isinstance(error, Throttled):
                    response.headers["Retry-After"] = str(error.retry_after)
            # Open to pages of other sites: no cookie is read here.
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers.setdefault("Cache-Control", "no-store")
            if not fmt:
                response.headers["Vary"] = "Accept"
            return response

        answer.csrf_exempt = True  # type: ignore[attr-defined]
        return answer

    return decorate


_EXPECTED = (
    SocleError,
    OperationalError,
    RequestDataTooBig,
    TooManyFilesSent,
    SuspiciousOperation,
    MultiPartParserError,
    UnreadablePostError,
)


def _format(request: HttpRequest, suffix: str) -> Format:
    if suffix:
        return "json" if suffix == "json" else "xml"
    accepted = request.get_preferred_type(["text/xml", "application/xml", "application/json"])
    return "json" if accepted == "application/json" else "xml"


def _method_refused(request: HttpRequest) -> Document:
    sentence = _("Cette adresse ne reçoit pas de demande %(method)s.") % {"method": request.method}
    return _document(405, [sentence])


def _errors(error: Exception) -> Document:
    if isinstance(error, Refusal):
        return _document(error.status, error.sentences)
    if isinstance(error, OperationalError):
        # The database is away or held too long: worth trying again.
        _log.error("database", exc_info=error)
        error = Unavailable()
    if not isinstance(error, SocleError):
        return _document(400, [_("Cette demande n’est pas comprise.")])
    status = 400
    for kind, number in _STATUSES:
        if isinstance(error, kind):
            status = number
            break
    sentences = [str(each) for lines in error.fields.values() for each in lines]
    return _document(status, sentences or [str(error.message)])


# "404 for resources that don't exist, 403 for errors because of wrong or missing api_key and
# basically 400 for any other error"; what is worth trying again keeps its own status.
_STATUSES: tuple[tuple[type[SocleError], int], ...] = (
    (NotFound, 404),
    (InvalidKey, 403),
    (MissingScope, 403),
    (Denied, 400),
    (Throttled, 429),
    (Unavailable, 503),
    (TooLarge, 400),
    (Invalid, 400),
)


def _document(status: int, sentences: Sequence[str]) -> Document:
    return Document("errors", [{"code": status, "description": each} for each in sentences], status)


def render(document: Document, fmt: Format) -> HttpResponse:
    """The HTTP answer of a document."""
    body = to_json(document) if fmt == "json" else to_xml(document)
    response = HttpResponse(body, content_type=TYPES[fmt], status=document.status)
    for name, value in document.headers.items():
        response.headers[name] = value
    return response


def to_json(document: Document) -> bytes:
    return orjson.dumps(document.value)


def to_xml(document: Document) -> bytes:
    written = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(written, document.root, document.value)
    return "".join(written).encode()


def _write(written: list[str], name: str, value: Any) -> None:
    if value is None or value == "":
        written.append(f"<{name}/>")
    elif isinstance(value, str):
        written.append(f"<{name}>{escape(_UNWRITABLE.sub('', value))}</{name}>")
    elif isinstance(value, bool):
        written.append(f"<{name}>{'true' if value else 'false'}</{name}>")
    elif isinstance(value, Mapping):
        written.append(f"<{name}>")
        for key, inner in value.items():
            _write(written, key, inner)
        written.append(f"</{name}>")
    elif isinstance(value, list | tuple):
        item = _ITEMS.get(name, "value")
        written.append(f"<{name}>")
        for inner in value:
            _write(written, item, inner)
        written.append(f"</{name}>")
    else:
        written.append(f"<{name}>{value}</{name}>")
