"""Drafts: begun, saved page by page, found again after an expired session, filed once.

An action receives a draft that `queries.draft_for` opened for the actor. Each locks its row, so
that two windows that save at once both count; none writes to a draft already filed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from socle.capabilities.questionnaires import parsing, policies, queries
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Page, Questionnaire
from socle.capabilities.questionnaires.queries import claim_hash
from socle.capabilities.questionnaires.rules import Answers, questions
from socle.foundations.accounts.actors import SYSTEM as SYSTEM_ACTOR
from socle.foundations.accounts.actors import Actor
from socle.foundations.files import actions as files
from socle.foundations.packs.models import Revision
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Conflict, Denied, NotFound

UNTOUCHED_FOR = timedelta(days=30)
"""How long an unfinished form is kept after the last change."""

FILED_FOR = timedelta(days=7)
"""How long a draft outlives the case it became, for whoever comes back to the confirmation."""

_SWEPT = 500


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
    it in for someone else: the draft is theirs, and each person helped gets a new one. Raises
    Denied when the actor may not help, or is nobody and holds no token.
    """
    if helping:
        if not policies.can_help(actor):
            raise Denied
    elif actor.user_id is None and not claim:
        raise Denied
    else:
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
def save_read_page(
    *,
    draft: Draft,
    questionnaire: Questionnaire,
    page: Page,
    read: parsing.Cleaned,
    files: Mapping[str, parsing.Files],
    today: date,
    clock: Clock = SYSTEM,
) -> parsing.Cleaned:
    """Settle a page beside the answers the draft holds now, and keep what could be read.

    The page is no longer to be looked at again once it is right. Raises Conflict when the draft was
    carried over to another revision meanwhile.
    """
    locked = _locked(draft.pk)
    if locked.definition_id != draft.definition_id:
        raise Conflict(_("Ce formulaire vient de changer : relisez cette page."), code="stale-form")
    settled = parsing.settle(questionnaire, page, read, locked.answers, files=files, today=today)
    # Only what the draft held: ids come from the browser.
    removed = {
        file["id"]
        for name, edit in files.items()
        for file in locked.answers.get(name) or []
        if file["id"] in edit.removed
    }
    locked.answers = locked.answers | settled.answers
    if settled.ok:
        locked.review = [each for each in locked.review if each != page.id]
    _save(locked, clock)
    _forget_files(removed)
    return settled


@transaction.atomic
def save_answers(*, draft: Draft, answers: Answers, clock: Clock = SYSTEM) -> Draft:
    """Merge answers into the draft: those given replace, the others stay."""
    locked = _locked(draft.pk)
    locked.answers = locked.answers | answers
    return _save(locked, clock)


@transaction.atomic
def save_contact(*, draft: Draft, contact: dict[str, Any], clock: Clock = SYSTEM) -> Draft:
    """Remember who the request is for: name, email, phone, entity_id."""
    locked = _locked(draft.pk)
    locked.contact = locked.contact | contact
    return _save(locked, clock)


@transaction.atomic
def migrate_draft(
    *,
    draft: Draft,
    definition: Revision,
    questionnaire_of: Callable[[Revision], Questionnaire],
    clock: Clock = SYSTEM,
) -> Draft:
    """Carry a draft over to a newer revision of its questionnaire; twice is harmless.

    Answers of questions that kept their id, type and choices stay. Pages that hold a new or changed
    question are listed in `review`, so that the person is told which to look at again.
    """
    locked = lock_for_filing(draft.pk)
    if locked.case_reference or locked.definition_id == definition.pk:
        return locked
    before, after = questionnaire_of(locked.definition), questionnaire_of(definition)
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
    # Those that an earlier change already asked to look at still wait.
    review += locked.review
    locked.review = [page.id for page in after.pages if page.id in review]
    locked.definition = definition
    return _save(locked, clock)


def _fits(options: tuple[Any, ...], answer: Any) -> bool:
    if not options or answer is None:
        return True
    values = {option.value for option in options}
    return all(value in values for value in (answer if isinstance(answer, list) else [answer]))


@transaction.atomic
def adopt_drafts(*, user_id: int, claim: str) -> int:
    """Hand the browser's drafts, and the files sent for them, to the person who has just signed in.

    Returns how many drafts. `claim`: the browser's token.
    """
    if not claim:
        return 0
    files.adopt(claim=claim_hash(claim), user_id=user_id)
    return Draft.objects.filter(
        claim=claim_hash(claim), owner=None, helper=None, case_reference=""
    ).update(owner_id=user_id, claim="")


def lock_for_filing(draft_id: UUID) -> Draft:
    """The draft, locked until the end of the transaction: of two submits, the second waits.

    The one action that also gives a draft already filed. Raises Conflict when it is gone.
    """
    found = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("definition")
        .defer("definition__content")
        .filter(pk=draft_id)
        .first()
    )
    if found is None:
        raise Conflict(_("Cette demande en cours a été supprimée dans une autre fenêtre."))
    return found


@transaction.atomic
def mark_filed(*, draft: Draft, reference: str, clock: Clock = SYSTEM) -> None:
    """Remember the case a draft became. The first to say so wins."""
    Draft.objects.filter(pk=draft.pk, case_reference="").update(
        case_reference=reference, version=draft.version + 1, updated_at=clock.now()
    )
    draft.case_reference = draft.case_reference or reference


@transaction.atomic
def delete_draft(*, draft: Draft) -> None:
    """Forget a draft the person no longer wants, and the files sent for it. Filed ones stay."""
    try:
        locked = _locked(draft.pk)
    except Conflict:
        return
    _forget([locked])


@transaction.atomic
def forget_person(*, user_id: int) -> None:
    """Erase what a person was filling in, for themselves or for others (their account closes)."""
    for held in ("owner_id", "helper_id"):
        _forget(list(Draft.objects.select_for_update().filter(**{held: user_id}).order_by("pk")))


def sweep(*, clock: Clock = SYSTEM) -> int:
    """Erase drafts nobody came back to, and those long since filed; returns how many."""
    now = clock.now()
    swept = 0
    for old in (
        {"case_reference": "", "updated_at__lt": now - UNTOUCHED_FOR},
        {"case_reference__gt": "", "updated_at__lt": now - FILED_FOR},
    ):
        while True:
            with transaction.atomic():
                rows = Draft.objects.select_for_update().filter(**old).order_by("updated_at")
                batch = list(rows[:_SWEPT])
                _forget(batch)
            swept += len(batch)
            if len(batch) < _SWEPT:
                break
    return swept


def _forget(drafts: list[Draft]) -> None:
    for draft in drafts:
        if draft.case_reference:
            continue
        for answer in draft.answers.values():
            if isinstance(answer, list):
                _forget_files(each["id"] for each in answer if isinstance(each, dict))
    Draft.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()


def _forget_files(file_ids: Iterable[str]) -> None:
    for file_id in file_ids:
        try:
            files.discard(file_id=file_id, actor=SYSTEM_ACTOR)
        except NotFound:
            # Attached to a case meanwhile, or swept.
            continue


def _locked(draft_id: UUID) -> Draft:
    found = lock_for_filing(draft_id)
    if found.case_reference:
        raise Conflict(
            _("Cette demande est déjà envoyée : elle ne peut plus être modifiée ici."),
            code="already-filed",
        )
    return found


def _save(draft: Draft, clock: Clock) -> Draft:
    draft.version += 1
    draft.updated_at = clock.now()
    draft.save(
        update_fields=["answers", "contact", "review", "definition", "version", "updated_at"]
    )
    return draft


__all__ = [
    "FILED_FOR", "UNTOUCHED_FOR", "adopt_drafts", "claim_hash", "delete_draft", "forget_person",
    "lock_for_filing", "mark_filed", "migrate_draft", "save_answers", "save_contact",
    "save_read_page", "start_draft", "sweep",
]  # fmt: skip
