"""The page, or the JSON document, that says what went wrong. It must never fail itself."""

from __future__ import annotations

import logging
from html import escape
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.template.loader import select_template
from django.utils.translation import get_language, gettext

from socle.kernel.errors import (
    Denied,
    Invalid,
    NotFound,
    SocleError,
    Throttled,
    problem,
    status_of,
)

_log = logging.getLogger("socle.errors")


def answer(request: HttpRequest, error: SocleError, status: int | None = None) -> HttpResponse:
    """The answer to ``error`` in the form the caller asked for. ``status`` overrides the error's.

    ``Retry-After`` is set for a throttled or unavailable service.
    """
    status = status or (400 if error.code == "bad-request" else status_of(error))
    body = {**problem(error, instance=request.path), "status": status}
    if wants_json(request):
        response = HttpResponse(
            orjson.dumps(body), content_type="application/problem+json", status=status
        )
    else:
        response = HttpResponse(_page(request, error, body), status=status)
        if request.headers.get("HX-Request") == "true":
            # The page replaces the page: half an error inside a list helps nobody.
            response.headers["HX-Retarget"] = "body"
            response.headers["HX-Reswap"] = "innerHTML"
    if isinstance(error, Throttled):
        response.headers["Retry-After"] = str(error.retry_after)
    elif status == 503:
        response.headers["Retry-After"] = "30"
    response.headers["Cache-Control"] = "no-store"
    return response


def wants_json(request: HttpRequest) -> bool:
    """Programs are under ``/api/``, or say that they prefer JSON to HTML."""
    if request.path_info.startswith("/api/"):
        return True
    if "json" not in request.headers.get("Accept", ""):
        return False
    offered = ["text/html", "application/problem+json", "application/json"]
    return request.get_preferred_type(offered) != "text/html"


def _page(request: HttpRequest, error: SocleError, body: dict[str, Any]) -> str:
    context = {
        "status": body["status"],
        "title": body["title"],
        "message": body["detail"],
        "errors": body.get("errors", []),
        "request_id": getattr(request, "id", ""),
    }
    # The status's own page says it better than the default sentence; a sentence written for the
    # occasion says it best.
    general = error.message is type(error).default_message and not error.fields
    status = body["status"]
    names = [*([f"design/{status}.html"] if general else []), "config/problem.html"]
    # Without the request nothing is read from the database: no brand, no name, but a page.
    for surroundings in (request, None) if status < 500 else (None,):
        try:
            return str(select_template(names).render(context, surroundings))
        except Exception:
            _log.exception("error page")
    return _bare_page(context)


def _bare_page(context: dict[str, Any]) -> str:
    text = {name: escape(str(value)) for name, value in context.items()}
    language = (get_language() or "fr").split("-")[0]
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text['title']}</title></head><body><main><h1>{text['title']}</h1>"
        f"<p>{text['message']}</p><p>{escape(gettext('Code à donner à l’assistance :'))} "
        f"<code>{text['request_id']}</code></p>"
        f'<p><a href="/">{escape(gettext("Revenir à l’accueil"))}</a></p></main></body></html>'
    )


# Django's last-resort handlers (see urls.py).


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Invalid(code="bad-request"))


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Denied())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    return answer(request, SocleError(code="internal"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """``CSRF_FAILURE_VIEW``: most often a form left open past the session's end."""
    message = gettext(
        "Ce formulaire a expiré. Revenez en arrière, rechargez la page, puis envoyez-le de nouveau."
    )
    return answer(request, Denied(message, code="stale-form"))
