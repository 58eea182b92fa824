"""An organisation's cases, for its own programs. What belongs to others does not exist."""

from __future__ import annotations

import re
from typing import Any

from socle.capabilities.casework import actions
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.filters import InboxFilter
from socle.capabilities.casework.models import Case
from socle.foundations.accounts import queries as accounts
from socle.foundations.files import downloads
from socle.foundations.files import queries as files
from socle.kernel.errors import Conflict, Denied, NotFound
from socle.sites.api.v1 import presenting, problems
from socle.sites.api.v1.operations import N_, Answer, Call, Operation
from socle.sites.api.v1.presenting import at, maybe_at, reference
from socle.sites.api.v1.schemas import cases as schemas
from socle.sites.api.v1.sending import claim_hash, claim_of

READ, WRITE = "cases:read", "cases:write"
_VERSION = re.compile(r'(?:W/)?"v([0-9]{1,9})"')


def _case(call: Call) -> Case:
    """The case of the path, if it is the organisation's own."""
    return cases.case_for_agent(call.actor, reference(call.path["reference"]))


def _version(call: Call, case: Case) -> int:
    """The version the caller read. Raises VersionNeeded without one, Stale when it is an old one:
    nothing is written over what they have not seen.
    """
    header = call.request.headers.get("If-Match", "").strip()
    if not header:
        raise problems.VersionNeeded
    versions = [_VERSION.fullmatch(each.strip()) for each in header.split(",")]
    if case.version not in [int(found[1]) for found in versions if found]:
        raise problems.Stale
    return case.version


def list_cases(call: Call) -> Answer:
    asked: schemas.CasesAsked = call.query
    wanted = InboxFilter(
        kinds=tuple(asked.kinds),
        statuses=tuple(asked.statuses),
        states=tuple(asked.states),
        services=tuple(asked.services),
        categories=tuple(asked.categories),
        areas=tuple(asked.areas),
        teams=tuple(asked.teams),
        open={"true": True, "false": False, "all": None}[asked.open],
        overdue=bool(asked.overdue),
        news=bool(asked.news),
        text=" ".join(asked.text.replace("\x00", "").split()),
        created_from=asked.created_from,
        created_to=asked.created_to,
    )
    if asked.assignee:
        wanted = wanted.but(assignee="none" if asked.assignee == "none" else int(asked.assignee))
    page = cases.inbox(call.actor, wanted, cursor=asked.cursor, limit=asked.limit, clock=call.clock)
    base = presenting.address(call.request, "v1-cases-reference", reference="~")
    items = [
        {
            "reference": row.reference,
            "kind": row.kind,
            "title": row.title,
            "service": row.service_key,
            "category": row.category,
            "state": row.state,
            "state_label": row.state_label,
            "status": row.public_status,
            "is_open": row.is_open,
            "has_news": row.has_news,
            "version": row.version,
            "team_id": row.team_id,
            "team": row.team_name,
            "assignee_id": row.assignee_id,
            "assignee": row.assignee_name,
            "channel": row.channel,
            "address": row.address,
            "area": row.area_code,
            "created_at": at(row.created_at),
            "updated_at": at(row.updated_at),
            "due_at": maybe_at(row.due_at),
            "overdue": row.overdue,
            "href": base.replace("~", row.reference),
        }
        for row in page.rows
    ]
    body = {"items": items, "next": page.next_cursor, "previous": page.previous_cursor}
    return Answer(
        body, headers=presenting.links(call.request, page.next_cursor, page.previous_cursor)
    )


def read_case(call: Call) -> Answer:
    return _told(call, _case(call))


def _told(call: Call, case: Case) -> Answer:
    """A case with the version to name when changing it."""
    contact = {
        "name": case.contact_name or (case.applicant.display_name if case.applicant else ""),
        "email": case.contact_email or (case.applicant.email if case.applicant else ""),
        "phone": case.contact_phone or (case.applicant.phone if case.applicant else ""),
    }
    body = {
        "reference": case.reference,
        "kind": case.kind,
        "title": case.title,
        "description": case.description,
        "service": case.service_key,
        "category": case.category,
        "state": case.state,
        "state_label": cases.state_label(case.kind, case.definition_id, case.state),
        "status": case.public_status,
        "is_open": case.is_open,
        "version": case.version,
        "organisation": case.organisation.slug,
        "team_id": case.team_id,
        "team": case.team.name if case.team else "",
        "assignee_id": case.assignee_id,
        "assignee": case.assignee.display_name if case.assignee else "",
        "contact": contact,
        "channel": case.channel,
        "language": case.language,
        "lon": case.lon,
        "lat": case.lat,
        "address": case.address,
        "area": case.area_code,
        "created_at": at(case.created_at),
        "updated_at": at(case.updated_at),
        "due_at": maybe_at(case.due_at),
        "closed_at": maybe_at(case.closed_at),
        "transitions": [
            {"id": each.id, "label": each.label, "needs": list(each.needs)}
            for each in cases.transitions_for(call.actor, case, clock=call.clock)
        ],
        "href": presenting.address(call.request, "v1-cases-reference", reference=case.reference),
    }
    etag = f'"v{case.version}"'
    return Answer(body, etag=etag, headers={"ETag": etag})


def read_messages(call: Call) -> Answer:
    case = _case(call)
    items = [
        {
            "id": each.pk,
            "author": each.author_label,
            "from_agent": each.from_agent,
            "internal": each.internal,
            "body": each.body,
            "created_at": at(each.created_at),
            "documents": [
                presenting.document(call.request, case.reference, found)
                for found in each.documents.all()
            ],
        }
        for each in cases.thread(case, internal=True)
    ]
    return Answer({"items": items})


def read_history(call: Call) -> Answer:
    items = [
        {
            "version": line.version,
            "kind": line.kind,
            "at": at(line.at),
            "title": line.title,
            "text": line.text,
            "by": line.by,
            "public": line.public,
        }
        for line in cases.timeline(_case(call), public=False)
    ]
    return Answer({"items": items})


def list_documents(call: Call) -> Answer:
    case = _case(call)
    items = [
        presenting.document(call.request, case.reference, each)
        for each in cases.documents_visible(call.actor, case)
    ]
    return Answer({"items": items})


def read_document(call: Call) -> Answer:
    wanted = presenting.identifier(call.path["id"])
    visible = cases.documents_visible(call.actor, _case(call))
    found = next((each for each in visible if each.pk == wanted), None)
    if found is None:
        raise NotFound
    with files.open_file(found.file) as stream:
        content = stream.read()
    headers = downloads.headers_for(found.file)
    etag = headers.pop("ETag")
    media_type = headers.pop("Content-Type")
    return Answer(content, headers=headers, media_type=media_type, etag=etag)


def list_teams(call: Call) -> Answer:
    items = [
        {"id": each.pk, "slug": each.slug, "name": each.name}
        for each in accounts.teams_in(call.organisation_id)
    ]
    return Answer({"items": items})


def transition(call: Call) -> Answer:
    body: schemas.NewTransition = call.body
    case = _case(call)
    version = _version(call, case)
    try:
        actions.perform(
            actor=call.actor,
            case_id=case.pk,
            transition_id=body.transition,
            version=version,
            message=body.message,
            reason=body.reason,
            clock=call.clock,
        )
    except Denied as refused:
        # Not a matter of rights: the state does not offer it.
        raise Conflict(refused.message, code="transition-not-offered") from None
    except Conflict as late:
        raise _stale(late) from None
    return _told(call, _case(call))


def assign(call: Call) -> Answer:
    body: schemas.NewAssignment = call.body
    case = _case(call)
    version = _version(call, case)
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    try:
        actions.assign(
            actor=call.actor, case_id=case.pk, version=version, clock=call.clock, **given
        )
    except Conflict as late:
        raise _stale(late) from None
    return _told(call, _case(call))


def _stale(late: Conflict) -> Conflict:
    """Somebody was faster between the check of If-Match and the write: the same to the caller."""
    return problems.Stale(late.message) if late.code == "stale-case" else late


def reply(call: Call) -> Answer:
    body: schemas.NewMessage = call.body
    case = _case(call)
    claim = claim_of(call.program, "")
    message = actions.reply(
        actor=call.actor,
        case_id=case.pk,
        body=body.body,
        internal=body.internal,
        files=[str(each) for each in body.photos],
        claim=claim_hash(claim),
        idempotency_key=f"api:{call.once}" if call.once else None,
        clock=call.clock,
    )
    return Answer({"id": message.pk, "created_at": at(message.created_at)}, 201)


_CASES = "cases"
OPERATIONS = (
    Operation(
        "GET", "/cases", "listCases", _CASES, N_("Lister les dossiers de l’organisation"),
        list_cases, query=schemas.CasesAsked, returns=schemas.CasePage, scope=READ,
    ),
    Operation(
        "GET", "/cases/{reference}", "getCase", _CASES, N_("Lire un dossier"), read_case,
        description=N_("L’ETag rendu est la version à redonner dans If-Match pour le modifier."),
        returns=schemas.CaseDetail, scope=READ, errors=(404,),
    ),
    Operation(
        "GET", "/cases/{reference}/messages", "listMessages", _CASES,
        N_("Lire les échanges d’un dossier"), read_messages,
        returns=schemas.Messages, scope=READ, errors=(404,),
    ),
    Operation(
        "GET", "/cases/{reference}/history", "getCaseHistory", _CASES,
        N_("Lire l’historique d’un dossier"), read_history,
        returns=schemas.History, scope=READ, errors=(404,),
    ),
    Operation(
        "GET", "/cases/{reference}/documents", "listDocuments", _CASES,
        N_("Lister les documents d’un dossier"), list_documents,
        returns=schemas.Documents, scope=READ, errors=(404,),
    ),
    Operation(
        "GET", "/cases/{reference}/documents/{id}", "getDocument", _CASES,
        N_("Télécharger un document"), read_document,
        media="*/*", scope=READ, errors=(404, 410),
    ),
    Operation(
        "GET", "/teams", "listTeams", _CASES, N_("Lister les équipes de l’organisation"),
        list_teams, returns=schemas.Teams, scope=READ,
    ),
    Operation(
        "POST", "/cases/{reference}/transitions", "performTransition", _CASES,
        N_("Faire avancer un dossier"), transition,
        body=schemas.NewTransition, returns=schemas.CaseDetail, scope=WRITE,
        versioned=True, errors=(404, 409),
    ),
    Operation(
        "PUT", "/cases/{reference}/assignment", "assignCase", _CASES,
        N_("Attribuer un dossier à une équipe ou à un agent"), assign,
        body=schemas.NewAssignment, returns=schemas.CaseDetail, scope=WRITE,
        versioned=True, errors=(404, 409),
    ),
    Operation(
        "POST", "/cases/{reference}/messages", "postMessage", _CASES,
        N_("Écrire à la personne, ou une note entre agents"), reply,
        body=schemas.NewMessage, returns=schemas.MessageSent, scope=WRITE,
        creates=True, idempotent=True, errors=(404, 409),
    ),
)  # fmt: skip
