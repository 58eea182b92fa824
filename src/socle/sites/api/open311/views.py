"""One view per method of GeoReport v2 and of its extensions."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from socle.domains.reports import queries
from socle.foundations.territories import queries as territories
from socle.kernel.clock import SYSTEM
from socle.kernel.errors import NotFound
from socle.sites.api.authentication import Program, authenticate
from socle.sites.api.open311 import (
    jurisdictions,
    listing,
    offer,
    parameters,
    posting,
    presenting,
)
from socle.sites.api.open311 import media as photos
from socle.sites.api.open311 import updates as history
from socle.sites.api.open311.answering import Document, Refusal, endpoint

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
# What a POST may carry (RFC: Accept-Post, of Linked Data Platform 1.0): clients see that photos can
# be sent along.
_ACCEPTS = {"Accept-Post": "application/x-www-form-urlencoded, multipart/form-data"}
_SHORT = {"Cache-Control": "public, max-age=300"}


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def _program(request: HttpRequest) -> Program | None:
    return authenticate(request, parameter=True)


def _required(request: HttpRequest) -> Program:
    program = _program(request)
    if program is None:
        raise Refusal(403, _("api_key manque : cette méthode demande une clé."))
    return program


@endpoint("GET")
def discovery(request: HttpRequest) -> Document:
    """Service discovery: where the endpoints are, and when what they offer last changed."""
    home = territories.metropole()
    try:
        changed = queries.revision_in_force().created_at
    except NotFound:
        changed = SYSTEM.now()
    at = changed.strftime("%Y-%m-%d %H:%M")
    contact = " · ".join(part for part in (home.name, home.email, home.phone) if part)
    base = _base(request)
    value = {
        "changeset": at,
        "contact": contact,
        "key_service": _("Demandez une clé à %(contact)s.") % {"contact": home.email or home.name},
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": base + reverse("api:open311-services", args=[""]).removesuffix("/services"),
                "changeset": at,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
    return Document("discovery", value, headers=_SHORT)


@endpoint("GET")
def services(request: HttpRequest) -> Document:
    """GET Service List."""
    found = offer.services(jurisdictions.of_request(request))
    return Document("services", found, headers={**_SHORT, **_ACCEPTS})


@endpoint("GET")
def service(request: HttpRequest, code: str) -> Document:
    """GET Service Definition."""
    category = offer.find(code, jurisdictions.of_request(request))
    return Document("service_definition", offer.definition(category), headers=_SHORT)


@endpoint("GET", "POST")
def requests(request: HttpRequest) -> Document:
    """GET Service Requests, POST Service Request."""
    if request.method == "POST":
        return _post(request)
    jurisdiction = jurisdictions.of_request(request)
    try:
        search = parameters.read_search(request.GET, SYSTEM.now())
    except parameters.Mistakes as mistakes:
        raise Refusal(400, *mistakes.sentences) from None
    try:
        found = listing.read(search, jurisdiction)
    except OverflowError:
        raise Refusal(400, _("Cette page n’existe pas.")) from None
    headers = {}
    if found.next:
        query = {
            name: value
            for name, value in request.GET.items()
            if name not in {"page", "cursor", "api_key"} and value
        }
        query |= {"cursor": found.next, "page_size": str(search.page_size)}
        address = f"{_base(request)}{request.path}?{urlencode(query)}"
        headers["Link"] = f'<{address}>; rel="next"'
        headers["Access-Control-Expose-Headers"] = "Link"
    shown = photos.addresses(found.rows, _base(request))
    presenter = presenting.Presenter(photos=shown, extensions=search.extensions)
    return Document("service_requests", presenter.all(found.rows), headers=headers)


def _post(request: HttpRequest) -> Document:
    program = _required(request)
    posted = posting.submit(request, jurisdictions.of_request(request), program)
    value = {
        "service_request_id": posted.case.reference,
        "service_notice": presenting.notice(posted.category) or None,
        "account_id": None,
    }
    return Document("service_requests", [value], status=201 if posted.created else 200)


@endpoint("GET")
def request_(request: HttpRequest, reference: str) -> Document:
    """GET Service Request. Its own program reads it whole, before an agent has let it through."""
    jurisdiction = jurisdictions.of_request(request)
    known = _found(reference, jurisdiction, _program(request))
    wanted = request.GET.get("extensions", "").lower() in {"true", "1", "yes"}
    if known.own:
        row = presenting.of_case(known.case, history.survivor_of(known.case))
    else:
        row = listing.one(reference, jurisdiction)
    shown = photos.addresses([row], _base(request))
    presenter = presenting.Presenter(photos=shown, extensions=wanted)
    return Document("service_requests", [presenter.one(row)])


def _found(
    reference: str, jurisdiction: jurisdictions.Jurisdiction, program: Program | None
) -> history.Known:
    try:
        return history.find(reference, jurisdiction, program)
    except NotFound:
        raise Refusal(404, presenting.unknown()) from None


@endpoint("GET", "POST")
def request_updates(request: HttpRequest, reference: str) -> Document:
    """The updates of one request; POST adds one."""
    jurisdiction = jurisdictions.of_request(request)
    if request.method == "POST":
        return _post_update(request, reference, jurisdiction)
    known = _found(reference, jurisdiction, _program(request))
    return Document("service_request_updates", history.of_case(known))


@endpoint("GET", "POST")
def updates(request: HttpRequest) -> Document:
    """The updates of every public request in a period; POST adds one (FixMyStreet's address)."""
    jurisdiction = jurisdictions.of_request(request)
    if request.method == "POST":
        reference = request.POST.get("service_request_id", "").strip()
        if not reference:
            _required(request)
            raise Refusal(400, _("service_request_id manque."))
        return _post_update(request, reference, jurisdiction)
    try:
        since, until = parameters.read_span(request.GET, SYSTEM.now())
    except parameters.Mistakes as mistakes:
        raise Refusal(400, *mistakes.sentences) from None
    return Document("service_request_updates", history.between(since, until, jurisdiction))


def _post_update(
    request: HttpRequest, reference: str, jurisdiction: jurisdictions.Jurisdiction
) -> Document:
    program = _required(request)
    try:
        update_id = history.post(request, reference, jurisdiction, program)
    except NotFound:
        raise Refusal(404, presenting.unknown()) from None
    return Document("service_request_updates", [{"update_id": update_id}], status=201)


@endpoint("GET")
def token(request: HttpRequest, token: str) -> Document:
    """GET service_request_id from a token. Requests are made at once here: a token is the
    idempotency key under which a program sent one whose answer it lost.
    """
    jurisdictions.of_request(request)
    case = posting.by_token(token, _program(request))
    if case is None:
        raise Refusal(404, _("Ce jeton n’existe pas."))
    value = {"service_request_id": case.reference, "token": token}
    return Document("service_requests", [value])


@endpoint("GET")
def media(request: HttpRequest, document_id: int) -> HttpResponseBase:
    """A photo that everybody may see."""
    return photos.show(document_id)


@endpoint("GET", "POST")
def unknown(request: HttpRequest, rest: str) -> Document:
    """Anything else under the endpoint."""
    raise Refusal(404, _("Cette adresse n’existe pas."))


__all__ = [
    "discovery", "media", "request_", "request_updates", "requests", "service", "services",
    "token", "unknown", "updates",
]  # fmt: skip
