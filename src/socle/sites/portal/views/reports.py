"""Signaler un problème: photo and words, place, category, what is already known nearby, then the
last questions and the sending. Five screens at most, four when nothing is near.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from socle.capabilities.casework import actions as casework
from socle.capabilities.questionnaires import actions as drafts
from socle.capabilities.questionnaires import forms, parsing
from socle.capabilities.questionnaires import queries as draft_queries
from socle.capabilities.questionnaires.models import Draft
from socle.capabilities.questionnaires.pack import Question
from socle.capabilities.questionnaires.places import Territory
from socle.domains.reports import actions, queries, questions
from socle.domains.reports.pack import Category
from socle.foundations.accounts import policies
from socle.foundations.files.positions import position_of
from socle.foundations.territories import places
from socle.foundations.territories import queries as territories
from socle.kernel.errors import Denied, Invalid, NotFound
from socle.sites.portal import claims, contacts, present, uploads

STEPS = ("photo", "lieu", "categorie", "doublons", "verification")
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
        draft = _draft(request, draft_id)
        if not errors:
            if step == "doublons" and draft.answers.get("same"):
                return _joined(request, draft)
            following = STEPS[STEPS.index(step) + 1]
            if request.POST.get("retour") and step != "lieu" and step != "categorie":
                following = STEPS[-1]
            return redirect("portal:report-step", draft.pk, following)
    elif step == "doublons" and not _near(draft):
        return redirect("portal:report-step", draft.pk, STEPS[-1])
    return _show(request, draft, step, errors)


def _joined(request: HttpRequest, draft: Draft) -> HttpResponse:
    """It is known already: the draft has done its duty."""
    reference = draft.answers["same"]
    drafts.delete_draft(draft=draft)
    messages.success(
        request, _("Ce problème est déjà signalé : l’équipe le sait. Vous pouvez le suivre ici.")
    )
    return redirect("portal:public-report", reference)


def _show(
    request: HttpRequest, draft: Draft, step: str, errors: dict[str, list[str]]
) -> HttpResponse:
    position = STEPS.index(step)
    before = position - 1
    if STEPS[before] == "doublons" and not _near(draft):
        before -= 1
    context: dict[str, Any] = {
        "draft": draft,
        "step": step,
        "errors": errors,
        "position": position + 1,
        "total": len(STEPS),
        "back": reverse("portal:report-step", args=[draft.pk, STEPS[before]])
        if position
        else reverse("portal:report"),
        "returning": request.GET.get("retour") or request.POST.get("retour") or "",
        "helping": draft.helper_id is not None,
        **_CONTEXTS[step](request, draft, errors),
    }
    return render(request, f"portal/report_{step}.html", context, status=422 if errors else 200)


# --- 1. Photo and words ---
def _save_photo(request: HttpRequest, draft: Draft) -> dict[str, list[str]]:
    positions = [found for each in request.FILES.getlist("photos")[:PHOTOS_MAX]
                 if (found := position_of(each)) is not None]  # fmt: skip
    photos, refused = uploads.collect(
        request, "photos", draft.answers.get("photos") or [],
        actor=request.actor, claim=claims.of(request), accept=("image",), limit=PHOTOS_MAX,  # type: ignore[attr-defined]
    )  # fmt: skip
    text = request.POST.get("description", "").replace("\x00", "").strip()
    answers = {"photos": photos, "description": text[: actions.DESCRIPTION_MAX * 2]}
    if positions and not draft.answers.get("place"):
        place = _located(*positions[0])
        if place is not None:
            answers |= {"place": place, "place_from_photo": True}
    drafts.save_answers(draft=draft, answers=answers)
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


def _located(lon: float, lat: float) -> dict[str, Any] | None:
    """A place of the territory with its words; None outside."""
    area = territories.area_at(lon, lat)
    if area is None:
        return None
    found = places.geocoder().reverse(lon, lat)
    return {"lon": lon, "lat": lat, "label": found.label if found else area.name}


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
    drafts.save_answers(
        draft=draft, answers={"place": answer, "place_typed": "", "place_from_photo": False}
    )
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
            "hint": _("C’est la position de votre photo : corrigez-la si besoin.")
            if draft.answers.get("place_from_photo")
            else _("Touchez la carte, utilisez votre position, ou écrivez une adresse."),
            "lon": known.get("lon"),
            "lat": known.get("lat"),
            "text": typed,
            "value": typed,
            "errors": errors.get("place", []),
            **present.map_options(),
        }
    }


# --- 3. Category ---
def _area_code(draft: Draft) -> str:
    place = draft.answers.get("place") or {}
    area = territories.area_at(place["lon"], place["lat"]) if place else None
    return area.code if area else ""


def _category_of(draft: Draft) -> Category | None:
    return queries.category_at(draft.answers.get("category", ""), _area_code(draft))


def _save_category(request: HttpRequest, draft: Draft) -> dict[str, list[str]]:
    chosen = request.POST.get("category", "")
    if queries.category_at(chosen, _area_code(draft)) is None:
        return {"category": [_("Choisissez ce que vous signalez.")]}
    drafts.save_answers(draft=draft, answers={"category": chosen})
    return {}


def _category(request: HttpRequest, draft: Draft, errors: dict[str, list[str]]) -> dict[str, Any]:
    code = _area_code(draft)
    offered = queries.categories_at(code)
    known = {each.id for _group, members in offered for each in members}
    suggested = [
        each for each in queries.suggest(draft.answers.get("description", "")) if each.id in known
    ]
    chosen = draft.answers.get("category") or (suggested[0].id if suggested else "")
    first = {each.id for each in suggested}
    return {
        "branding": queries.branding_at(code),
        "suggested_choices": [_choice(each) for each in suggested],
        # A category is offered once: those suggested are not repeated below.
        "grouped_choices": [
            (group, [_choice(each) for each in members if each.id not in first])
            for group, members in offered
            if any(each.id not in first for each in members)
        ],
        "chosen": chosen,
        "open_group": next(
            (group.id for group, members in offered
             if chosen not in first and any(each.id == chosen for each in members)), ""
        ),
    }  # fmt: skip


def _choice(category: Category) -> dict[str, str]:
    return {"value": category.id, "label": category.label, "hint": category.description}


# --- 4. Already reported? ---
def _near(draft: Draft) -> list[Any]:
    place, category = draft.answers.get("place") or {}, _category_of(draft)
    if not place or category is None:
        return []
    return queries.nearby(place["lon"], place["lat"], category_id=category.id)


def _save_same(request: HttpRequest, draft: Draft) -> dict[str, list[str]]:
    same = request.POST.get("meme", "")
    if same and same not in {each.reference for each in _near(draft)}:
        # Somebody closed it meanwhile: one's own report goes on.
        return {}
    actor = request.actor  # type: ignore[attr-defined]
    email = request.POST.get("email", "").strip()
    if same and (actor.user_id is not None or email):
        report = queries.public_report(same)
        try:
            casework.follow(
                case_id=report.pk,
                actor=actor,
                email="" if actor.user_id else email,
                language=get_language() or "fr",
            )
        except Denied:
            # It is their own: they are told already.
            pass
        except Invalid as error:
            return error.fields or {"email": [str(error)]}
    drafts.save_answers(draft=draft, answers={"same": same})
    return {}


def _same(request: HttpRequest, draft: Draft, errors: dict[str, list[str]]) -> dict[str, Any]:
    near = _near(draft)
    shown = {each.pk: each for each in queries.public_reports([each.id for each in near])}
    return {
        "near": [
            {
                **present.near(each),
                "reference": each.reference,
                "title": queries.category_label(each.category),
                "text": shown[each.id].text if each.id in shown else "",
                "followers": shown[each.id].followers if each.id in shown else 0,
                "photo": next(
                    (
                        reverse("portal:public-photo", args=[photo.document_id])
                        for photo in (shown[each.id].shown_photos if each.id in shown else [])
                    ),
                    "",
                ),
            }
            for each in near
        ],
        "chosen": request.POST.get("meme", ""),
        "email": request.POST.get("email", ""),
        "ask_email": request.actor.user_id is None,  # type: ignore[attr-defined]
    }


# --- 5. Last questions, contact, check ---
def _check(request: HttpRequest, draft: Draft, errors: dict[str, list[str]]) -> dict[str, Any]:
    answers = draft.answers
    place = answers.get("place") or {}
    category = _category_of(draft)

    def change(name: str) -> str:
        return reverse("portal:report-step", args=[draft.pk, name]) + "?retour=1"

    photos = answers.get("photos") or []
    actor = request.actor  # type: ignore[attr-defined]
    helping = draft.helper_id is not None
    values = {**contacts.prefilled(actor, helping), **draft.contact}
    return {
        "rows": [
            {"label": _("Problème"), "value": category.label if category else None,
             "change_href": change("categorie")},
            {"label": _("Lieu"), "value": place.get("label") or None, "change_href": change("lieu")},
            {"label": _("Description"), "value": answers.get("description") or None,
             "change_href": change("photo")},
            {"label": _("Photos"), "value": ", ".join(each["name"] for each in photos) or None,
             "change_href": change("photo")},
        ],
        "category": category,
        "place": place,
        "branding": queries.branding_at(_area_code(draft)),
        "questions": _questions(request, draft, category, errors),
        "assets": _assets(draft, category),
        "chosen_asset": answers.get("asset", ""),
        "contact": contacts.fields(values, errors, actor, helping=helping, optional=True),
        **present.map_options(),
    }  # fmt: skip


def _questions(
    request: HttpRequest, draft: Draft, category: Category | None, errors: dict[str, list[str]]
) -> list[dict[str, Any]]:
    found = questions.questionnaire(category) if category else None
    if found is None:
        return []
    said = {
        name.removeprefix("answers."): list(each)
        for name, each in errors.items()
        if name.startswith("answers.")
    }
    return forms.fields(
        found,
        found.pages[0],
        draft.answers.get("extra") or {},
        today=timezone.localdate(),
        raw=request.POST if request.method == "POST" else None,
        errors=said,
    )


def _assets(draft: Draft, category: Category | None) -> list[dict[str, str]]:
    """The equipment around, to choose from; none when the category has no layer."""
    place = draft.answers.get("place") or {}
    if category is None or not place:
        return []
    return [
        {
            "value": each.id,
            "label": each.label,
            "hint": _("à %(metres)s m") % {"metres": round(each.metres)},
        }
        for each in queries.assets_near(category.id, place["lon"], place["lat"], limit=8)
    ]


def _keep_last_answers(request: HttpRequest, draft: Draft) -> dict[str, list[str]]:
    """Keep what the last screen asked, right or wrong; what is wrong comes back by field."""
    helping = draft.helper_id is not None
    errors: dict[str, list[str]] = {}
    if any(name in request.POST for name in ("name", "email", "phone")):
        values, errors = contacts.read(
            request.POST,
            request.actor,
            helping=helping,
            optional=True,  # type: ignore[attr-defined]
        )
        drafts.save_contact(draft=draft, contact=values)
    category = _category_of(draft)
    kept: dict[str, Any] = {"asset": request.POST.get("asset", "")[:80], "extra": {}}
    if category is not None:
        cleaned = queries.read_answers(
            category.id, request.POST, draft.answers.get("extra") or {}, timezone.localdate()
        )
        kept["extra"] = cleaned.answers
        errors |= {f"answers.{name}": said for name, said in cleaned.errors.items()}
    drafts.save_answers(draft=draft, answers=kept)
    return errors


@require_POST
def submit(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Send the report. Twice gives the same confirmation."""
    actor, claim = request.actor, claims.of(request)  # type: ignore[attr-defined]
    draft = _draft(request, draft_id)
    if not draft.case_reference:
        errors = _keep_last_answers(request, draft)
        draft = _draft(request, draft_id)
        if errors:
            return _show(request, draft, "verification", errors)
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
                answers=answers.get("extra") or {},
                asset_id=answers.get("asset", ""),
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
    "doublons": _save_same,
    "verification": lambda request, draft: {"": [_("Utilisez le bouton « Envoyer ».")]},
}
_CONTEXTS = {
    "photo": _photo,
    "lieu": _place,
    "categorie": _category,
    "doublons": _same,
    "verification": _check,
}
