"""Every request has a number, found again in the logs, in the answer and on the error page."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]

request_id: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTABLE = re.compile(r"[0-9A-Za-z._-]{8,64}")


class RequestIdMiddleware:
    """Sets ``request.id`` and the ``X-Request-ID`` header of the answer.

    A number received from outside is kept only when a trusted proxy stands in front: anybody else
    could forge the thread of somebody's log.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.trusting = settings.SOCLE.security.proxies > 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if self.trusting else ""
        number = given if _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
        request.id = number  # type: ignore[attr-defined]
        token = request_id.set(number)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = number
        return response


class ClientAddressMiddleware:
    """Puts the visitor's address in ``REMOTE_ADDR`` when reverse proxies stand in front.

    With ``n`` trusted proxies the address is the ``n``-th of ``X-Forwarded-For`` from the right:
    what is further left was written by the visitor and proves nothing.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.proxies = settings.SOCLE.security.proxies

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.proxies:
            hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
            if len(hops) >= self.proxies and (address := hops[-self.proxies].strip()):
                request.META["REMOTE_ADDR"] = address
        return self.get_response(request)
