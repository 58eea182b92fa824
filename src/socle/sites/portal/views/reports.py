"""Signaler un problème: photo and words, place, category, contact, check. Five screens at most."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from socle.capabilities.questionnaires import actions as drafts
from socle.capabilities.questionnaires import parsing
from socle.capabilities.questionnaires import queries as draft_queries
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Question
from socle.capabilities.questionnaires.places import Territory
from socle.domains.reports import actions, queries
from socle.domains.reports.pack import Category
from socle.foundations.accounts import policies
from socle.foundations.territories import places
from socle.foundations.territories import queries as territories
from socle.kernel.errors import Invalid, NotFound
from socle.sites.portal import claims, contacts, present, uploads

STEPS = ("photo", "lieu", "categorie", "coordonnees", "verification")
PHOTOS_MAX = 5


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The way in. POST begins a report (`pour=autrui`: an agent takes it for a caller)."""
    actor = request.actor  # type: ignore[attr-defined]
    revision = queries.revision_in_force()
    if request.method == "GET":
        return render(
            request,
            "portal/report_start.html",
            {
                "reporting": queries.reporting_of(revision).categories,
                "groups": queries.grouped(),
                "resumable": draft_queries.open_draft(
                    actor, claims.of(request), actions.SERVICE_KEY
                ),
                "helping": request.GET.get("pour") == "autrui" and policies.can_assist(actor),
            },
        )
    helping = request.POST.get("pour") == "autrui"
    if helping and not policies.can_assist(actor):
        raise NotFound(_("Cette page n’existe pas."))
    claim = claims.ensure(request)
    old = draft_queries.open_draft(actor, claim, actions.SERVICE_KEY)
    if old is not None and not helping and request.POST.get("recommencer"):
        drafts.delete_draft(draft=old)
    draft = drafts.start_draft(
        actor=actor,
        claim=claim,
        service_key=actions.SERVICE_KEY,
        definition=revision,
        helping=helping,
    )
    if request.POST.get("category") and queries.category(request.POST["category"]):
        drafts.save_answers(draft=draft, answers={"category": request.POST["category"]})
    response = redirect("portal:report-step", draft.pk, STEPS[0])
    claims.keep(response, claim)
    return response


def _draft(request: HttpRequest, draft_id: UUID) -> Draft:
    draft = draft_queries.draft_for(request.actor, claims.of(request), draft_id)  # type: ignore[attr-defined]
    if draft.service_key != actions.SERVICE_KEY:
        raise NotFound(_("Ce signalement en cours n’existe pas."))
    return draft


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, draft_id: UUID, step: str) -> HttpResponse:
    """One screen. What was typed is kept even when something is wrong."""
    if step not in STEPS:
        raise NotFound(_("Cette page n’existe pas."))
    draft = _draft(request, draft_id)
    if draft.case_reference:
        return redirect("portal:report-done", draft.pk)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        errors = _SAVERS[step](request, draft)
        if not errors:
            following = STEPS[STEPS.index(step) + 1]
            if request.POST.get("retour"):
                following = STEPS[-1]
            return redirect("portal:report-step", draft.pk, following)
        draft = _draft(request, draft_id)
    return _show(request, draft, step, errors)


def _show(
    request: HttpRequest, draft: Draft, step: str, errors: dict[str, list[str]]
) -> HttpResponse:
    position = STEPS.index(step)
    context: dict[str, Any] = {
        "draft": draft,
        "step": step,
        "errors": errors,
        "position": position + 1,
        "total": len(STEPS),
        "back": reverse("portal:report-step", args=[draft.pk, STEPS[position - 1]])
        if position
        else reverse("portal:report"),
        "returning": request.GET.get("retour") or request.POST.get("retour") or "",
        "helping": draft.helper_id is not None,
        **_CONTEXTS[step](request, draft, errors),
    }
    return render(request, f"portal/report_{step}.html", context, status=422 if errors else 200)


# --- 1. Photo and words ---
def _save_photo(request: HttpRequest, draft: Draft) -> dict[str, list[str]]:
    photos, refused = uploads.collect(
        request, "photos", draft.answers.get("photos") or [],
        actor=request.actor, claim=claims.of(request), accept=("image",), limit=PHOTOS_MAX,  # type: ignore[attr-defined]
    )  # fmt: skip
    text = request.POST.get("description", "").replace("\x00", "").strip()
    drafts.save_answers(
        draft=draft, answers={"photos": photos, "description": text[: actions.DESCRIPTION_MAX * 2]}
    )
    errors: dict[str, list[str]] = {}
    if refused:
        errors["photos"] = refused
    if len(text) > actions.DESCRIPTION_MAX:
        errors["description"] = [
            _("Ce texte a %(length)s caractères, le maximum est %(limit)s.")
            % {"length": len(text), "limit": actions.DESCRIPTION_MAX}
        ]
    if not text and not photos and not refused:
        errors["description"] = [_("Décrivez le problème en quelques mots, ou ajoutez une photo.")]
    return errors


def _photo(request: HttpRequest, draft: Draft, errors: dict[str, list[str]]) -> dict[str, Any]:
    photos = draft.answers.get("photos") or []
    return {
        "fields": [
            {
                "name": "photos",
                "kind": "files",
                "label": _("Photos"),
                "hint": _("Jusqu’à cinq. Évitez les visages et les plaques d’immatriculation."),
                "required": False,
                "accept": "image/*",
                "max_count": PHOTOS_MAX,
                "existing": [present.file_item(each) for each in photos],
                "errors": errors.get("photos", []),
            },
            {
                "name": "description",
                "kind": "textarea",
                "label": _("Que se passe-t-il ?"),
                "hint": _(
                    "Par exemple : « Un sac de gravats est posé sur le trottoir depuis lundi. »"
                ),
                "required": False,
                "rows": 5,
                "maxlength": actions.DESCRIPTION_MAX,
                "value": draft.answers.get("description", ""),
                "errors": errors.get("description", []),
            },
        ]
    }


# --- 2. Place ---
_PLACE = Question(id="place", type="location", label="place", within="territory")


def _save_place(request: HttpRequest, draft: Draft) -> dict[str, list[str]]:
    # The map's point wins; without a script there is an address, which the server locates.
    raw = request.POST
    try:
        answer = parsing.place(_PLACE, raw, Territory())
    except parsing.Refused as problem:
        drafts.save_answers(
            draft=draft, answers={"place_typed": str(raw.get("place_text", ""))[:300]}
        )
        return {"place": [str(problem)]}
    if answer is None:
        return {"place": [_("Placez le problème sur la carte, ou indiquez une adresse.")]}
    if not answer["label"]:
        found = places.geocoder().reverse(answer["lon"], answer["lat"])
        area = territories.area_at(answer["lon"], answer["lat"])
        answer["label"] = found.label if found else (area.name if area else "")
    drafts.save_answers(draft=draft, answers={"place": answer, "place_typed": ""})
    return {}


def _place(request: HttpRequest, draft: Draft, errors: dict[str, list[str]]) -> dict[str, Any]:
    known = draft.answers.get("place") or {}
    typed = draft.answers.get("place_typed") or known.get("label", "")
    return {
        "field": {
            "name": "place",
            "kind": "map_point",
            "label": _("Où est-ce ?"),
            "hide_label": True,
            "hint": _("Touchez la carte, utilisez votre position, ou écrivez une adresse."),
            "lon": known.get("lon"),
            "lat": known.get("lat"),
            "text": typed,
            "value": typed,
            "errors": errors.get("place", []),
            **present.map_options(),
        }
    }


# --- 3. Category ---
def _save_category(request: HttpRequest, draft: Draft) -> dict[str, list[str]]:
    chosen = request.POST.get("category", "")
    if queries.category(chosen) is None:
        return {"category": [_("Choisissez ce que vous signalez.")]}
    drafts.save_answers(draft=draft, answers={"category": chosen})
    return {}


def _category(request: HttpRequest, draft: Draft, errors: dict[str, list[str]]) -> dict[str, Any]:
    suggested = queries.suggest(draft.answers.get("description", ""))
    chosen = draft.answers.get("category") or (suggested[0].id if suggested else "")
    first = {each.id for each in suggested}
    return {
        "suggested_choices": [_choice(each) for each in suggested],
        # A category is offered once: those suggested are not repeated below.
        "grouped_choices": [
            (group, [_choice(each) for each in members if each.id not in first])
            for group, members in queries.grouped()
            if any(each.id not in first for each in members)
        ],
        "chosen": chosen,
        "open_group": next(
            (group.id for group, members in queries.grouped()
             if chosen not in first and any(each.id == chosen for each in members)), ""
        ),
    }  # fmt: skip


def _choice(category: Category) -> dict[str, str]:
    return {"value": category.id, "label": category.label, "hint": category.description}


# --- 4. Contact ---
def _save_contact(request: HttpRequest, draft: Draft) -> dict[str, list[str]]:
    helping = draft.helper_id is not None
    values, errors = contacts.read(request.POST, request.actor, helping=helping, optional=True)  # type: ignore[attr-defined]
    drafts.save_contact(draft=draft, contact=values)
    return errors


def _contact(request: HttpRequest, draft: Draft, errors: dict[str, list[str]]) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    helping = draft.helper_id is not None
    values = {**contacts.prefilled(actor, helping), **draft.contact}
    return {"fields": contacts.fields(values, errors, actor, helping=helping, optional=True)}


# --- 5. Check ---
def _check(request: HttpRequest, draft: Draft, errors: dict[str, list[str]]) -> dict[str, Any]:
    answers = draft.answers
    place = answers.get("place") or {}
    category = queries.category(answers.get("category", ""))

    def change(name: str) -> str:
        return reverse("portal:report-step", args=[draft.pk, name]) + "?retour=1"

    photos = answers.get("photos") or []
    near = (
        queries.nearby(
            place["lon"],
            place["lat"],
            category_id=category.id,
            radius_m=category.duplicate_radius_m,
        )
        if category and place and category.duplicate_radius_m
        else []
    )
    return {
        "rows": [
            {"label": _("Problème"), "value": category.label if category else None,
             "change_href": change("categorie")},
            {"label": _("Lieu"), "value": place.get("label") or None, "change_href": change("lieu")},
            {"label": _("Description"), "value": answers.get("description") or None,
             "change_href": change("photo")},
            {"label": _("Photos"), "value": ", ".join(each["name"] for each in photos) or None,
             "change_href": change("photo")},
            *contacts.rows(draft.contact, change("coordonnees")),
        ],
        "category": category,
        "place": place,
        "near": [present.near(each) for each in near],
        **present.map_options(),
    }  # fmt: skip


@require_POST
def submit(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Send the report. Twice gives the same confirmation."""
    actor, claim = request.actor, claims.of(request)  # type: ignore[attr-defined]
    draft = _draft(request, draft_id)
    if not draft.case_reference:
        answers = draft.answers
        place = answers.get("place") or {}
        helping = draft.helper_id is not None
        try:
            sent = actions.submit_report(
                actor=actor,
                category_id=answers.get("category", ""),
                lon=place.get("lon"),
                lat=place.get("lat"),
                description=answers.get("description", ""),
                address=place.get("label", ""),
                file_ids=[each["id"] for each in answers.get("photos") or []],
                claim=claim,
                contact=draft.contact,
                channel=draft.contact.get("channel") or "web",
                helping=helping,
                idempotency_key=f"draft:{draft.pk}",
            )
        except Invalid as error:
            return _show(request, draft, "verification", error.fields or {"": [str(error)]})
        drafts.mark_filed(draft=draft, reference=sent.case.reference)
        if sent.follow_token:
            request.session[f"follow:{sent.case.reference}"] = sent.follow_token
    return HttpResponseRedirect(reverse("portal:report-done", args=[draft.pk]))


@require_GET
def done(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The reference, and how to follow the report."""
    draft = _draft(request, draft_id)
    if not draft.case_reference:
        return redirect("portal:report-step", draft.pk, STEPS[-1])
    token = request.session.get(f"follow:{draft.case_reference}", "")
    category = queries.category(draft.answers.get("category", ""))
    follow = (
        reverse("portal:follow", args=[draft.case_reference, token])
        if token
        else reverse("portal:request", args=[draft.case_reference])
    )
    return render(
        request,
        "portal/confirmation.html",
        {
            "reference": draft.case_reference,
            "service": None,
            "follow": follow,
            "receipt": "",
            "days": category.days if category else None,
            "email": draft.contact.get("email", ""),
            "helping": draft.helper_id is not None,
            "kind": "report",
            "draft_key": f"signalement-{draft.pk}",
        },
    )


_SAVERS = {
    "photo": _save_photo,
    "lieu": _save_place,
    "categorie": _save_category,
    "coordonnees": _save_contact,
    "verification": lambda request, draft: {"": [_("Utilisez le bouton « Envoyer ».")]},
}
_CONTEXTS = {
    "photo": _photo,
    "lieu": _place,
    "categorie": _category,
    "coordonnees": _contact,
    "verification": _check,
}
