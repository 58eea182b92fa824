"""The demonstration pack: right, complete, and found by the words people type."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.urls import Resolver404, resolve
from django.utils import translation

from socle.capabilities.catalogue import queries
from socle.foundations import packs

PACK = Path(__file__).parents[3] / "packs" / "aix-marseille-provence"
INTERNAL = re.compile(r"\]\((/[^)]*)\)|\"(/[a-z-]+[^\"\s]*)\"")
EMERGENCY = re.compile(r"\b(15|17|18|112|114|0 800 47 33 33)\b")


@cache
def declared() -> dict[str, dict[str, Any]]:
    return {
        path.parent.name: tomllib.loads(path.read_text("utf-8"))
        for path in sorted(PACK.glob("services/*/service.toml"))
    }


def texts() -> Iterator[tuple[Path, str]]:
    for folder in ("services", "reports", "content"):
        for path in sorted((PACK / folder).rglob("*")):
            if path.suffix in (".toml", ".md"):
                yield path, path.read_text("utf-8")


def test_the_pack_is_right() -> None:
    translation.activate("fr")
    assert [str(problem) for problem in packs.check(PACK)] == []


def test_every_service_is_translated_and_has_words_to_be_found_by() -> None:
    for key, service in declared().items():
        assert service["en"]["title"], key
        assert service["en"]["summary"], key
        assert service["en"]["keywords"], key
        assert len(service["keywords"]) >= 5, key


def test_the_most_visible_services_are_wholly_in_english() -> None:
    """Those put forward: the page an English reader meets first has nothing left in French."""
    shown = {key: each for key, each in declared().items() if each.get("featured")}
    assert len(shown) >= 25
    for key, service in shown.items():
        for part in ("description", "steps", "conditions", "processing_time", "action_label"):
            assert service["en"].get(part) or not service.get(part), f"{key}: {part}"
        for part in ("steps", "conditions"):
            assert len(service["en"].get(part, ())) == len(service.get(part, ())), f"{key}: {part}"
        # The same links in both languages.
        french, english = service["description"], service["en"]["description"]
        assert set(INTERNAL.findall(english)) >= set(INTERNAL.findall(french)), key


def test_no_service_is_a_dead_end() -> None:
    for key, service in declared().items():
        ways = [service.get(name) for name in ("contact", "channel", "link", "action_url")]
        assert any(ways) or service.get("provider") == "commune", key


def test_every_theme_and_life_event_holds_several_services() -> None:
    vocabulary = tomllib.loads((PACK / "catalogue.toml").read_text("utf-8"))
    for theme in vocabulary["theme"]:
        members = [key for key, each in declared().items() if each["theme"] == theme["id"]]
        assert len(members) >= 4, theme["id"]
    for event in vocabulary["life_event"]:
        members = [
            key for key, each in declared().items() if event["id"] in each.get("life_events", ())
        ]
        assert len(members) >= 3, event["id"]


def test_links_inside_the_site_lead_somewhere() -> None:
    known = declared()
    for path, text in texts():
        for match in INTERNAL.finditer(text):
            href = match[1] or match[2]
            try:
                resolve(href)
            except Resolver404:
                pytest.fail(f"{path.relative_to(PACK)}: {href}")
            if href.startswith("/services/"):
                assert href.removeprefix("/services/") in known, f"{path}: {href}"
            elif href.count("/") == 1 and (PACK / "content").joinpath(href[1:]).exists():
                continue


def test_phone_numbers_of_the_demonstration_are_fictional_or_emergency_ones() -> None:
    """01 99 00 xx xx is set aside for fiction by the Arcep; nobody's telephone rings."""
    for path, text in texts():
        for number in re.findall(r"(?<!\d)0[\d](?: \d{2}){4}(?!\d)", text):
            assert number.startswith("01 99 00 "), f"{path.relative_to(PACK)}: {number}"


def test_electronic_addresses_of_the_demonstration_do_not_exist() -> None:
    for path, text in texts():
        for address in re.findall(r"[\w.-]+@[\w-]+(?:\.[\w-]+)+", text):
            assert address.endswith(".example"), f"{path.relative_to(PACK)}: {address}"


def test_sentences_are_short_enough_to_be_read_once() -> None:
    """Plain French: no sentence of more than 40 words in what residents read."""
    for key, service in declared().items():
        for sentence in re.split(r"(?<=[.!?:;])\s+|\n+", service["description"]):
            words = re.findall(r"\w+", re.sub(r"\]\([^)]*\)", "]", sentence))
            assert len(words) <= 40, f"{key}: {sentence}"


def test_dangers_say_whom_to_phone() -> None:
    categories = tomllib.loads((PACK / "reports" / "categories.toml").read_text("utf-8"))
    urgent = [each for each in categories["category"] if each.get("urgent")]
    assert {"odeur-de-gaz", "cable-armoire", "fuite-eau", "arbre-dangereux"} <= {
        each["id"] for each in urgent
    }
    for each in urgent:
        assert EMERGENCY.search(each["urgent"]), each["id"]


# What people type, and the service they should find first.
FRENCH = {
    "composteur": "demande-composteur",
    "compsteur": "demande-composteur",
    "je veux un bac à compost": "demande-composteur",
    "jeter un vieux canapé": "encombrants",
    "matelas": "encombrants",
    "poubelle cassée": "bac-de-collecte",
    "quand passent les éboueurs": "jours-de-collecte",
    "horaires déchetterie": "decheterie",
    "ou jeter les piles": "guide-du-tri",
    "nid de poule": "signaler-un-probleme",
    "lampadaire en panne": "signaler-un-probleme",
    "dépot sauvage": "signaler-un-probleme",
    "fuite d'eau": "fuite-coupure-eau",
    "facture d’eau trop élevée": "facture-eau",
    "fosse septique": "assainissement-non-collectif",
    "car scolaire": "transport-scolaire",
    "carte de bus": "titres-de-transport",
    "bus gratuit retraité": "tarifs-reduits-transport",
    "borne tesla": "bornes-de-recharge",
    "se garer": "parkings",
    "macaron résident": "stationnement-residentiel",
    "contester un pv": "forfait-post-stationnement",
    "camion de déménagement": "occupation-domaine-public",
    "permis de construire": "autorisation-urbanisme",
    "PLU": "plan-local-urbanisme",
    "droit de préemption": "declaration-intention-aliener",
    "hlm": "logement-social",
    "cantine": "cantine-scolaire",
    "nounou": "creche",
    "extrait de naissance": "acte-etat-civil",
    "passeport": "carte-identite-passeport",
    "cimetière": "declarer-deces",
    "piscinne": "piscines",
    "bibliotheque": "mediatheques",
    "pollution": "qualite-de-l-air",
    "calanques": "acces-massifs",
    "airbnb": "taxe-de-sejour",
    "food truck": "emplacement-marche",
    "subvention": "subvention-association",
    "suis-je éligible à la fibre": "fibre-optique",
    "4g": "couverture-mobile",
    "rgpd": "donnees-personnelles",
    "cada": "documents-administratifs",
    "open data": "donnees-ouvertes",
    "aide ordinateur": "inclusion-numerique",
    "bus": "horaires-itineraires",
    "concert": "agenda-evenements",
    "mariage": "mariage-pacs",
    "offre d'emploi": "offres-emploi",
    "numero de telephone": "contacter-la-metropole",
    "mairie d'aubagne": "ma-mairie",
    "travaux": "info-trafic-travaux",
}
ENGLISH = {
    "compost bin": "demande-composteur",
    "bulky waste": "encombrants",
    "pothole": "signaler-un-probleme",
    "parking fine": "forfait-post-stationnement",
    "passport": "carte-identite-passeport",
    "nursery": "creche",
    "swiming pool": "piscines",
    "broadband": "fibre-optique",
}


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "expected"), [("fr", FRENCH), ("en", ENGLISH)])
def test_people_find_services_with_their_own_words(language: str, expected: dict[str, str]) -> None:
    packs.apply(PACK)
    missed = {}
    for typed, key in expected.items():
        first = [each.key for each in queries.search(typed, limit=3, language=language).services]
        if first[:1] != [key]:
            missed[typed] = first
    assert missed == {}
