"""« Mes demandes »: follow, answer, add a document, act when the workflow offers it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from socle.capabilities.casework import actions, policies, queries
from socle.capabilities.casework.models import Case
from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.questionnaires import queries as drafts
from socle.capabilities.questionnaires import rules
from socle.capabilities.questionnaires.actions import claim_hash
from socle.domains.procedures import queries as procedures
from socle.domains.reports import queries as reports
from socle.domains.reports import showing
from socle.kernel import references
from socle.kernel.clock import local
from socle.kernel.errors import Invalid, NotFound
from socle.sites.portal import claims, present, receipts, uploads
from socle.sites.portal.views import files, push

FILES_MAX = 5


@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Requests of the person signed in, forms begun in this browser, and a way in by reference."""
    actor = request.actor  # type: ignore[attr-defined]
    page = queries.my_cases(actor, cursor=request.GET.get("suite")) if actor.user_id else None
    unfinished = []
    for draft in drafts.open_drafts(actor, claims.of(request)):
        service = catalogue.find_service(draft.service_key, language=get_language() or "fr")
        if service is not None:
            unfinished.append({"draft": draft, "title": service.title, "icon": service.icon})
    return render(
        request,
        "portal/requests.html",
        {
            "signed_in": actor.user_id is not None,
            "cards": [present.case_card(case) for case in page.rows] if page else [],
            "next": page.next_cursor if page else None,
            "previous": page.previous_cursor if page else None,
            "unfinished": unfinished,
            "followed": [present.followed_card(each) for each in showing.followed(actor)],
        },
    )


def case_of(request: HttpRequest, reference: str, token: str) -> Case:
    """The case of an address: one's own, or by the private link. Raises NotFound."""
    wanted = references.normalise(reference)
    if wanted is None:
        raise NotFound(_("Cette référence n’est pas valable : vérifiez-la."))
    return queries.case_for_person(request.actor, wanted, follow_token=token)  # type: ignore[attr-defined]


def address_of(case: Case, token: str) -> str:
    """Where a case is followed: by its private link when there is one."""
    if token:
        return reverse("portal:follow", args=[case.reference, token])
    return reverse("portal:request", args=[case.reference])


@never_cache
@require_GET
def detail(request: HttpRequest, reference: str, token: str = "") -> HttpResponse:
    """One request: status, what happens next, timeline, thread, documents, answers."""
    case = case_of(request, reference, token)
    return show(request, case, token)


def show(
    request: HttpRequest,
    case: Case,
    token: str,
    *,
    errors: dict[str, list[str]] | None = None,
    body: str = "",
    said: dict[str, str] | None = None,
) -> HttpResponse:
    """The page of a case; `errors` and what was typed (`body`, `said`) after a refusal."""
    actor = request.actor  # type: ignore[attr-defined]
    language = get_language() or "fr"
    workflow = queries.workflow_of(case)
    state = next((each for each in workflow.states if each.id == case.state), None)
    base = address_of(case, token)
    is_report = case.kind == Case.Kind.REPORT
    answer = _still_to_say(request, case, token)
    apart = answer["reopening"].id if answer["reopening"] else ""
    return render(
        request,
        "portal/request.html",
        {
            "case": case,
            "token": token,
            "base": base,
            "status": present.status(case),
            "state_text": showing.sentence(case) if is_report else state.public_text if state else "",
            "push": push.offer_case(case, token),
            "timeline": queries.timeline(case, public=True, language=language),
            "thread": [_message(each, base) for each in queries.thread(case, internal=False)],
            "documents": [
                _document(each, base) for each in queries.documents_visible(actor, case, token)
            ],
            "transitions": [
                each
                for each in queries.transitions_for(actor, case, follow_token=token)
                if each.id != apart
            ],
            **answer,
            "said": said or {},
            "scores": [
                ("1", _("Pas du tout")), ("2", _("Plutôt pas")), ("3", _("Moyennement")),
                ("4", _("Plutôt")), ("5", _("Tout à fait")),
            ],
            "answers": _answers(case, language),
            "can_reply": case.is_open,
            "errors": errors or {},
            "body": body,
            # Sent twice, it is posted once.
            "reply_key": request.POST.get("key") or uuid4().hex,
            "place": {"lon": case.lon, "lat": case.lat} if case.lon is not None else None,
            "receipt": f"{base}/recepisse.pdf" if case.kind == Case.Kind.REQUEST else "",
            **present.map_options(),
        },
        status=422 if errors else 200,
    )  # fmt: skip


def _still_to_say(request: HttpRequest, case: Case, token: str) -> dict[str, Any]:
    """What the person may say of a closed report of theirs: an opinion, that it is not fixed."""
    actor = request.actor  # type: ignore[attr-defined]
    if case.kind != Case.Kind.REPORT or case.is_open or not policies.is_party(actor, case, token):
        return {"may_rate": False, "reopening": None}
    return {
        "may_rate": reports.may_give_feedback(case),
        "reopening": reports.reopening(actor, case, follow_token=token),
    }


def _answers(case: Case, language: str) -> list[dict[str, Any]]:
    if case.kind != Case.Kind.REQUEST:
        category = reports.category(case.category)
        return [
            {"label": _("Problème"), "value": category.label if category else case.category},
            {"label": _("Lieu"), "value": case.address or None},
            {"label": _("Description"), "value": case.description or None},
        ]
    questionnaire = procedures.procedure_of(case.definition).questionnaire
    return [
        {"label": row.label, "value": row.value}
        for row in rules.rows(questionnaire, case.answers, local(case.created_at).date(), language)
    ]


def _message(message: Any, base: str) -> dict[str, Any]:
    return {
        "author": message.author_label,
        "role": "team" if message.from_agent else "you",
        "at": message.created_at,
        "body": message.body,
        "attachments": [_document(each, base) for each in message.documents.all()],
    }


def _document(document: Any, base: str) -> dict[str, Any]:
    file = document.file
    return {
        "name": document.label if document.label != _("Photo") else file.name,
        "href": f"{base}/documents/{document.pk}",
        "size": file.size,
        "type": file.media_type,
        "preview": f"{base}/documents/{document.pk}?apercu=1" if file.thumbnail_key else None,
        "status": None if file.state == "clean" else file.get_state_display(),
    }


@require_POST
def reply(request: HttpRequest, reference: str, token: str = "") -> HttpResponse:
    """A message from the person, with files."""
    actor = request.actor  # type: ignore[attr-defined]
    case = case_of(request, reference, token)
    body = request.POST.get("body", "").replace("\x00", "").strip()
    claim = claims.ensure(request)
    received, refused = uploads.collect(
        request, "files", [], actor=actor, claim=claim, limit=FILES_MAX
    )
    try:
        if refused:
            raise Invalid(_("Un fichier a été refusé."), fields={"files": refused})
        actions.reply(
            actor=actor,
            case_id=case.pk,
            body=body,
            files=[each["id"] for each in received],
            claim=claim_hash(claim),
            follow_token=token,
            idempotency_key=request.POST.get("key") or None,
        )
    except Invalid as error:
        return show(request, case, token, errors=error.fields or {"body": [str(error)]}, body=body)
    messages.success(request, _("Votre message est envoyé."))
    response = HttpResponseRedirect(address_of(case, token) + "#messages")
    claims.keep(response, claim)
    return response


@require_GET
def receipt(request: HttpRequest, reference: str, token: str = "") -> HttpResponse:
    """The acknowledgement of receipt as a PDF."""
    case = case_of(request, reference, token)
    if case.kind != Case.Kind.REQUEST:
        raise NotFound(_("Un signalement n’a pas de récépissé."))
    pdf = receipts.pdf(case, get_language() or "fr")
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{receipts.filename(case)}"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
def document(
    request: HttpRequest, reference: str, document_id: int, token: str = ""
) -> HttpResponse:
    """A document of the case, if this person may see it."""
    case = case_of(request, reference, token)
    for each in queries.documents_visible(request.actor, case, token):  # type: ignore[attr-defined]
        if each.pk == document_id:
            return files.serve(each.file, thumbnail="apercu" in request.GET)
    raise NotFound(_("Ce document n’existe pas."))


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """From a reference typed by hand to its page; says how when one must sign in or use the link."""
    wanted = references.normalise(request.POST.get("reference", ""))
    if wanted is None:
        messages.error(
            request, _("Cette référence n’est pas valable. Exemple : DM-26-7K4M2X. Vérifiez-la.")
        )
        return redirect("portal:requests")
    token = request.session.get(f"follow:{wanted}", "")
    try:
        case = queries.case_for_person(request.actor, wanted, follow_token=token)  # type: ignore[attr-defined]
    except NotFound:
        # The same sentence whether it exists or not: a reference alone opens nothing.
        messages.info(
            request,
            _("Pour suivre cette demande, connectez-vous, ou utilisez le lien reçu par courriel."),
        )
        return redirect("portal:requests")
    return HttpResponseRedirect(address_of(case, token))
