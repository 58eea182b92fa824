"""Errors become answers here, once: a page for people, RFC 9457 JSON for programs."""

from __future__ import annotations

import logging

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError

from socle.config import pages
from socle.config.middleware.identification import Answer
from socle.kernel.errors import (
    Denied,
    Invalid,
    NotFound,
    SocleError,
    TooLarge,
    Unavailable,
    status_of,
)

_log = logging.getLogger("socle.errors")


class ErrorsMiddleware:
    """Maps a :class:`SocleError` (or Django's equivalent) raised by a view to its answer.

    Anything else goes on to Django's own handling and ends at ``handler500``.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        known = known_error(error)
        if known is None:
            return None
        if status_of(known) >= 500:
            _log.error("%s", known.code, exc_info=error)
        return pages.answer(request, known)


def known_error(error: Exception) -> SocleError | None:
    """The typed error that says the same, or None when the failure was not foreseen."""
    if isinstance(error, SocleError):
        return error
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return Denied()
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        return TooLarge()
    if isinstance(error, SuspiciousOperation | BadRequest | MultiPartParserError):
        return Invalid(code="bad-request")
    if isinstance(error, OperationalError):
        # The database is away or held too long: worth trying again, and worth a page that says so.
        return Unavailable()
    return None
