"""From a request to its answer: who calls, how often, what it says, then the operation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from pydantic import BaseModel

from socle.sites.api.authentication import Program, authenticate
from socle.sites.api.v1 import idempotency, limits, problems
from socle.sites.api.v1.limits import Limit, Spent
from socle.sites.api.v1.operations import Answer, Call, Operation

_EXPOSED = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After"
View = Callable[..., HttpResponse]


def view_of(operations: Mapping[str, Operation]) -> View:
    """The Django view of one address: its operations by method."""
    allowed = ", ".join(
        sorted({*operations, "OPTIONS", *(["HEAD"] if "GET" in operations else [])})
    )
    public = "GET" in operations and operations["GET"].public_read

    def view(request: HttpRequest, **path: str) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else str(request.method)
        operation = operations.get(method)
        if method == "OPTIONS":
            response = _options(request, allowed, public)
        else:
            response = _answer(request, operation, allowed, path)
        opened = operation.public_read if operation else public
        if opened:
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    # No session is looked at: there is nothing to forge.
    view.csrf_exempt = True  # type: ignore[attr-defined]
    return view


def _options(request: HttpRequest, allowed: str, public: bool) -> HttpResponse:
    response = HttpResponse(status=204, headers={"Allow": allowed, "Cache-Control": "no-store"})
    if public:
        # Pages of other sites may read, and ask whether something changed; nothing else.
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
        response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response


def _answer(
    request: HttpRequest, operation: Operation | None, allowed: str, path: dict[str, str]
) -> HttpResponse:
    spent: Spent | None = None
    try:
        if operation is None:
            raise problems.MethodRefused(allowed)
        program = authenticate(request)
        if operation.scope:
            if program is None:
                raise problems.KeyNeeded
            program.require(operation.scope)
        limit, who = _counted(operation, program, request)
        if not limit.exact:
            spent = limits.spend(limit, who)
        call = _read(request, operation, program, path)
        act = partial(operation.view, call)
        if operation.idempotent and (key := idempotency.key_of(request, program)):
            call.once = key
            mark = idempotency.fingerprint(request)
            row = idempotency.served(key, mark)
            if row is not None:
                # Nothing is counted: it was, the first time.
                given = idempotency.again(row, act, private=operation.private)
                return _render(request, operation, given, spent)
            if limit.exact:
                spent = limits.spend(limit, who)
            answer = idempotency.once(key, mark, act, private=operation.private)
        else:
            if limit.exact:
                spent = limits.spend(limit, who)
            answer = act()
    except problems.EXPECTED as error:
        response = problems.answer(request, error)
        if spent is not None:
            for name, value in spent.headers().items():
                response.headers.setdefault(name, value)
        _vary(response, operation)
        return response
    return _render(request, operation, answer, spent)


def _counted(
    operation: Operation, program: Program | None, request: HttpRequest
) -> tuple[Limit, str]:
    if program is not None:
        return limits.KEY, str(program.key_id)
    return operation.limit, limits.network_of(request)


def _read(
    request: HttpRequest, operation: Operation, program: Program | None, path: dict[str, str]
) -> Call:
    call = Call(request, operation, program, path)
    if operation.query is not None:
        call.query = operation.query.model_validate(_pairs(operation.query, request))
    elif request.GET:
        raise problems.Invalid(fields=dict.fromkeys(request.GET, problems.NO_SUCH_NAME))
    if operation.body is not None:
        call.body = operation.body.model_validate_json(_json(request))
    return call


def _pairs(model: type[BaseModel], request: HttpRequest) -> dict[str, Any]:
    """The query as the model reads it: lists where it wants lists, a text given twice elsewhere is
    left as a list, which the model refuses.
    """
    found: dict[str, Any] = {}
    for name, values in request.GET.lists():
        field = model.model_fields.get(name)
        many = field is not None and "list" in str(field.annotation)
        found[name] = values if many or len(values) != 1 else values[0]
    return found


def _json(request: HttpRequest) -> bytes:
    media_type = (request.content_type or "").lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise problems.UnsupportedMedia(problems.JSON_ONLY)
    try:
        orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise problems.BadRequest(problems.NOT_JSON) from None
    return request.body


def _render(
    request: HttpRequest, operation: Operation, answer: Answer, spent: Spent | None
) -> HttpResponse:
    body = answer.body
    if body is None:
        content = b""
    elif isinstance(body, bytes):
        content = body
    else:
        content = orjson.dumps(body)
    response = HttpResponse(content, status=answer.status)
    if content or answer.status == 200:
        response.headers["Content-Type"] = answer.media_type
    else:
        del response.headers["Content-Type"]
    for name, value in answer.headers.items():
        response.headers[name] = value
    if spent is not None:
        for name, value in spent.headers().items():
            response.headers[name] = value
    if request.method in ("GET", "HEAD") and answer.status == 200:
        etag = answer.etag or f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        response.headers["ETag"] = etag
        if _matches(request.headers.get("If-None-Match", ""), etag):
            response.status_code = 304
            response.content = b""
            del response.headers["Content-Type"]
    fresh = operation.cached if answer.fresh is None else answer.fresh
    if "Cache-Control" not in response.headers:
        kept = operation.public_read and answer.status in (200, 304)
        response.headers["Cache-Control"] = f"public, max-age={fresh}" if kept else "no-store"
    _vary(response, operation)
    return response


def _vary(response: HttpResponse, operation: Operation | None) -> None:
    """Words follow the reader's language."""
    if operation is not None and operation.public_read:
        patch_vary_headers(response, ["Accept-Language"])


def _matches(header: str, etag: str) -> bool:
    """If-None-Match, by weak comparison (RFC 9110, 13.1.2)."""
    if header.strip() == "*":
        return True
    tags = [each.strip().removeprefix("W/") for each in header.split(",")]
    return etag.removeprefix("W/") in tags
