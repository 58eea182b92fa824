"""What is too large is refused before it is read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from socle.config import pages
from socle.config.middleware.identification import Answer
from socle.kernel.errors import TooLarge


class BodySizeMiddleware:
    """Answers 413 to a body longer than ``SOCLE_SERVER_MAX_REQUEST_MEGABYTES``.

    Django limits fields and leaves files to the views, which see them when the disk already holds
    them. A body that hides its length is read as empty: WSGI knows no other.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.most = settings.SOCLE.server.max_request_megabytes * 1024 * 1024

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if (
            not length.isascii()
            or not length.isdigit()
            or len(length) > 15
            or int(length) > self.most
        ):
            response = pages.answer(request, TooLarge())
            # What remains of the body would be taken for the next request.
            response.headers["Connection"] = "close"
            return response
        return self.get_response(request)
