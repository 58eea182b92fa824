"""Services as linked data: CPSV-AP 3.2 in JSON-LD.

Prefixed names with the prefixes inline: the document can be read without fetching a remote context.
Vocabulary: https://semiceu.github.io/CPSV-AP/releases/3.2.0/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from socle.capabilities.catalogue.pack import Channel, Contact
from socle.capabilities.catalogue.snapshot import Service

CONFORMS_TO = "https://semiceu.github.io/CPSV-AP/releases/3.2.0/"
CONTEXT = {
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "locn": "http://www.w3.org/ns/locn#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "time": "http://www.w3.org/2006/time#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

_LANGUAGES = {
    "fr": "http://publications.europa.eu/resource/authority/language/FRA",
    "en": "http://publications.europa.eu/resource/authority/language/ENG",
}
_EURO = "http://publications.europa.eu/resource/authority/currency/EUR"

Node = dict[str, Any]


def public_service(service: Service, base_url: str = "") -> Node:
    """The service as a `cpsv:PublicService`, with the nodes it points at.

    `base_url`: address of the site without a final slash; identifiers are relative when empty.
    The French service gives both languages of its titles and summaries.
    """
    declaration = service.declaration
    iri = f"{base_url}/services/{service.key}"
    english = declaration.en
    node: Node = {
        "@context": CONTEXT,
        "@id": iri,
        "@type": "cpsv:PublicService",
        "dct:conformsTo": {"@id": CONFORMS_TO},
        "dct:identifier": service.key,
        "dct:title": _texts(declaration.title, english.title if english else ""),
        "dct:description": _texts(declaration.summary, english.summary if english else ""),
        "dct:language": [
            {"@id": _LANGUAGES[each]} for each in (["fr", "en"] if english else ["fr"])
        ],
        "dcat:keyword": [
            *(_text(each) for each in declaration.keywords),
            *(_text(each, "en") for each in (english.keywords if english else ())),
        ],
        "cv:hasCompetentAuthority": {
            "@id": f"{base_url}/organisations/{service.organisation_slug}",
            "@type": "cv:PublicOrganisation",
            "dct:identifier": service.organisation_slug,
            "skos:prefLabel": _text(service.organisation),
        },
        "cv:thematicArea": {
            "@id": f"{base_url}/themes/{service.theme}",
            "@type": "skos:Concept",
            "dct:identifier": service.theme,
        },
        "cv:isGroupedBy": [
            {
                "@id": f"{base_url}/situations/{each}",
                "@type": "cv:Event",
                "dct:identifier": each,
            }
            for each in service.life_events
        ],
        "dct:audience": [
            {"@id": f"{base_url}/publics/{each}", "@type": "skos:Concept", "dct:identifier": each}
            for each in service.audiences
        ],
        "dct:spatial": [
            {"@type": "dct:Location", "dct:identifier": each} for each in service.areas
        ],
        "cv:holdsRequirement": [
            {
                "@id": f"{iri}#condition-{number}",
                "@type": "cv:Requirement",
                "dct:identifier": f"{service.key}-condition-{number}",
                "dct:title": _text(each),
            }
            for number, each in enumerate(declaration.conditions, 1)
        ],
        "cpsv:hasInput": [
            _present(
                {
                    "@id": f"{iri}#piece-{number}",
                    "@type": "cv:Evidence",
                    "dct:identifier": f"{service.key}-piece-{number}",
                    "dct:title": _text(each.label),
                    "dct:description": _text(each.description) if each.description else None,
                }
            )
            for number, each in enumerate(declaration.evidences, 1)
        ],
        "cv:hasLegalResource": [
            _present(
                {
                    "@type": "eli:LegalResource",
                    "dct:title": _text(each.label),
                    "foaf:page": {"@id": each.url} if each.url else None,
                }
            )
            for each in declaration.legal_sources
        ],
        "cv:hasChannel": list(_channels(service, iri, base_url)),
        "cv:hasCost": [
            _present(
                {
                    "@id": f"{iri}#cout-{number}",
                    "@type": "cv:Cost",
                    "dct:identifier": f"{service.key}-cout-{number}",
                    "cv:hasValue": {
                        "@type": "xsd:double",
                        "@value": f"{each.amount_cents / 100:.2f}",
                    }
                    if each.amount_cents is not None
                    else None,
                    "cv:currency": {"@id": _EURO} if each.amount_cents is not None else None,
                    "dct:description": _text(each.description) if each.description else None,
                }
            )
            for number, each in enumerate(declaration.costs, 1)
        ],
        "cv:contactPoint": _contact(declaration.contact) if declaration.contact else None,
        "cv:processingTime": {
            "@type": "xsd:duration",
            "@value": f"P{declaration.processing_days}D",
        }
        if declaration.processing_days is not None
        else None,
        "cv:relatedService": [
            {"@id": f"{base_url}/services/{each}"} for each in declaration.related
        ],
        "foaf:page": {"@id": iri},
    }
    return _present(node)


def _text(value: str, language: str = "fr") -> Node:
    return {"@language": language, "@value": value}


def _texts(french: str, english: str) -> list[Node]:
    return [_text(french), *([_text(english, "en")] if english else [])]


def _present(node: Node) -> Node:
    return {name: value for name, value in node.items() if value not in (None, "", [], {})}


def _channels(service: Service, iri: str, base_url: str) -> Iterable[Node]:
    declaration = service.declaration
    channels = list(declaration.channels)
    if service.action in ("procedure", "report", "link"):
        url = declaration.action_url
        if not url:
            url = "/signaler" if service.action == "report" else f"/demarches/{service.key}"
        channels.insert(0, Channel(kind="online", label=declaration.action_label, url=url))
    for number, each in enumerate(channels, 1):
        url = base_url + each.url if each.url.startswith("/") else each.url
        told = " · ".join(
            part for part in (each.label, each.address, each.phone, each.email, each.hours) if part
        )
        yield _present(
            {
                "@id": f"{iri}#acces-{number}",
                "@type": "cv:Channel",
                "dct:identifier": f"{service.key}-acces-{number}",
                "dct:type": {
                    "@id": f"{base_url}/canaux/{each.kind}",
                    "@type": "skos:Concept",
                    "dct:identifier": each.kind,
                },
                "dct:description": _text(told) if told else None,
                "foaf:page": {"@id": url} if url else None,
            }
        )


def _contact(contact: Contact) -> Node:
    return _present(
        {
            "@type": "cv:ContactPoint",
            "dct:title": _text(contact.name),
            "cv:telephone": contact.phone,
            "cv:email": contact.email,
            "locn:address": {"@type": "locn:Address", "locn:fullAddress": contact.address}
            if contact.address
            else None,
            "cv:openingHours": {
                "@type": "time:TemporalEntity",
                "dct:description": _text(contact.hours),
            }
            if contact.hours
            else None,
        }
    )
