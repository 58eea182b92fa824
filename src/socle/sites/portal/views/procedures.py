"""A démarche, one page at a time: answers are kept whatever happens, and filed once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from socle.capabilities.catalogue import queries as catalogue
from socle.capabilities.questionnaires import actions as drafts
from socle.capabilities.questionnaires import forms, rules
from socle.capabilities.questionnaires import queries as draft_queries
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Page, Questionnaire
from socle.capabilities.questionnaires.parsing import Files
from socle.domains.procedures import actions, queries
from socle.foundations.accounts import policies
from socle.kernel.clock import SYSTEM, local
from socle.kernel.errors import Invalid, NotFound
from socle.sites.portal import claims, contacts, present, uploads

CONTACT, CHECK = "coordonnees", "verification"


def _draft(request: HttpRequest, key: str, draft_id: UUID) -> Draft:
    draft = draft_queries.draft_for(request.actor, claims.of(request), draft_id)  # type: ignore[attr-defined]
    if draft.service_key != key:
        raise NotFound(_("Cette demande en cours n’existe pas."))
    return draft


def _reading(draft: Draft) -> tuple[Questionnaire, rules.Reading]:
    questionnaire = queries.procedure_of(draft.definition).questionnaire
    return questionnaire, rules.Reading(questionnaire, draft.answers, local(SYSTEM.now()).date())


def _address(draft: Draft, step: str) -> str:
    return reverse("portal:procedure-page", args=[draft.service_key, draft.pk, step])


def _steps(reading: rules.Reading) -> list[str]:
    return [*(page.id for page in reading.pages()), CONTACT, CHECK]


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, key: str) -> HttpResponse:
    """What to have ready; POST begins, or goes on with the form already begun."""
    actor = request.actor  # type: ignore[attr-defined]
    language = get_language() or "fr"
    service = catalogue.service(key, language=language)
    revision = queries.revision_in_force(key)
    if request.method == "GET":
        resumable = draft_queries.open_draft(actor, claims.of(request), key)
        return render(
            request,
            "portal/procedure_start.html",
            {
                "service": present.service_page(service, language),
                "questionnaire": queries.procedure_of(revision).questionnaire,
                "resumable": resumable,
                "helping": request.GET.get("pour") == "autrui" and policies.can_assist(actor),
            },
        )
    helping = request.POST.get("pour") == "autrui"
    if helping and not policies.can_assist(actor):
        raise NotFound(_("Cette page n’existe pas."))
    claim = claims.ensure(request)
    if request.POST.get("recommencer"):
        old = draft_queries.open_draft(actor, claim, key)
        if old is not None and not helping:
            drafts.delete_draft(draft=old)
    contact = {"channel": request.POST.get("canal", "counter")} if helping else None
    draft = actions.begin(
        actor=actor, claim=claim, service_key=key, helping=helping, contact=contact
    )
    _questionnaire, reading = _reading(draft)
    first = next(
        (page.id for page in reading.pages() if _unanswered(reading, page)), _steps(reading)[0]
    )
    response = redirect(_address(draft, first))
    claims.keep(response, claim)
    return response


def _unanswered(reading: rules.Reading, page: Page) -> bool:
    return any(
        question.required and question.type != "info" and not _given(reading, question.id)
        for question in reading.fields(page)
    )


def _given(reading: rules.Reading, field_id: str) -> bool:
    return reading.answers.get(field_id) not in (None, "", [])


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, key: str, draft_id: UUID, step: str) -> HttpResponse:
    """One page of questions, the contact details, or check-your-answers."""
    draft = _draft(request, key, draft_id)
    if draft.case_reference:
        return redirect("portal:procedure-done", key, draft.pk)
    before = draft.definition_id
    draft = actions.refresh(draft=draft)
    changed = draft.definition_id != before
    if changed:
        messages.warning(
            request,
            _(
                "Ce formulaire vient de changer. Vos réponses sont gardées ; relisez les pages signalées."
            ),
        )
    questionnaire, reading = _reading(draft)
    if step == CONTACT:
        return _contact(request, draft, reading)
    if step == CHECK:
        return _check(request, draft, questionnaire, reading)
    current = next((each for each in reading.pages() if each.id == step), None)
    if current is None:
        # Its branch was closed since, or the form changed: go on from the first page to answer.
        return redirect(_address(draft, _steps(reading)[0]))
    if request.method == "POST" and not changed:
        return _save(request, draft, questionnaire, current)
    # A post onto a form that has just changed shows what was typed, to be read again.
    raw = request.POST if request.method == "POST" else None
    return _question_page(request, draft, questionnaire, reading, current, raw=raw)


def _save(
    request: HttpRequest, draft: Draft, questionnaire: Questionnaire, current: Page
) -> HttpResponse:
    actor, claim = request.actor, claims.of(request)  # type: ignore[attr-defined]
    files: dict[str, Files] = {}
    refused: dict[str, list[str]] = {}
    for question in current.field:
        if question.type == "file":
            files[question.id], wrong = uploads.edited(
                request, question.id, draft.answers.get(question.id) or [],
                actor=actor, claim=claim, accept=question.accept, limit=question.max_files + 1,
            )  # fmt: skip
            if wrong:
                refused[question.id] = wrong
    cleaned = actions.save_page(draft=draft, page_id=current.id, raw=request.POST, files=files)
    errors = {**cleaned.errors, **refused}
    draft = _draft(request, draft.service_key, draft.pk)
    _questionnaire, reading = _reading(draft)
    if errors:
        return _question_page(
            request, draft, questionnaire, reading, current, raw=request.POST, errors=errors
        )
    if request.POST.get("retour") == CHECK and not any(
        _unanswered(reading, each) for each in reading.pages()
    ):
        return redirect(_address(draft, CHECK))
    steps = _steps(reading)
    return redirect(_address(draft, steps[steps.index(current.id) + 1]))


def _question_page(
    request: HttpRequest,
    draft: Draft,
    questionnaire: Questionnaire,
    reading: rules.Reading,
    current: Page,
    *,
    raw: Any = None,
    errors: dict[str, list[str]] | None = None,
) -> HttpResponse:
    steps = _steps(reading)
    position = steps.index(current.id) if current.id in steps else 0
    built = forms.fields(
        questionnaire, current, draft.answers, today=reading.today, raw=raw, errors=errors,
        extra=present.map_options(), file_item=present.file_item,
    )  # fmt: skip
    return render(
        request,
        "portal/procedure_page.html",
        {
            "draft": draft,
            "questionnaire": questionnaire,
            "page": current,
            "fields": built,
            "errors": errors or {},
            "position": position + 1,
            "total": len(steps),
            "back": _address(draft, steps[position - 1])
            if position
            else reverse("portal:procedure", args=[draft.service_key]),
            "returning": request.GET.get("retour") or request.POST.get("retour") or "",
            "upload": any(question.type == "file" for question in current.field),
            "review": current.id in draft.review,
        },
        status=422 if errors else 200,
    )


def _contact(request: HttpRequest, draft: Draft, reading: rules.Reading) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    helping = draft.helper_id is not None
    known = draft.contact or {}
    values = {**contacts.prefilled(actor, helping), **known}
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        values, errors = contacts.read(request.POST, actor, helping=helping)
        if not errors:
            drafts.save_contact(draft=draft, contact=values)
            return redirect(_address(draft, CHECK))
    steps = _steps(reading)
    return render(
        request,
        "portal/procedure_contact.html",
        {
            "draft": draft,
            "fields": contacts.fields(values, errors, actor, helping=helping),
            "errors": errors,
            "helping": helping,
            "position": len(steps) - 1,
            "total": len(steps),
            "back": _address(draft, steps[-3]) if len(steps) > 2 else "",
            "questionnaire": queries.procedure_of(draft.definition).questionnaire,
        },
        status=422 if errors else 200,
    )


def _check(
    request: HttpRequest,
    draft: Draft,
    questionnaire: Questionnaire,
    reading: rules.Reading,
    faults: dict[str, list[str]] | None = None,
) -> HttpResponse:
    language = get_language() or "fr"
    rows = rules.rows(questionnaire, draft.answers, reading.today, language)
    homes = {question.id: each.id for each, question in rules.questions(questionnaire)}
    sections: list[dict[str, Any]] = []
    titles = {each.id: each.title for each in questionnaire.pages}
    for row in rows:
        if not sections or sections[-1]["id"] != row.page_id:
            sections.append({"id": row.page_id, "title": titles[row.page_id], "rows": []})
        sections[-1]["rows"].append(
            {
                "label": row.label,
                "value": row.value,
                "change_href": f"{_address(draft, row.page_id)}?retour={CHECK}#id_{row.field_id}",
            }
        )
    summary = [
        {
            "message": message,
            "href": f"{_address(draft, homes.get(field) or CONTACT)}?retour={CHECK}#id_{field}",
        }
        for field, said in (faults or {}).items()
        for message in said
    ]
    return render(
        request,
        "portal/procedure_check.html",
        {
            "draft": draft,
            "questionnaire": questionnaire,
            "sections": sections,
            "contact": contacts.rows(draft.contact, f"{_address(draft, CONTACT)}"),
            "review": [
                {"title": titles[each], "href": f"{_address(draft, each)}?retour={CHECK}"}
                for each in draft.review
                if each in titles
            ],
            "faults": summary,
            "position": len(_steps(reading)),
            "total": len(_steps(reading)),
            "back": _address(draft, CONTACT),
        },
        status=422 if faults else 200,
    )


@require_POST
def submit(request: HttpRequest, key: str, draft_id: UUID) -> HttpResponse:
    """File the request. Twice gives the same confirmation."""
    actor, claim = request.actor, claims.of(request)  # type: ignore[attr-defined]
    draft = _draft(request, key, draft_id)
    if not draft.case_reference:
        draft = actions.refresh(draft=draft)
        try:
            filed = actions.submit(draft=draft, actor=actor, claim=claim)
        except Invalid as error:
            questionnaire, reading = _reading(draft)
            return _check(
                request, draft, questionnaire, reading, faults=error.fields or {"": [str(error)]}
            )
        if filed.follow_token:
            request.session[f"follow:{filed.reference}"] = filed.follow_token
    return HttpResponseRedirect(reverse("portal:procedure-done", args=[key, draft_id]))


@require_GET
def done(request: HttpRequest, key: str, draft_id: UUID) -> HttpResponse:
    """The reference, what happens next, and by when."""
    draft = _draft(request, key, draft_id)
    if not draft.case_reference:
        return redirect(_address(draft, CHECK))
    language = get_language() or "fr"
    service = catalogue.service(key, language=language)
    token = request.session.get(f"follow:{draft.case_reference}", "")
    return render(
        request,
        "portal/confirmation.html",
        {
            "reference": draft.case_reference,
            "service": present.service_page(service, language),
            "follow": _follow(draft.case_reference, token),
            "receipt": _receipt(draft.case_reference, token),
            "email": draft.contact.get("email", ""),
            "helping": draft.helper_id is not None,
            "kind": "request",
            "draft_key": f"demarche-{draft.pk}",
        },
    )


def _follow(reference: str, token: str) -> str:
    if token:
        return reverse("portal:follow", args=[reference, token])
    return reverse("portal:request", args=[reference])


def _receipt(reference: str, token: str) -> str:
    if token:
        return reverse("portal:follow-receipt", args=[reference, token])
    return reverse("portal:receipt", args=[reference])


@require_POST
def forget(request: HttpRequest, key: str, draft_id: UUID) -> HttpResponse:
    """Delete an unfinished form."""
    drafts.delete_draft(draft=_draft(request, key, draft_id))
    messages.success(request, _("Votre demande en cours est supprimée."))
    return redirect("portal:requests")
