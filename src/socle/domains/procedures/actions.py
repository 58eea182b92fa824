"""Filing a request: from a draft to a case, exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case
from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.questionnaires import actions as drafts
from socle.capabilities.questionnaires import parsing, policies, rules
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Questionnaire
from socle.capabilities.questionnaires.places import Territory
from socle.domains.procedures import queries
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.packs.models import Revision
from socle.kernel.clock import SYSTEM, Clock, local_date
from socle.kernel.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Filed:
    """The outcome. A second submit gets the same reference and link; `created` is then false."""

    reference: str
    follow_token: str
    created: bool


def begin(
    *,
    actor: Actor,
    claim: str,
    service_key: str,
    helping: bool = False,
    contact: dict[str, Any] | None = None,
    clock: Clock = SYSTEM,
) -> Draft:
    """Begin a procedure or resume it; a draft of an older revision is carried over to the current.

    Raises NotFound when the service has no procedure in force, Denied when the actor may not help.
    """
    draft = drafts.start_draft(
        actor=actor,
        claim=claim,
        service_key=service_key,
        definition=queries.revision_in_force(service_key),
        helping=helping,
        contact=contact,
        clock=clock,
    )
    return refresh(draft=draft, clock=clock)


def refresh(*, draft: Draft, clock: Clock = SYSTEM) -> Draft:
    """Carry an unfiled draft over to the revision in force; `draft.review` lists pages to look at.

    Raises NotFound when the procedure was withdrawn.
    """
    if draft.case_reference:
        return draft
    revision = queries.revision_in_force(draft.service_key)
    if draft.definition_id == revision.pk:
        return draft
    return drafts.migrate_draft(
        draft=draft, definition=revision, questionnaire_of=_questionnaire_of, clock=clock
    )


def _questionnaire_of(revision: Revision) -> Questionnaire:
    return queries.procedure_of(revision).questionnaire


def save_page(
    *,
    draft: Draft,
    page_id: str,
    raw: parsing.Raw,
    files: Mapping[str, parsing.Files] | None = None,
    places: parsing.Places | None = None,
    clock: Clock = SYSTEM,
) -> parsing.Cleaned:
    """Read one page, keep every answer that could be read, say what is wrong with the others.

    `files`: what becomes of the files of each file question. Addresses are looked up before the
    draft is locked: a slow geocoder holds nobody up. Raises Invalid when the page is not there any
    more, Conflict when the form changed or was filed meanwhile.
    """
    questionnaire = _questionnaire_of(draft.definition)
    page = next((page for page in questionnaire.pages if page.id == page_id), None)
    if page is None:
        raise Invalid(_("Cette page du formulaire n’existe plus."))
    read = parsing.read_page(page, raw, draft.answers, places=places or Territory())
    return drafts.save_read_page(
        draft=draft,
        questionnaire=questionnaire,
        page=page,
        read=read,
        files=files or {},
        today=local_date(clock.now()),
        clock=clock,
    )


def submit(
    *,
    draft: Draft,
    actor: Actor,
    claim: str,
    places: parsing.Places | None = None,
    clock: Clock = SYSTEM,
) -> Filed:
    """File a draft. A second submit, even at the same moment, gets the same reference.

    `claim`: the browser's token. A form that changed since is carried over first. Raises NotFound
    for somebody else's draft, Invalid, with the fields at fault, when an answer is missing or no
    longer holds or a page must be read again.
    """
    if not policies.can_edit(actor, drafts.claim_hash(claim), draft):
        raise NotFound
    refresh(draft=draft, clock=clock)
    with transaction.atomic():
        locked = drafts.lock_for_filing(draft.pk)
        if not policies.can_edit(actor, drafts.claim_hash(claim), locked):
            raise NotFound
        if locked.case_reference:
            return _filed_before(locked.case_reference)
        opened = _open(locked, actor, claim, places or Territory(), clock)
        drafts.mark_filed(draft=locked, reference=opened.case.reference, clock=clock)
    return Filed(opened.case.reference, opened.follow_token, opened.created)


def _filed_before(reference: str) -> Filed:
    case = Case.objects.get(reference=reference)
    return Filed(reference, cases.follow_token(case), created=False)


def _open(
    draft: Draft, actor: Actor, claim: str, places: parsing.Places, clock: Clock
) -> casework.Opened:
    procedure = queries.procedure_of(draft.definition)
    questionnaire = procedure.questionnaire
    today = local_date(clock.now())
    _refuse_incomplete(draft, questionnaire, places, today)
    service = catalogue.service(draft.service_key)
    answers = rules.Reading(questionnaire, draft.answers, today).effective()
    place = answers.get(questionnaire.address_field) or {}
    area_code = place.get("citycode", "")
    organisation_id = queries.organisation_for(service.declaration, area_code).pk
    team = accounts.team_by_slug(organisation_id, service.team) if service.team else None
    contact = draft.contact
    return casework.open_case(
        actor=actor,
        kind=Case.Kind.REQUEST,
        service_key=draft.service_key,
        definition=draft.definition,
        prefix=service.declaration.reference_prefix,
        title=rules.title(questionnaire, answers, today),
        answers=answers,
        organisation_id=organisation_id,
        team_id=team.pk if team else None,
        applicant_id=contact.get("user_id") if draft.helper_id else draft.owner_id or actor.user_id,
        entity_id=contact.get("entity_id"),
        contact_name=contact.get("name", ""),
        contact_email=contact.get("email", ""),
        contact_phone=contact.get("phone", ""),
        filed_by_id=draft.helper_id,
        channel=(contact.get("channel") if draft.helper_id else "") or Case.Channel.WEB,
        lon=place.get("lon"),
        lat=place.get("lat"),
        address=place.get("label", ""),
        area_code=area_code,
        documents=_documents(questionnaire, answers),
        claim=drafts.claim_hash(claim),
        idempotency_key=f"draft:{draft.pk}",
        clock=clock,
    )


def _refuse_incomplete(
    draft: Draft, questionnaire: Questionnaire, places: parsing.Places, today: date
) -> None:
    faults: dict[str, list[str]] = {}
    for _page, question, message in parsing.incomplete(
        questionnaire, draft.answers, places=places, today=today
    ):
        faults.setdefault(question.id, []).append(message)
    asked = {page.id for page in rules.Reading(questionnaire, draft.answers, today).pages()}
    if asked & set(draft.review):
        faults.setdefault("", []).append(_("Le formulaire a changé : relisez les pages signalées."))
    contact = draft.contact
    if not contact.get("name") or not (contact.get("email") or contact.get("phone")):
        faults.setdefault("contact", []).append(_("Indiquez vos coordonnées."))
    if faults:
        raise Invalid(_("Il manque des réponses."), fields=faults)


def _documents(questionnaire: Questionnaire, answers: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"file_id": file["id"], "kind": question.id, "label": question.label}
        for _page, question in rules.questions(questionnaire)
        if question.type == "file"
        for file in answers.get(question.id) or []
    ]


__all__ = ["Filed", "Territory", "begin", "refresh", "save_page", "submit"]
