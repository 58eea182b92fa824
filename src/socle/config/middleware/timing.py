"""Counts and durations of requests, for ``/metrics``, the access log and (debug) the browser."""

from __future__ import annotations

import logging
from time import perf_counter

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from socle.config.metrics import REQUESTS, SECONDS
from socle.config.middleware.identification import Answer

_log = logging.getLogger("socle.access")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class TimingMiddleware:
    """One count, one duration, one log line per request, under the route's name.

    The route's name and never the address: an address may hold a one-time key or a search.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.debug = settings.DEBUG

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = perf_counter()
        before = len(connection.queries) if self.debug else 0
        response = self.get_response(request)
        seconds = perf_counter() - start
        match = request.resolver_match
        route = match.view_name if match else "-"
        method = request.method if request.method in _METHODS else "OTHER"
        REQUESTS.labels(method, route, str(response.status_code)).inc()
        SECONDS.labels(route).observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            _log.info(
                "%s %s %s",
                method,
                route,
                response.status_code,
                extra={
                    "method": method,
                    "route": route,
                    "status": response.status_code,
                    "duration_ms": round(seconds * 1000, 1),
                },
            )
        if self.debug:
            queries = connection.queries[before:]
            spent = sum(float(query["time"]) for query in queries)
            response.headers["Server-Timing"] = (
                f'total;dur={seconds * 1000:.1f}, sql;dur={spent * 1000:.1f};desc="{len(queries)}"'
            )
        return response
