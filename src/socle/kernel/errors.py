"""The errors an action or a query may raise on purpose, and what each means over HTTP.

Raise the class which says what happened; the front doors map it once, here: ``status_of`` gives
the HTTP status and ``problem`` the body of an ``application/problem+json`` answer (RFC 9457). A
message is addressed to the person in front of the screen: a French source string, translated when
it is rendered, without identifiers, paths or personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    #: Messages by field name; the empty name holds what concerns the whole form.
    Fields = Mapping[str, "StrOrPromise | Iterable[StrOrPromise]"]


class SocleError(Exception):
    """Base of every error raised on purpose.

    ``message``: what to tell the person (default: the class's own sentence). ``code``: stable
    machine name, kebab-case (default: the class's). ``fields``: messages by field name, ``""`` for
    the whole form.
    """

    code: str = "error"
    title: StrOrPromise = _("Une erreur est survenue")
    default_message: StrOrPromise = _("Votre demande n’a pas pu aboutir.")

    def __init__(
        self, message: StrOrPromise | None = None, *, code: str = "", fields: Fields | None = None
    ) -> None:
        self.message: StrOrPromise = self.default_message if message is None else message
        self.code = code or type(self).code
        self.fields: dict[str, list[StrOrPromise]] = _as_lists(fields or {})
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class Invalid(SocleError):
    """422: what was given cannot be accepted; ``fields`` says where and why."""

    code = "invalid"
    title = _("Saisie à corriger")
    default_message = _("Certaines informations sont à corriger.")


class Denied(SocleError):
    """403: the person may know that the thing exists, but may not do this to it.

    When they may not even know, raise :class:`NotFound`.
    """

    code = "denied"
    title = _("Accès refusé")
    default_message = _("Vous n’avez pas l’autorisation de faire cela.")


class NotFound(SocleError):
    """404: nothing there, or nothing this person may know of."""

    code = "not-found"
    title = _("Introuvable")
    default_message = _("Ce que vous cherchez n’existe pas ou n’est plus disponible.")


class Conflict(SocleError):
    """409: somebody else changed the thing meanwhile, or its state no longer allows this."""

    code = "conflict"
    title = _("Modifié entre-temps")
    default_message = _(
        "Une autre personne a modifié cet élément entre-temps. "
        "Rechargez la page pour voir la dernière version."
    )


class Gone(SocleError):
    """410: it was there, it was withdrawn for good (expired link, erased file)."""

    code = "gone"
    title = _("Plus disponible")
    default_message = _("Ce contenu a été retiré ou ce lien a expiré.")


class TooLarge(SocleError):
    """413: a file, a request or a result beyond the limit."""

    code = "too-large"
    title = _("Trop volumineux")
    default_message = _("Ce que vous envoyez dépasse la taille permise.")


class UnsupportedMedia(SocleError):
    """415: a format which is not accepted, or a file which is not what its name says."""

    code = "unsupported-media"
    title = _("Format non accepté")
    default_message = _("Ce format de fichier n’est pas accepté.")


class Throttled(SocleError):
    """429: too many attempts; ``retry_after`` is the wait in whole seconds, at least 1."""

    code = "throttled"
    title = _("Trop de tentatives")
    default_message = _("Trop de tentatives. Patientez un peu avant de réessayer.")

    def __init__(
        self,
        retry_after: int,
        message: StrOrPromise | None = None,
        *,
        code: str = "",
        fields: Fields | None = None,
    ) -> None:
        super().__init__(message, code=code, fields=fields)
        self.retry_after = max(1, int(retry_after))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.retry_after, self.message), self.__dict__


class Unavailable(SocleError):
    """503: something we depend on does not answer; trying later is worth it."""

    code = "unavailable"
    title = _("Momentanément indisponible")
    default_message = _(
        "Ce service est momentanément indisponible. Réessayez dans quelques minutes."
    )


#: The one table from error class to HTTP status; a subclass has the status of its nearest parent.
STATUS: dict[type[BaseException], int] = {
    Invalid: 422,
    Denied: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    TooLarge: 413,
    UnsupportedMedia: 415,
    Throttled: 429,
    Unavailable: 503,
    SocleError: 500,
}


def status_of(error: BaseException) -> int:
    """HTTP status of an error: its nearest parent's in :data:`STATUS`, 500 for the unforeseen."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(
    error: BaseException, instance: str | None = None, *, type_base: str = "/problems/"
) -> dict[str, Any]:
    """Body of an ``application/problem+json`` answer (RFC 9457), in the active language.

    ``instance``: URI of this occurrence (a request path or ``urn:uuid:…``). ``type_base``: where
    the problem types are documented; the API gives an absolute URI. Only what a
    :class:`SocleError` carries is told: any other exception is a mute 500, so that no internals
    leak.
    """
    known = error if isinstance(error, SocleError) else SocleError(code="internal")
    body: dict[str, Any] = {
        "type": f"{type_base}{known.code}",
        "title": str(known.title),
        "status": status_of(known),
        "detail": str(known.message),
    }
    if instance:
        body["instance"] = instance
    if known.fields:
        body["errors"] = [
            {"field": field, "pointer": _pointer(field), "detail": str(message)}
            for field, messages in known.fields.items()
            for message in messages
        ]
    if isinstance(known, Throttled):
        body["retry_after"] = known.retry_after
    return body


def _pointer(field: str) -> str:
    """JSON pointer to the member at fault (RFC 6901, as a URI fragment); ``#`` is the whole."""
    return "#/" + field.replace("~", "~0").replace("/", "~1") if field else "#"


def _as_lists(fields: Fields) -> dict[str, list[StrOrPromise]]:
    """One message or several per field; a lone one is not to be taken for a list of letters."""
    return {
        name: [messages] if isinstance(messages, str | Promise) else list(messages)
        for name, messages in fields.items()
    }
