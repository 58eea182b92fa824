"""One case: thread, history, documents, assignment, transitions. A second agent is told, never overwrites."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from socle.capabilities.casework import actions, policies, queries, registry
from socle.capabilities.casework import rules as case_rules
from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires import rules
from socle.foundations.accounts import queries as accounts
from socle.foundations.files import actions as files
from socle.foundations.files import queries as stored
from socle.foundations.files.downloads import headers_for
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, local
from socle.kernel.errors import Conflict, Invalid, NotFound, SocleError
from socle.sites.desk import present, reading, reports
from socle.sites.desk.access import actor_of, agents_only


def case_of(request: HttpRequest, reference: str) -> Case:
    """A case the agent may see. Raises NotFound."""
    return queries.case_for_agent(actor_of(request), reference)


def _address(case: Case, anchor: str = "") -> str:
    return reverse("desk:case", args=[case.reference]) + (f"#{anchor}" if anchor else "")


@require_GET
@agents_only
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """The case and everything an agent may do with it."""
    return _show(request, case_of(request, reference))


def _show(
    request: HttpRequest,
    case: Case,
    *,
    errors: dict[str, list[str]] | None = None,
    typed: dict[str, str] | None = None,
    conflict: str = "",
) -> HttpResponse:
    actor = actor_of(request)
    language = get_language() or "fr"
    workflow = queries.workflow_of(case)
    state = case_rules.state_of(workflow, case.state)
    base = reverse("desk:case", args=[case.reference])
    teams = [(str(team.pk), team.name) for team in accounts.teams_in(case.organisation_id)]
    transitions = queries.transitions_for(actor, case)
    near = queries.neighbours(actor, case)
    agents = [
        (str(user.pk), user.display_name) for user in accounts.agents_of(case.organisation_id)
    ]
    return render(
        request,
        "desk/case.html",
        {
            "case": case,
            "base": base,
            "kind": registry.kind(case.kind),
            "status": present.status(case, state.label if state else case.state),
            "now": SYSTEM.now(),
            "can_handle": policies.can_handle(actor, case),
            "transitions": transitions,
            "closing": present.closing(workflow, transitions),
            "texts": reports.closing_texts(actor, case, transitions),
            "thread": [_message(each, base) for each in queries.thread(case, internal=True)],
            "timeline": queries.timeline(case, public=False, language=language),
            "documents": [_document(each, base) for each in queries.documents_visible(actor, case)],
            "answers": _answers(case, language),
            "person": _person(case),
            "replies": queries.canned_replies(actor, case),
            "teams": [("", _("Aucune")), *teams],
            "agents": [("", _("Personne")), *agents],
            "organisations": [
                (str(each.pk), each.name)
                for each in territories.organisations()
                if each.pk != case.organisation_id
            ],
            "near": near,
            "near_choices": [
                {
                    "value": f"{each.id}:{each.version}",
                    "label": f"{each.title} ({each.reference})",
                    "hint": _("à %(metres)s m") % {"metres": round(each.metres)},
                }
                for each in near
            ],
            "errors": errors or {},
            "typed": typed or {},
            "conflict": conflict,
            "key": request.POST.get("key") or uuid4().hex,
            "next_href": request.GET.get("suivant", ""),
            **present.map_options(),
            **reports.work(request, case),
        },
        status=409 if conflict else 422 if errors else 200,
    )  # fmt: skip


def _answers(case: Case, language: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if case.category:
        rows.append(
            {
                "label": _("Catégorie"),
                "value": registry.kind(case.kind).category_label(case.category),
            }
        )
    if case.description:
        rows.append({"label": _("Description"), "value": case.description})
    definition = registry.definition(case)
    if definition.questionnaire is not None:
        rows += [
            {"label": row.label, "value": row.value}
            for row in rules.rows(
                definition.questionnaire, case.answers, local(case.created_at).date(), language
            )
        ]
    if case.address:
        rows.append({"label": _("Lieu"), "value": case.address})
    return rows


def _person(case: Case) -> list[dict[str, Any]]:
    rows = [
        (_("Nom"), case.contact_name),
        (_("Pour"), case.entity.name if case.entity else ""),
        (_("Courriel"), case.contact_email),
        (_("Téléphone"), case.contact_phone),
        (_("Canal"), case.get_channel_display()),
        (_("Saisi par"), case.filed_by.display_name if case.filed_by else ""),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def _message(message: Any, base: str) -> dict[str, Any]:
    role = "note" if message.internal else "you" if message.from_agent else "team"
    return {
        "author": message.author_label,
        "role": role,
        "at": message.created_at,
        "body": message.body,
        "attachments": [_document(each, base) for each in message.documents.all()],
    }


def _document(document: Any, base: str) -> dict[str, Any]:
    file = document.file
    href = f"{base}/documents/{document.pk}"
    return {
        "name": document.label or file.name,
        "href": href,
        "size": file.size,
        "type": file.media_type,
        "status": None if file.state == "clean" else file.get_state_display(),
        "preview": f"{href}?apercu=1" if file.thumbnail_key else None,
    }


@require_GET
@agents_only
def document(request: HttpRequest, reference: str, document_id: int) -> HttpResponse:
    """A document of the case."""
    case = case_of(request, reference)
    for each in queries.documents_visible(actor_of(request), case):
        if each.pk == document_id:
            thumbnail = "apercu" in request.GET
            file = each.file
            stream = stored.open_thumbnail(file) if thumbnail else stored.open_file(file)
            response = FileResponse(stream)
            for name, value in headers_for(file, inline=True, thumbnail=thumbnail).items():
                response[name] = value
            return response
    raise NotFound(_("Ce document n’existe pas."))


def version_of(request: HttpRequest, case: Case) -> int:
    """The version the agent was shown."""
    version = reading.number(request.POST.get("version", ""))
    return case.version if version is None else version


def attempt(
    request: HttpRequest, case: Case, act: Any, done: str, anchor: str = ""
) -> HttpResponse:
    """Run one act; on a conflict or a mistake show the case again with what was typed."""
    try:
        act()
    except Conflict as error:
        fresh = case_of(request, case.reference)
        return _show(request, fresh, conflict=str(error), typed=_typed(request))
    except Invalid as error:
        fresh = case_of(request, case.reference)
        fields = {name: [str(each) for each in said] for name, said in (error.fields or {}).items()}
        return _show(request, fresh, errors=fields or {"": [str(error)]}, typed=_typed(request))
    messages.success(request, done)
    try:
        case_of(request, case.reference)
    except NotFound:
        # Transferred out of the agent's organisations.
        return HttpResponseRedirect(reverse("desk:inbox"))
    return HttpResponseRedirect(_address(case, anchor))


def _typed(request: HttpRequest) -> dict[str, str]:
    names = ("body", "note", "message", "reason", "transition")
    return {name: request.POST.get(name, "") for name in names}


@require_POST
@agents_only
def transition(request: HttpRequest, reference: str) -> HttpResponse:
    """Move the case along its workflow."""
    case = case_of(request, reference)
    return attempt(
        request,
        case,
        lambda: actions.perform(
            actor=actor_of(request),
            case_id=case.pk,
            transition_id=request.POST.get("transition", "")[:80],
            version=version_of(request, case),
            message=request.POST.get("message", "").strip(),
            reason=request.POST.get("reason", "").strip(),
        ),
        _("C’est enregistré."),
    )


@require_POST
@agents_only
def reply(request: HttpRequest, reference: str) -> HttpResponse:
    """Write to the person, or leave a note to colleagues."""
    case = case_of(request, reference)
    actor = actor_of(request)
    internal = request.POST.get("kind") == "note"
    received: list[str] = []
    refused: list[str] = []
    for upload in request.FILES.getlist("files")[:5]:
        try:
            file = files.receive(
                upload=upload, name=upload.name or "", actor=actor,
                accept=("image", "pdf", "document"),
            )  # fmt: skip
            received.append(str(file.pk))
        except SocleError as error:
            refused.append(f"{upload.name} : {error}")
    if refused:
        return _show(request, case, errors={"files": refused}, typed=_typed(request))
    return attempt(
        request,
        case,
        lambda: actions.reply(
            actor=actor,
            case_id=case.pk,
            body=request.POST.get("body", "").strip(),
            internal=internal,
            files=received,
            idempotency_key=request.POST.get("key") or None,
        ),
        _("Note ajoutée.") if internal else _("Message envoyé."),
        "messages",
    )


@require_POST
@agents_only
def assign(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the case to a team, to an agent, or take it."""
    case = case_of(request, reference)
    actor = actor_of(request)
    parameters: dict[str, Any] = {}
    if request.POST.get("take"):
        parameters["assignee_id"] = actor.user_id
    else:
        for name in ("team", "assignee"):
            if name in request.POST:
                parameters[f"{name}_id"] = reading.number(request.POST.get(name, ""))
    return attempt(
        request,
        case,
        lambda: actions.assign(
            actor=actor, case_id=case.pk, version=version_of(request, case), **parameters
        ),
        _("Dossier attribué."),
    )


@require_POST
@agents_only
def transfer(request: HttpRequest, reference: str) -> HttpResponse:
    """Hand the case to another organisation; its history goes with it."""
    case = case_of(request, reference)
    target = request.POST.get("organisation", "")
    return attempt(
        request,
        case,
        lambda: actions.transfer(
            actor=actor_of(request),
            case_id=case.pk,
            organisation_id=int(target) if target.isdigit() else 0,
            reason=request.POST.get("reason", "").strip(),
            version=version_of(request, case),
        ),
        _("Dossier transmis."),
    )
