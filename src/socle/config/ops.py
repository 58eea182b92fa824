"""Pages for machines: is the process alive, is it ready, how is it doing.

They answer before host names are checked and before sessions are read: a probe speaks to an
address, not to a name.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path

from socle.config import metrics, readiness
from socle.config.middleware.identification import Answer
from socle.config.options import LOOPBACK


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is looked at."""
    return HttpResponse(b"ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, 503 when not. Details only for those who may see them."""
    ready, report = readiness.report()
    if not _trusted(request):
        report = {"status": report["status"]}
    return HttpResponse(
        orjson.dumps(report), content_type="application/json", status=200 if ready else 503
    )


def metrics_page(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for this machine or for the bearer of ``SOCLE_SECURITY_METRICS_TOKEN``."""
    if not _trusted(request):
        # Not 403: whoever may not see it need not know of it.
        return HttpResponse(b"not found\n", content_type="text/plain", status=404)
    return HttpResponse(
        metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8"
    )


def _trusted(request: HttpRequest) -> bool:
    token = settings.SOCLE.security.metrics_token.get_secret_value()
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    # Behind a proxy on this machine every visitor seems local.
    forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    return request.META.get("REMOTE_ADDR", "") in LOOPBACK and not forwarded


_VIEWS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics_page,
}


class OperationsMiddleware:
    """Answers the three addresses above before anything else runs."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = _VIEWS.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = view(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response


# Named like every other route, for the access matrix and for `reverse`.
urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics_page, name="metrics"),
]
