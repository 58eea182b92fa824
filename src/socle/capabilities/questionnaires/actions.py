"""Drafts: begun, saved page by page, found again after an expired session, filed once."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from socle.capabilities.questionnaires import queries
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Questionnaire
from socle.capabilities.questionnaires.rules import Answers, questions
from socle.foundations.accounts.actors import Actor
from socle.foundations.packs.models import Revision
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict


def claim_hash(token: str) -> str:
    """What is stored of the token a browser keeps: its SHA-256, so that a leak opens no draft."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""


@transaction.atomic
def start_draft(
    *,
    actor: Actor,
    claim: str,
    service_key: str,
    definition: Revision,
    helping: bool = False,
    contact: dict[str, Any] | None = None,
    clock: Clock = SYSTEM,
) -> Draft:
    """Begin a draft, or find the one already begun for this service.

    `claim` is the browser's token (not its hash). With `helping`, the actor is an agent who fills
    it in for someone else: the draft is theirs, and each person helped gets a new one.
    """
    if not helping:
        known = queries.open_draft(actor, claim, service_key)
        if known is not None:
            return known
    now = clock.now()
    return Draft.objects.create(
        definition=definition,
        service_key=service_key,
        owner_id=None if helping else actor.user_id,
        helper_id=actor.user_id if helping else None,
        claim="" if actor.user_id else claim_hash(claim),
        contact=contact or {},
        created_at=now,
        updated_at=now,
    )


@transaction.atomic
def save_answers(
    *, draft: Draft, answers: Answers, reviewed: str = "", clock: Clock = SYSTEM
) -> Draft:
    """Merge a page's answers into the draft; `reviewed` is the page the person just looked at."""
    locked = _locked(draft.id)
    locked.answers = {**locked.answers, **answers}
    locked.review = [page for page in locked.review if page != reviewed]
    return _save(locked, clock)


@transaction.atomic
def save_contact(*, draft: Draft, contact: dict[str, Any], clock: Clock = SYSTEM) -> Draft:
    """Remember who the request is for: name, email, phone, entity_id."""
    locked = _locked(draft.id)
    locked.contact = {**locked.contact, **contact}
    return _save(locked, clock)


@transaction.atomic
def migrate_draft(
    *,
    draft: Draft,
    definition: Revision,
    before: Questionnaire,
    after: Questionnaire,
    clock: Clock = SYSTEM,
) -> Draft:
    """Carry a draft over to a newer revision of its questionnaire.

    Answers of questions that kept their id, type and choices stay. Pages that hold a new or changed
    question are listed in `review`, so that the person is told which to look at again.
    """
    locked = _locked(draft.id)
    old = {question.id: question for _page, question in questions(before)}
    kept: Answers = {}
    review: list[str] = []
    for page, question in questions(after):
        known = old.get(question.id)
        answer = locked.answers.get(question.id)
        if known is not None and known.type == question.type and _fits(question.options, answer):
            if answer is not None:
                kept[question.id] = answer
            if known == question:
                continue
        if page.id not in review:
            review.append(page.id)
    locked.answers = kept
    locked.review = review
    locked.definition = definition
    return _save(locked, clock)


def _fits(options: tuple[Any, ...], answer: Any) -> bool:
    if not options or answer is None:
        return True
    values = {option.value for option in options}
    return all(value in values for value in (answer if isinstance(answer, list) else [answer]))


def adopt_drafts(*, user_id: int, claim: str) -> int:
    """Hand the browser's drafts to the person who has just signed in; returns how many."""
    if not claim:
        return 0
    return Draft.objects.filter(
        claim=claim_hash(claim), owner__isnull=True, case_reference=""
    ).update(owner_id=user_id, claim="")


def lock_for_filing(draft_id: UUID) -> Draft:
    """The draft, locked until the end of the transaction: of two submits, the second waits."""
    return _locked(draft_id)


def mark_filed(*, draft: Draft, reference: str, clock: Clock = SYSTEM) -> None:
    """Remember the case a locked draft became."""
    draft.case_reference = reference
    _save(draft, clock)


def delete_draft(*, draft: Draft) -> None:
    """Forget a draft the person no longer wants."""
    Draft.objects.filter(pk=draft.pk, case_reference="").delete()


def _locked(draft_id: UUID) -> Draft:
    found = Draft.objects.select_for_update(of=("self",)).filter(pk=draft_id).first()
    if found is None:
        raise Conflict(_("Cette demande en cours a été supprimée dans une autre fenêtre."))
    return found


def _save(draft: Draft, clock: Clock) -> Draft:
    draft.version += 1
    draft.updated_at = clock.now()
    draft.save(
        update_fields=[
            "answers", "contact", "review", "definition", "version", "updated_at", "case_reference",
        ]
    )  # fmt: skip
    return draft


__all__ = [
    "adopt_drafts", "claim_hash", "delete_draft", "lock_for_filing", "mark_filed",
    "migrate_draft", "save_answers", "save_contact", "start_draft",
]  # fmt: skip
