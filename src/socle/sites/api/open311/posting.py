"""A new service request: a report, once, whatever the program retries."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from socle.capabilities.casework.models import Case
from socle.capabilities.questionnaires import values
from socle.capabilities.questionnaires.pack import Question
from socle.capabilities.questionnaires.queries import claim_hash
from socle.domains.reports import actions
from socle.domains.reports.pack import Category
from socle.foundations.accounts.actors import Actor
from socle.foundations.territories import places
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM, Clock
from socle.kernel.errors import Denied
from socle.sites.api.authentication import Program
from socle.sites.api.open311 import media, offer
from socle.sites.api.open311.answering import Refusal
from socle.sites.api.open311.jurisdictions import Jurisdiction

SCOPE = "reports:write"
_ATTRIBUTE = re.compile(r"attribute\[([^\]]{1,100})\](?:\[\])?")
_PREFIX = "o311"


@dataclass(frozen=True, slots=True)
class Posted:
    """The report, and whether this call made it."""

    case: Case
    created: bool
    category: Category


def key_of(program: Program, given: str) -> str:
    """The idempotency key of a program's own one: two organisations never meet."""
    digest = hashlib.sha256(given.encode()).hexdigest()[:48]
    return f"{_PREFIX}:{program.organisation_id}:{digest}"


def filed_by(case: Case, program: Program | None) -> bool:
    """Whether a report came from this program, or another of its organisation."""
    if program is None or not case.idempotency_key:
        return False
    return case.idempotency_key.startswith(f"{_PREFIX}:{program.organisation_id}:")


def reporter(program: Program) -> Actor:
    """The program as who sends a report: none of the rights it has as an agent."""
    return Actor(kind="program", label=program.actor.label)


def submit(
    request: HttpRequest, jurisdiction: Jurisdiction, program: Program, *, clock: Clock = SYSTEM
) -> Posted:
    """Open the report that a form describes. Raises :class:`Refusal` and `SocleError`.

    ``Idempotency-Key`` (header) or ``idempotency_key`` (form): the same one gives the same report.
    """
    program.require(SCOPE)
    form = request.POST
    code = form.get("service_code", "").strip()
    if not code:
        raise Refusal(400, _("service_code manque."))
    category = offer.find(code, jurisdiction)
    given = (request.headers.get("Idempotency-Key") or form.get("idempotency_key") or "").strip()
    key = key_of(program, given[:500] or secrets.token_urlsafe(24))
    if given:
        known = Case.objects.filter(idempotency_key=key).first()
        if known is not None:
            return Posted(known, created=False, category=category)
    lon, lat, address = _place(form, jurisdiction)
    answers = _answers(form, category)
    contact = _contact(form)
    actor = reporter(program)
    token = secrets.token_urlsafe(24)
    photos = media.received(request, actor, claim_hash(token), clock)
    sent = _sent(
        actor=actor,
        category_id=category.id,
        lon=lon,
        lat=lat,
        description=form.get("description", ""),
        address=address,
        file_ids=photos,
        claim=token,
        contact=contact,
        channel=Case.Channel.API,
        idempotency_key=key,
        clock=clock,
        answers=answers,
        asset_id=form.get(f"attribute[{offer.ASSET}]", "").strip()[:100],
        source=f"open311:{program.organisation_id}",
        source_id=key.rpartition(":")[2],
    )
    return Posted(sent.case, created=sent.created, category=category)


def _sent(**arguments: Any) -> actions.Sent:
    try:
        return actions.submit_report(**arguments)
    except Denied as error:
        raise Refusal(400, str(error)) from None


def by_token(token: str, program: Program | None) -> Case | None:
    """The report that a program made under an idempotency key of its own: its answer was lost."""
    if program is None:
        return None
    return Case.objects.filter(idempotency_key=key_of(program, token)).first()


def _place(form: QueryDict, jurisdiction: Jurisdiction) -> tuple[float, float, str]:
    """Longitude, latitude and the address, from one of the specification's three ways."""
    written = values.clean(form.get("address_string", "")[:1000])
    lat, lon = _degrees(form, "lat", 90.0), _degrees(form, "long", 180.0)
    if (lat is None) != (lon is None):
        raise Refusal(400, _("lat et long vont ensemble."))
    if lat is None or lon is None:
        if not written:
            raise Refusal(
                400, _("Indiquez où : lat et long, ou address_string. address_id n’est pas connu.")
            )
        found = places.geocoder().search(written, limit=1)
        if not found or not found[0].precise:
            raise Refusal(
                400, _("Cette adresse n’a pas été trouvée avec certitude : envoyez lat et long.")
            )
        lon, lat = found[0].lon, found[0].lat
    elif not written:
        near = places.geocoder().reverse(lon, lat)
        written = near.label if near else ""
    if jurisdiction.area_codes:
        area = territories.area_at(lon, lat)
        if area is None or area.code not in jurisdiction.area_codes:
            raise Refusal(400, _("Cet endroit n’est pas dans cette juridiction."))
    return lon, lat, written


def _degrees(form: QueryDict, name: str, most: float) -> float | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text) if len(text) <= 40 and "_" not in text else most + 1
    except ValueError:
        value = most + 1
    if -most <= value <= most:
        return value
    raise Refusal(400, _("Paramètre %(name)s : un nombre en degrés.") % {"name": name})


def _contact(form: QueryDict) -> dict[str, str]:
    email = form.get("email", "").strip()
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Refusal(400, _("email n’est pas une adresse électronique.")) from None
    names = (form.get("first_name", ""), form.get("last_name", ""))
    return {
        "name": values.clean(" ".join(each[:200] for each in names if each))[:200],
        "email": email[:254],
        "phone": values.clean(form.get("phone", "")[:100])[:30],
    }


def _answers(form: QueryDict, category: Category) -> dict[str, Any]:
    """``attribute[code]=value`` and ``attribute[code][]=value``, typed; refuses what is not one."""
    questions = {each.id: each for each in offer.questions(category) if each.type != "info"}
    wrong: list[str] = []
    found: dict[str, Any] = {}
    for name in form:
        matched = _ATTRIBUTE.fullmatch(name)
        question = questions.get(matched[1]) if matched else None
        if question is None:
            # Other servers' attributes do no harm.
            continue
        try:
            answer = _answer(question, [each for each in form.getlist(name) if each.strip()])
        except values.Refused as problem:
            wrong.append(f"attribute[{question.id}] : {problem}")
            continue
        if answer is not None:
            found[question.id] = answer
    wrong += [
        _("attribute[%(code)s] manque.") % {"code": each.id}
        for each in questions.values()
        if each.required and not each.visible_when and each.id not in found
    ]
    if wrong:
        raise Refusal(400, *wrong)
    return found


def _answer(question: Question, given: list[str]) -> Any:
    if question.type == "choices":
        return values.options(question, [part for each in given for part in each.split(",")])
    if not given:
        return None
    # A datetime of the specification; our dates have no hour.
    return values.scalar(question, given[-1][:10] if question.type == "date" else given[-1])
