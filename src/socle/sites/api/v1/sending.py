"""Sending a report, its photos, and more about it: with a key, or without and less often."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.crypto import get_random_string, salted_hmac

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import links
from socle.capabilities.casework import queries as cases
from socle.capabilities.questionnaires.actions import claim_hash
from socle.domains.reports import actions
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.files import actions as files
from socle.kernel.errors import Conflict, Denied, Invalid
from socle.sites.api.authentication import Program
from socle.sites.api.v1 import limits, presenting, problems
from socle.sites.api.v1.operations import N_, Answer, Call, Operation
from socle.sites.api.v1.presenting import reference
from socle.sites.api.v1.schemas import reports as schemas

TOKEN = "Follow-Token"  # noqa: S105 - the name of a header
UPLOAD_TOKEN = "Upload-Token"  # noqa: S105
SCOPE = "reports:write"
_LONGEST = 100


def claim_of(program: Program | None, token: str) -> str:
    """Who holds the photos sent: the program itself, else whoever has the token."""
    if program is not None:
        return salted_hmac("socle.sites.api.claim", str(program.key_id)).hexdigest()
    return f"api:{token[:_LONGEST]}" if token else ""


def may_send(program: Program | None) -> None:
    """A key that does not carry the right to send is refused, rather than taken for no key."""
    if program is not None:
        program.require(SCOPE)


def send_report(call: Call) -> Answer:
    may_send(call.program)
    body: schemas.NewReport = call.body
    claim = claim_of(call.program, body.upload_token)
    if body.photos and not claim:
        raise Invalid(fields={"upload_token": problems.MISSING})
    contact = body.contact.model_dump() if body.contact else {}
    sent = actions.submit_report(
        actor=call.actor,
        category_id=body.category,
        lon=body.lon,
        lat=body.lat,
        description=body.description,
        address=body.address,
        file_ids=[str(each) for each in body.photos],
        claim=claim,
        contact={name: text.strip() for name, text in contact.items()},
        channel="api",
        answers=body.answers,
        asset_id=body.asset_id,
        idempotency_key=f"api:{call.once}" if call.once else None,
        clock=call.clock,
    )
    case = sent.case
    href = presenting.address(call.request, "v1-reports-reference", reference=case.reference)
    return Answer(
        {
            "reference": case.reference,
            "href": href,
            "created_at": presenting.at(case.created_at),
            "follow_token": sent.follow_token,
            "follow_url": links.case_url(case, sent.follow_token),
        },
        201,
        headers={"Location": href},
    )


def send_photo(call: Call) -> Answer:
    may_send(call.program)
    upload = _one_file(call.request)
    token = call.request.headers.get(UPLOAD_TOKEN, "")[:_LONGEST]
    if call.program is None and not token:
        token = get_random_string(32)
    stored = files.receive(
        upload=upload,
        name=upload.name or "photo",
        actor=call.actor,
        claim=claim_hash(claim_of(call.program, token)),
        accept=("image",),
        clock=call.clock,
    )
    position = stored.photo_position
    return Answer(
        {
            "id": str(stored.pk),
            "name": stored.name,
            "size": stored.size,
            "media_type": stored.media_type,
            "lon": position[0] if position else None,
            "lat": position[1] if position else None,
            "upload_token": "" if call.program else token,
        },
        201,
    )


def _one_file(request: HttpRequest) -> Any:
    if (request.content_type or "").lower() != "multipart/form-data":
        raise problems.UnsupportedMedia(problems.MULTIPART_ONLY)
    sent = [each for _name, group in request.FILES.lists() for each in group]
    if len(sent) != 1 or "file" not in request.FILES or request.POST:
        raise Invalid(fields={"file": problems.ONE_FILE})
    return sent[0]


def send_update(call: Call) -> Answer:
    may_send(call.program)
    body: schemas.NewUpdate = call.body
    token = call.request.headers.get(TOKEN, "")[:_LONGEST]
    # As the person who sent it, even when the program could also treat it.
    case = cases.case_for_person(ANONYMOUS, reference(call.path["reference"]), token)
    claim = claim_of(call.program, body.upload_token)
    if body.photos and not claim:
        raise Invalid(fields={"upload_token": problems.MISSING})
    try:
        message = casework.reply(
            actor=ANONYMOUS,
            case_id=case.pk,
            body=body.text,
            files=[str(each) for each in body.photos],
            claim=claim_hash(claim) if claim else "",
            follow_token=token,
            idempotency_key=f"api:{call.once}" if call.once else None,
            clock=call.clock,
        )
    except Denied as closed:
        raise Conflict(closed.message, code="closed") from None
    return Answer({"id": message.pk, "created_at": presenting.at(message.created_at)}, 201)


_REPORTS = "reports"
OPERATIONS = (
    Operation(
        "POST", "/reports", "createReport", _REPORTS,
        N_("Envoyer un signalement"), send_report,
        description=N_("Avec une clé qui porte reports:write, ou sans clé, moins souvent. Un envoi répété avec la même Idempotency-Key rend la même réponse."),
        body=schemas.NewReport, returns=schemas.ReportSent, limit=limits.REPORTS,
        creates=True, idempotent=True, private=True, errors=(404, 409),
    ),
    Operation(
        "POST", "/photos", "uploadPhoto", _REPORTS,
        N_("Envoyer une photo, avant le signalement"), send_photo,
        description=N_("Le champ file d’un formulaire multipart. La position que porte la photo est lue, puis effacée."),
        upload=True, returns=schemas.Uploaded, limit=limits.PHOTOS, token=UPLOAD_TOKEN,
        creates=True, errors=(413, 415),
    ),
    Operation(
        "POST", "/reports/{reference}/updates", "addUpdate", _REPORTS,
        N_("Compléter un signalement que l’on a envoyé"), send_update,
        description=N_("L’en-tête Follow-Token porte le secret rendu à l’envoi : sans lui, le signalement n’existe pas."),
        body=schemas.NewUpdate, returns=schemas.UpdateSent, limit=limits.UPDATES, token=TOKEN,
        creates=True, idempotent=True, errors=(404, 409),
    ),
)  # fmt: skip
