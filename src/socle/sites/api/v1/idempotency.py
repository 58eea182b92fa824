"""The same key, the same answer: a request tried again after a lost answer acts once.

The answer is written in the transaction of the act: both are there, or neither. Of any number of
simultaneous repetitions, one acts; the others wait for it, then read its answer.
(draft-ietf-httpapi-idempotency-key-header)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Invalid
from socle.sites.api.authentication import Program
from socle.sites.api.models import Answered
from socle.sites.api.v1.operations import Answer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_FOR = timedelta(hours=48)
PATTERN = r"[\x21-\x7e]{1,255}"
_SALT = "socle.sites.api.idempotency"


class KeyReused(Invalid):
    """The key has already served for something else."""

    code = "idempotency-key-reused"
    default_message = _("Cette clé d’idempotence a déjà servi pour une autre requête.")


def key_of(request: HttpRequest, program: Program | None) -> str:
    """The hash of the caller and of their key; empty without one.

    A program's keys are its own. Without an API key nothing tells callers apart: the idempotency
    key must be a random UUID, that nobody else comes upon. Raises :class:`Invalid`.
    """
    text = request.headers.get(HEADER)
    if text is None:
        return ""
    if not re.fullmatch(PATTERN, text):
        raise Invalid(_("Cette clé d’idempotence n’est pas valable."), code="idempotency-key")
    if program is None:
        try:
            found = UUID(text)
        except ValueError:
            found = None
        if found is None or found.version != 4:
            raise Invalid(
                _("Sans clé d’interface, la clé d’idempotence doit être un UUID aléatoire."),
                code="idempotency-key",
            )
        text = str(found)
    who = f"key:{program.key_id}" if program else "anonymous"
    return salted_hmac(_SALT, f"{who}\0{text}", algorithm="sha256").hexdigest()


def fingerprint(request: HttpRequest) -> str:
    """What tells one request from another: method, address, body."""
    digest = hashlib.sha256(f"{request.method} {request.path}\0".encode())
    digest.update(request.body)
    return digest.hexdigest()


def served(key: str, mark: str) -> Answered | None:
    """What this key has already served for. Raises :class:`KeyReused` for another request."""
    row = Answered.objects.filter(key=key).first()
    if row is not None and row.fingerprint != mark:
        raise KeyReused
    return row


def again(row: Answered, act: Callable[[], Answer], *, private: bool) -> Answer:
    """The answer given before. `private`: it was not kept, the act gives it again (and must itself
    act only once for a key).
    """
    answer = act() if private else Answer(row.body, row.status, headers=row.headers)
    return replace(answer, headers={**answer.headers, REPLAYED: "true"})


def once(
    key: str,
    mark: str,
    act: Callable[[], Answer],
    *,
    private: bool = False,
    clock: Clock = SYSTEM,
) -> Answer:
    """Act and keep the answer, unless it was given already. An act that is refused keeps nothing:
    the caller may correct it and use the key again.
    """
    try:
        with transaction.atomic():
            row = Answered.objects.create(key=key, fingerprint=mark, created_at=clock.now())
            answer = act()
            row.status = answer.status
            if not private:
                row.body, row.headers = answer.body, dict(answer.headers)
            row.save(update_fields=["status", "body", "headers"])
    except IntegrityError:
        found = served(key, mark)
        if found is None:
            raise
        return again(found, act, private=private)
    return answer


def sweep(clock: Clock = SYSTEM) -> int:
    """Forget old answers."""
    return Answered.objects.filter(created_at__lt=clock.now() - KEPT_FOR).delete()[0]
