"""Text travels compressed. Static files are, when they are built; this is for the rest."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_TEXTUAL = frozenset(
    {
        "text/html", "text/plain", "text/css", "text/csv", "text/javascript", "text/xml",
        "text/turtle", "application/json", "application/ld+json", "application/geo+json",
        "application/problem+json", "application/manifest+json", "application/xml",
        "application/rdf+xml", "image/svg+xml",
    }
)  # fmt: skip


class CompressionMiddleware(GZipMiddleware):
    """Django's gzip, for text only: photos and PDFs are compressed already.

    Each answer gets a random length (up to 100 bytes more) and each page another mask of its
    anti-forgery token, so that lengths tell nothing of what a page holds (BREACH).
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if kind not in _TEXTUAL:
            return response
        return super().process_response(request, response)
