"""Files of a question: those kept, those just sent, each received before the answers are read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from socle.capabilities.questionnaires.actions import claim_hash
from socle.capabilities.questionnaires.parsing import Files
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions as files
from socle.kernel.errors import SocleError

FileAnswer = dict[str, Any]


def answer_of(file: Any) -> FileAnswer:
    """What a draft remembers of a file."""
    return {"id": str(file.id), "name": file.name, "size": file.size, "type": file.media_type}


def collect(
    request: HttpRequest,
    name: str,
    known: list[FileAnswer],
    *,
    actor: Actor,
    claim: str,
    accept: tuple[str, ...] = ("image", "pdf"),
    limit: int = 5,
) -> tuple[list[FileAnswer], list[str]]:
    """The files of field `name` after this request, and what was wrong with those refused.

    `{name}_remove` lists ids to leave out. A file refused never takes the others with it.
    """
    edit, errors = edited(
        request, name, known, actor=actor, claim=claim, accept=accept, limit=limit
    )
    return [dict(file) for file in edit.applied(known)], errors


def edited(
    request: HttpRequest,
    name: str,
    known: list[FileAnswer],
    *,
    actor: Actor,
    claim: str,
    accept: tuple[str, ...] = ("image", "pdf"),
    limit: int = 5,
) -> tuple[Files, list[str]]:
    """What this request does to the files of field `name`, and what was wrong with those refused.

    `limit`: files kept and received together; those beyond are not even received.
    """
    removed = frozenset(request.POST.getlist(f"{name}_remove"))
    added: list[FileAnswer] = []
    errors: list[str] = []
    for upload in request.FILES.getlist(name):
        if len(Files(added, removed).applied(known)) >= limit:
            break
        try:
            received = files.receive(
                upload=upload,
                name=upload.name or "",
                actor=actor,
                claim=claim_hash(claim),
                accept=accept,
            )
        except SocleError as error:
            errors.append(f"{upload.name} : {error}")
            continue
        added.append(answer_of(received))
    return Files(added, removed), errors
