"""What the person does with a request: its workflow's acts; once a report is closed, what they think
of it, or that it is still not fixed.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import policies
from socle.capabilities.casework.actions import NewDocument
from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires.actions import claim_hash
from socle.domains.reports import actions, queries
from socle.kernel.errors import Conflict, Denied, Gone, Invalid, NotFound
from socle.sites.portal import claims, uploads
from socle.sites.portal.views import requests

PHOTOS_MAX = 5


@require_POST
def act(request: HttpRequest, reference: str, token: str = "") -> HttpResponse:
    """A transition offered to the person: cancel, answer, say it is not fixed…"""
    case = requests.case_of(request, reference, token)
    actor = request.actor  # type: ignore[attr-defined]
    chosen = request.POST.get("transition", "")[:80]
    if case.kind == Case.Kind.REPORT and policies.is_party(actor, case, token):
        again = queries.reopening(actor, case, follow_token=token)
        if again is not None and again.id == chosen:
            # By whatever form it comes, who answers for the report is told.
            return _reopen(request, case, token)
    version = request.POST.get("version", "")
    casework.perform(
        actor=actor,
        case_id=case.pk,
        transition_id=chosen,
        version=int(version) if version.isdigit() else case.version,
        message=request.POST.get("message", ""),
        follow_token=token,
    )
    messages.success(request, _("C’est enregistré."))
    return HttpResponseRedirect(requests.address_of(case, token))


@require_POST
def feedback(request: HttpRequest, reference: str, token: str = "") -> HttpResponse:
    """What the person thinks of how their report was treated, from 1 to 5. Sent twice, kept once."""
    case = _report(request, reference, token)
    score = request.POST.get("score", "")
    try:
        actions.give_feedback(
            actor=request.actor,  # type: ignore[attr-defined]
            case_id=case.pk,
            score=int(score) if score in {"1", "2", "3", "4", "5"} else 0,
            comment=request.POST.get("comment", ""),
            follow_token=token,
        )
    except Invalid as error:
        return requests.show(
            request, case, token, errors=error.fields or {"score": [str(error)]},
            said={"comment": request.POST.get("comment", ""), "score": score},
        )  # fmt: skip
    except Conflict as error:
        (messages.success if error.code == "answered" else messages.warning)(request, str(error))
    else:
        messages.success(request, _("Merci : votre avis est enregistré."))
    return HttpResponseRedirect(requests.address_of(case, token))


@require_POST
def not_fixed(request: HttpRequest, reference: str, token: str = "") -> HttpResponse:
    """It is still not fixed: the report is open again, and who answers for it is told. Once."""
    case = _report(request, reference, token)
    return _reopen(request, case, token)


def _reopen(request: HttpRequest, case: Case, token: str) -> HttpResponse:
    """Open a report again with the words and photos of the request."""
    actor = request.actor  # type: ignore[attr-defined]
    claim = claims.ensure(request)
    text = request.POST.get("message", "").replace("\x00", "").strip()
    received: list[dict[str, Any]] = []
    try:
        # Without a word nothing is sent: the photos need not even be received.
        if text and not case.is_open:
            received, refused = uploads.collect(
                request, "photos", [], actor=actor, claim=claim, accept=("image",),
                limit=PHOTOS_MAX,
            )  # fmt: skip
            if refused:
                raise Invalid(_("Une photo a été refusée."), fields={"photos": refused})
        actions.not_fixed(
            actor=actor,
            case_id=case.pk,
            message=text,
            follow_token=token,
            files=[NewDocument(each["id"], kind="photo", label=_("Photo")) for each in received],
            claim=claim_hash(claim),
        )
    except Invalid as error:
        fields = error.fields or {"message": [str(error)]}
        errors = {
            ("not-fixed" if name == "message" else name): said for name, said in fields.items()
        }
        return requests.show(request, case, token, errors=errors, said={"not_fixed": text})
    except Conflict:
        # Sent twice, or an agent was quicker: it is open, which is what was asked.
        messages.info(request, _("C’est noté : votre signalement est de nouveau ouvert."))
    except (Gone, Denied) as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request,
            _("C’est noté : votre signalement est de nouveau ouvert, et l’équipe prévenue."),
        )
    response = HttpResponseRedirect(requests.address_of(case, token))
    claims.keep(response, claim)
    return response


def _report(request: HttpRequest, reference: str, token: str) -> Case:
    case = requests.case_of(request, reference, token)
    actor = request.actor  # type: ignore[attr-defined]
    if case.kind != Case.Kind.REPORT or not policies.is_party(actor, case, token):
        raise NotFound(_("Cette page n’existe pas."))
    return case
