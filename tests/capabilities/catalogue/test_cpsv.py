"""The linked data of a service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from socle.capabilities.catalogue import cpsv, queries

pytestmark = pytest.mark.django_db


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


@pytest.fixture
def node(applied: Any) -> dict[str, Any]:
    return cpsv.public_service(queries.service("composteur"), "https://lac.example")


def test_it_has_what_the_profile_makes_mandatory(node: dict[str, Any]) -> None:
    assert node["@type"] == "cpsv:PublicService"
    assert node["@id"] == "https://lac.example/services/composteur"
    assert node["dct:identifier"] == "composteur"
    assert node["dct:title"][0] == {"@language": "fr", "@value": "Demander un composteur"}
    assert node["dct:description"]
    authority = node["cv:hasCompetentAuthority"]
    assert authority["@type"] == "cv:PublicOrganisation"
    assert authority["skos:prefLabel"]["@value"] == "Métropole du Lac"


def test_classes_that_need_an_identifier_have_one(node: dict[str, Any]) -> None:
    needing = {"cv:Channel", "cv:Cost", "cv:Evidence", "cv:Requirement", "cv:Event"}
    found = [each for each in nodes(node) if each.get("@type") in needing]
    assert len(found) >= 4
    assert all(each["dct:identifier"] for each in found)


def test_every_prefix_used_is_declared_and_nothing_is_empty(node: dict[str, Any]) -> None:
    declared = set(cpsv.CONTEXT)
    for each in nodes({name: value for name, value in node.items() if name != "@context"}):
        for name, value in each.items():
            assert name.startswith("@") or name.split(":")[0] in declared
            assert value not in ("", None, [], {})
        kind = each.get("@type", "")
        assert not kind or kind.split(":")[0] in declared


def test_the_way_in_is_a_channel(node: dict[str, Any]) -> None:
    pages = [each["foaf:page"]["@id"] for each in node["cv:hasChannel"] if "foaf:page" in each]
    assert "https://lac.example/demarches/composteur" in pages


def test_a_free_service_costs_zero_euro(node: dict[str, Any]) -> None:
    cost = node["cv:hasCost"][0]
    assert cost["cv:hasValue"] == {"@type": "xsd:double", "@value": "0.00"}
    assert cost["cv:currency"]["@id"].endswith("/EUR")


def test_both_languages_of_a_translated_service_are_given(applied: Any) -> None:
    node = cpsv.public_service(queries.service("piscine"))
    assert {each["@language"] for each in node["dct:title"]} == {"fr", "en"}
    assert node["dct:spatial"] == [{"@type": "dct:Location", "dct:identifier": "99002"}]


def test_it_is_json(node: dict[str, Any]) -> None:
    assert json.loads(json.dumps(node)) == node
