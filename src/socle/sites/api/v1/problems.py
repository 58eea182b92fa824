"""Errors as RFC 9457 problems; those that only HTTP knows."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from socle.kernel.errors import (
    Conflict,
    Denied,
    Invalid,
    SocleError,
    Throttled,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
    problem,
    status_of,
)
from socle.sites.api.authentication import InvalidKey
from socle.sites.api.v1.limits import TooMany

__all__ = ["Invalid", "UnsupportedMedia"]
_log = logging.getLogger("socle.api")
MEDIA_TYPE = "application/problem+json"
REALM = 'Bearer realm="api"'


class KeyNeeded(Denied):
    """401: nobody may do this without a key."""

    code = "key-needed"
    title = _("Clé nécessaire")
    default_message = _("Cette opération demande une clé d’interface.")


class BadRequest(Invalid):
    """400: what was sent cannot be read at all."""

    code = "bad-request"
    title = _("Requête illisible")
    default_message = _("Cette requête n’est pas lisible.")


class MethodRefused(SocleError):
    """405."""

    code = "method-not-allowed"
    title = _("Méthode refusée")
    default_message = _("Cette adresse n’accepte pas cette méthode.")

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed
        super().__init__()


class Stale(Conflict):
    """412: the version named by the caller is no longer the last."""

    code = "stale-version"


class VersionNeeded(Invalid):
    """428: the caller must say which version it changes."""

    code = "version-needed"
    title = _("Version à préciser")
    default_message = _("Indiquez la version que vous modifiez, dans l’en-tête If-Match.")


_STATUSES: tuple[tuple[type[SocleError], int], ...] = (
    (KeyNeeded, 401),
    (InvalidKey, 401),
    (BadRequest, 400),
    (MethodRefused, 405),
    (Stale, 412),
    (VersionNeeded, 428),
)
CODES: tuple[type[SocleError], ...] = tuple(kind for kind, _status in _STATUSES)

EXPECTED: tuple[type[Exception], ...] = (
    SocleError,
    ValidationError,
    OperationalError,
    RequestDataTooBig,
    TooManyFilesSent,
    SuspiciousOperation,
    MultiPartParserError,
    UnreadablePostError,
)


def status(error: SocleError) -> int:
    """HTTP status of an error, here."""
    return next((code for kind, code in _STATUSES if isinstance(error, kind)), status_of(error))


def known(error: Exception) -> SocleError:
    """The typed error that says the same as any of `EXPECTED`."""
    if isinstance(error, SocleError):
        return error
    if isinstance(error, ValidationError):
        return unreadable(error)
    if isinstance(error, OperationalError):
        # The database is away or held too long: worth trying again.
        _log.error("database", exc_info=error)
        return Unavailable()
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        return TooLarge()
    return BadRequest()


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    """The problem of an error, with the headers that go with it."""
    found = known(error)
    code = status(found)
    body = problem(found, instance=request.path) | {"status": code}
    response = HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPE, status=code)
    if code == 401:
        response.headers["WWW-Authenticate"] = REALM
    if isinstance(found, MethodRefused):
        response.headers["Allow"] = found.allowed
    if isinstance(found, Throttled):
        response.headers["Retry-After"] = str(found.retry_after)
    if isinstance(found, TooMany):
        for name, value in found.spent.headers().items():
            response.headers[name] = value
    if code == 503:
        response.headers["Retry-After"] = "30"
    response.headers["Cache-Control"] = "no-store"
    return response


NO_SUCH_NAME = _("Ce nom n’existe pas ici.")
JSON_ONLY = _("Envoyez du JSON (application/json).")
MULTIPART_ONLY = _("Envoyez un formulaire multipart/form-data.")
ONE_FILE = _("Envoyez une photo et une seule, dans le champ file.")
MISSING = _("Cette valeur est obligatoire.")
NOT_JSON = _("Ce contenu n’est pas du JSON.")

_SENTENCES = {
    "missing": MISSING,
    "extra_forbidden": NO_SUCH_NAME,
    "string_too_long": _("Ce texte est trop long."),
    "string_too_short": _("Ce texte est trop court."),
    "too_long": _("Il y a trop de valeurs."),
    "literal_error": _("Cette valeur n’est pas parmi celles possibles."),
    "enum": _("Cette valeur n’est pas parmi celles possibles."),
}
_OTHERWISE = _("Cette valeur n’est pas comprise.")


def unreadable(error: ValidationError) -> Invalid:
    """What a model refused, field by field, in words; the values themselves stay out."""
    fields: dict[str, list[Any]] = {}
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        name = "/".join(str(part) for part in each["loc"])
        fields.setdefault(name, []).append(_SENTENCES.get(each["type"], _OTHERWISE))
    return Invalid(fields=fields)
