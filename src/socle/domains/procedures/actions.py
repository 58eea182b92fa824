"""Filing a request: from a draft to a case, exactly once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case
from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.questionnaires import actions as drafts
from socle.capabilities.questionnaires import parsing, rules
from socle.capabilities.questionnaires.models import Draft
from socle.domains.procedures import queries
from socle.foundations.accounts import queries as accounts
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, Clock, local
from socle.kernel.errors import Invalid


class Territory:
    """What questions about places ask of the house: the geocoder at hand and the contours."""

    def __init__(self, geocode: Any = None) -> None:
        self._geocode = geocode

    def geocode(self, text: str) -> parsing.Place | None:
        """The best match of an address typed without a script."""
        found = self._geocode(text) if self._geocode else None
        if found is None:
            return None
        return parsing.Place(found.label, found.lon, found.lat, found.citycode)

    def citycode(self, lon: float, lat: float) -> str | None:
        area = territories.area_at(lon, lat)
        return area.code if area else None


@dataclass(frozen=True, slots=True)
class Filed:
    """The outcome of a submit. `follow_token` is given once, on the submit that created the case."""

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
    """Begin a procedure or resume it; a draft of an older revision is carried over to the current one.

    Raises NotFound when the service has no procedure in force.
    """
    revision = queries.revision_in_force(service_key)
    draft = drafts.start_draft(
        actor=actor, claim=claim, service_key=service_key, definition=revision,
        helping=helping, contact=contact, clock=clock,
    )  # fmt: skip
    return refresh(draft=draft, clock=clock)


def refresh(*, draft: Draft, clock: Clock = SYSTEM) -> Draft:
    """Carry an unfiled draft over to the revision in force; `draft.review` lists pages to look at."""
    revision = queries.revision_in_force(draft.service_key)
    if draft.case_reference or draft.definition_id == revision.pk:
        return draft
    return drafts.migrate_draft(
        draft=draft,
        definition=revision,
        before=queries.procedure_of(draft.definition).questionnaire,
        after=queries.procedure_of(revision).questionnaire,
        clock=clock,
    )


def save_page(
    *,
    draft: Draft,
    page_id: str,
    raw: parsing.Raw,
    files: dict[str, list[dict[str, Any]]],
    places: parsing.Places,
    clock: Clock = SYSTEM,
) -> parsing.Cleaned:
    """Read one page, keep every answer that could be read, say what is wrong with the others."""
    questionnaire = queries.procedure_of(draft.definition).questionnaire
    page = next((page for page in questionnaire.pages if page.id == page_id), None)
    if page is None:
        raise Invalid(_("Cette page du formulaire n’existe plus."))
    cleaned = parsing.clean_page(
        questionnaire, page, raw, draft.answers, files=files, places=places, today=_today(clock)
    )
    drafts.save_answers(
        draft=draft, answers=cleaned.answers, reviewed=page_id if cleaned.ok else "", clock=clock
    )
    return cleaned


@transaction.atomic
def submit(
    *, draft: Draft, actor: Actor, claim: str, places: parsing.Places, clock: Clock = SYSTEM
) -> Filed:
    """File a draft. A second submit, even at the same moment, gets the same reference.

    Raises Invalid, with the fields at fault, when an answer is missing or no longer holds.
    """
    locked = drafts.lock_for_filing(draft.pk)
    if locked.case_reference:
        return Filed(locked.case_reference, "", created=False)
    revision = locked.definition
    procedure = queries.procedure_of(revision)
    questionnaire = procedure.questionnaire
    today = _today(clock)
    faults: dict[str, list[str]] = {}
    for _page, question, message in parsing.incomplete(
        questionnaire, locked.answers, places=places, today=today
    ):
        faults.setdefault(question.id, []).append(message)
    if locked.review:
        faults.setdefault("", []).append(_("Le formulaire a changé : relisez les pages signalées."))
    if not locked.contact.get("name") or not (
        locked.contact.get("email") or locked.contact.get("phone")
    ):
        faults.setdefault("contact", []).append(_("Indiquez vos coordonnées."))
    if faults:
        raise Invalid(_("Il manque des réponses."), fields=faults)

    service = catalogue.service(locked.service_key)
    answers = rules.Reading(questionnaire, locked.answers, today).effective()
    place = answers.get(questionnaire.address_field) if questionnaire.address_field else None
    organisation_id = service.organisation_id
    team = accounts.team_by_slug(organisation_id, service.team)
    contact = locked.contact
    opened = casework.open_case(
        actor=actor,
        kind=Case.Kind.REQUEST,
        service_key=locked.service_key,
        definition=revision,
        workflow=procedure.workflow,
        letters=procedure.letters,
        prefix=service.declaration.reference_prefix,
        title=rules.title(questionnaire, answers, today),
        answers=answers,
        organisation_id=organisation_id,
        team_id=team.pk if team else None,
        applicant_id=contact.get("user_id") if locked.helper_id else locked.owner_id,
        entity_id=contact.get("entity_id"),
        contact_name=contact.get("name", ""),
        contact_email=contact.get("email", ""),
        contact_phone=contact.get("phone", ""),
        filed_by_id=locked.helper_id,
        channel=contact.get("channel") or Case.Channel.WEB,
        lon=place["lon"] if place else None,
        lat=place["lat"] if place else None,
        address=place["label"] if place else "",
        area_code=(place or {}).get("citycode", ""),
        documents=_documents(questionnaire, answers),
        claim=drafts.claim_hash(claim),
        idempotency_key=f"draft:{locked.pk}",
        clock=clock,
    )
    drafts.mark_filed(draft=locked, reference=opened.case.reference, clock=clock)
    return Filed(opened.case.reference, opened.follow_token, opened.created)


def _documents(questionnaire: Any, answers: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"file_id": file["id"], "kind": question.id, "label": question.label}
        for _page, question in rules.questions(questionnaire)
        if question.type == "file"
        for file in answers.get(question.id) or []
    ]


def _today(clock: Clock) -> date:
    return local(clock.now()).date()


def new_claim() -> str:
    """A token for a browser to keep: 128 bits and more, so that drafts cannot be guessed."""
    return secrets.token_urlsafe(24)


__all__ = [
    "Filed", "Territory", "begin", "new_claim", "refresh", "save_page", "submit",
]  # fmt: skip
