"""GeoReport v2, as its specification words it: what is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.cast import INSIDE, Cast
from tests.sites.api.open311.conftest import V2, Program, case, resolve, tree

from socle.capabilities.casework.models import Case
from socle.domains.reports import actions as reports
from socle.domains.reports.models import PublicReport
from socle.foundations.accounts.actors import SYSTEM

SERVICE = {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
REQUEST = {
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime",
    "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url",
}  # fmt: skip
LATER = (2.15, 46.05)


def aged(reference: str, days: float) -> None:
    """Make a report look as if it had been sent days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    Case.objects.filter(reference=reference).update(created_at=at, updated_at=at)
    PublicReport.objects.filter(reference=reference).update(created_at=at, updated_at=at)


def references(rows: Any) -> list[str]:
    return [row["service_request_id"] for row in rows]


# --- Discovery and services ---


def test_discovery_names_the_endpoint_in_both_formats(cast: Cast) -> None:
    found = Client().get("/open311/discovery.json")
    assert found["Content-Type"] == "application/json; charset=utf-8"
    document = found.json()
    assert set(document) == {"changeset", "contact", "key_service", "endpoints"}
    endpoint = document["endpoints"][0]
    assert set(endpoint) == {"specification", "url", "changeset", "type", "formats"}
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"] == "http://testserver/open311/v2"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    root = tree(Client().get("/open311/discovery.xml"))
    assert root.tag == "discovery"
    assert [each.text for each in root.findall("endpoints/endpoint/formats/format")] == [
        "text/xml", "application/json",
    ]  # fmt: skip


def test_services_are_the_categories(program: Program) -> None:
    rows = program.json("services.json")
    assert all(set(row) == SERVICE for row in rows)
    first = next(row for row in rows if row["service_code"] == "depot-sauvage")
    assert first["service_name"] == "Dépôt sauvage"
    assert (first["metadata"], first["type"], first["group"]) == (False, "realtime", "Propreté")
    assert first["keywords"] == "déchets, encombrants, ordures"
    root = tree(program.get("services.xml"))
    assert root.tag == "services"
    assert [each.findtext("service_code") for each in root.findall("service")] == [
        row["service_code"] for row in rows
    ]
    assert root[0].findtext("metadata") == "false"


def test_the_format_follows_the_accept_header_and_is_xml_otherwise(program: Program) -> None:
    assert program.get("services")["Content-Type"].startswith("text/xml")
    answer = program.get("services", accept="application/json")
    assert answer["Content-Type"].startswith("application/json")
    assert answer["Vary"] and answer["Access-Control-Allow-Origin"] == "*"


def test_a_definition_has_the_attributes_of_the_extra_questions(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions(monkeypatch)
    listed = {row["service_code"]: row["metadata"] for row in program.json("services.json")}
    assert listed["nid-de-poule"] is True and listed["tag"] is False
    document = program.json("services/nid-de-poule.json")
    assert document["service_code"] == "nid-de-poule"
    by_code = {each["code"]: each for each in document["attributes"]}
    assert by_code["size"] == {
        "variable": True, "code": "size", "datatype": "singlevaluelist", "required": True,
        "datatype_description": None, "order": 1, "description": "Quelle taille ?",
        "values": [{"key": "small", "name": "Petit"}, {"key": "large", "name": "Grand"}],
    }  # fmt: skip
    assert by_code["depth"]["datatype"] == "number"
    assert by_code["dangers"]["datatype"] == "multivaluelist"
    root = tree(program.get("services/nid-de-poule.xml"))
    assert root.tag == "service_definition"
    assert root.find("attributes/attribute/values/value/key").text == "small"  # type: ignore[union-attr]
    assert root.find("attributes/attribute/required").text == "true"  # type: ignore[union-attr]


def questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the potholes of the small pack extra questions."""
    from socle.capabilities.questionnaires.pack import Option, Question
    from socle.domains.reports import queries

    asked = (
        Question(
            id="size", type="choice", label="Quelle taille ?",
            options=(Option(value="small", label="Petit"), Option(value="large", label="Grand")),
        ),
        Question(id="depth", type="integer", label="Profondeur", required=False, unit="cm"),
        Question(
            id="dangers", type="choices", label="Dangers", required=False,
            options=(Option(value="bike", label="Vélos"), Option(value="bus", label="Bus")),
        ),
    )  # fmt: skip
    category = queries.category("nid-de-poule")
    assert category is not None
    # The typed document is shared by the process: it is put back.
    monkeypatch.setitem(category.__dict__, "questions", asked)


# --- Lists ---


def test_a_request_has_the_fields_of_the_specification(program: Program) -> None:
    reference = program.report(address_string="1 rue du Lac")
    row = program.json(f"requests/{reference}.json")[0]
    assert set(row) == REQUEST
    assert row["service_request_id"] == reference
    assert (row["status"], row["service_code"]) == ("open", "depot-sauvage")
    assert row["service_name"] == "Dépôt sauvage"
    assert (row["lat"], row["long"]) == (INSIDE[1], INSIDE[0])
    assert row["address"] == "1 rue du Lac"
    assert datetime.fromisoformat(row["requested_datetime"]).tzinfo is not None
    assert row["requested_datetime"].endswith("Z")
    root = tree(program.get("requests.xml"))
    assert root.tag == "service_requests"
    assert {each.tag for each in root[0]} == REQUEST
    assert root[0].tag == "request"


def test_words_wait_for_an_agent_except_for_who_sent_them(program: Program, other: Program) -> None:
    reference = program.report()
    assert program.json(f"requests/{reference}.json")[0]["description"] is None
    assert program.json("requests.json")[0]["description"] is None
    own = {"authorization": f"Bearer {program.key}"}
    row = program.json(f"requests/{reference}.json", **own)[0]
    assert row["description"] == "Un matelas sur le trottoir"
    # The control: another's key opens nothing more.
    row = other.json(f"requests/{reference}.json", authorization=f"Bearer {other.key}")[0]
    assert row["description"] is None


def test_a_list_is_the_last_ninety_days_newest_first(program: Program) -> None:
    new, old, older = program.report(), program.report(), program.report()
    aged(old, 30)
    aged(older, 120)
    assert references(program.json("requests.json")) == [new, old]
    start = (datetime.now(UTC) - timedelta(days=130)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert references(program.json("requests.json", {"start_date": start})) == [older]
    end = (datetime.now(UTC) - timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    assert references(program.json("requests.json", {"end_date": end})) == [old]
    answer = program.get("requests.json", {"start_date": start, "end_date": end})
    assert answer.status_code == 400
    assert "90" in answer.json()[0]["description"]


def test_numbers_override_every_other_argument(program: Program) -> None:
    first, second = program.report(), program.report()
    aged(first, 400)
    asked = {"service_request_id": f"{second},{first},SG-26-XXXXXX", "status": "closed"}
    assert references(program.json("requests.json", asked)) == [second, first]


def test_lists_are_cut_by_code_and_by_status(program: Program) -> None:
    dump, tag = program.report(), program.report(service_code="tag")
    resolve(tag)
    assert references(program.json("requests.json", {"service_code": "tag,nothing"})) == [tag]
    assert references(program.json("requests.json", {"status": "open"})) == [dump]
    closed = program.json("requests.json", {"status": "closed"})
    assert references(closed) == [tag] and closed[0]["status_notes"]
    assert len(program.json("requests.json", {"status": "open,closed"})) == 2
    assert len(program.json("requests.json", {"status": "", "service_code": ""})) == 2


def test_lists_are_cut_by_place_and_by_change(program: Program) -> None:
    here, there = program.report(), program.report(long=str(LATER[0]))
    aged(there, 5)
    lon, lat = INSIDE
    box = f"{lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}"
    assert references(program.json("requests.json", {"bbox": box})) == [here]
    circle = {"lat": lat, "long": lon, "radius": 50}
    assert references(program.json("requests.json", circle)) == [here]
    assert len(program.json("requests.json", {**circle, "radius": 20_000})) == 2
    moment = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert references(program.json("requests.json", {"updated_after": moment})) == [here]
    assert references(program.json("requests.json", {"updated_before": moment})) == [there]


def test_pages_follow_each_other_by_number_and_by_link(program: Program) -> None:
    made = [program.report() for _ in range(5)]
    for age, reference in enumerate(made):
        aged(reference, age + 1)
    pages = [
        references(program.json("requests.json", {"page": n, "page_size": 2})) for n in (1, 2, 3, 4)
    ]
    assert pages == [made[:2], made[2:4], made[4:], []]
    # Out of order, in a process that remembers nothing.
    from django.core.cache import caches

    caches["local"].clear()
    assert references(program.json("requests.json", {"page": 3, "page_size": 2})) == made[4:]
    answer = program.get("requests.json", {"page_size": 3})
    link = answer["Link"].partition(">")[0].removeprefix("<http://testserver")
    assert references(answer.json()) == made[:3]
    assert references(Client().get(link).json()) == made[3:]


def test_a_list_costs_the_same_queries_whatever_its_length(
    program: Program, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counted = []
    for _ in range(2):
        for _each in range(4):
            program.report()
        program.json("requests.json")
        with CaptureQueriesContext(connection) as queries:
            program.json("requests.json")
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 6


def test_extended_attributes_are_given_when_asked(program: Program) -> None:
    reference = program.report()
    assert "extended_attributes" not in program.json("requests.json")[0]
    row = program.json("requests.json", {"extensions": "true"})[0]
    assert row["extended_attributes"]["status"] == "open"
    resolve(reference)
    row = program.json(f"requests/{reference}.json", {"extensions": "true"})[0]
    assert row["extended_attributes"]["status"] == "fixed"


# --- Jurisdictions ---


def test_a_commune_is_a_jurisdiction_by_key_and_by_code(program: Program) -> None:
    here = program.report()
    area = case(here).area_code
    for name in ("villeneuve-du-lac", area, "VILLENEUVE-DU-LAC"):
        assert references(program.json("requests.json", {"jurisdiction_id": name})) == [here]
    assert program.json("requests.json", {"jurisdiction_id": "saint-test"}) == []
    whole = {"jurisdiction_id": "metropole-du-lac"}
    assert references(program.json("requests.json", whole)) == [here]
    answer = program.get(f"requests/{here}.json", {"jurisdiction_id": "saint-test"})
    assert answer.status_code == 404


# --- Errors ---


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("services", {"jurisdiction_id": "nowhere"}, 404),
        ("services/nothing", {}, 404),
        ("requests", {"jurisdiction_id": "nowhere"}, 404),
        ("requests/SG-26-000000", {}, 404),
        ("requests/SG-26-000000/updates", {}, 404),
        ("tokens/nothing", {}, 404),
        ("nothing", {}, 404),
        ("requests", {"start_date": "yesterday"}, 400),
        ("requests", {"start_date": "2026-01-01T00:00:00"}, 400),
        ("requests", {"status": "lost"}, 400),
        ("requests", {"bbox": "1,2,3"}, 400),
        ("requests", {"lat": "46"}, 400),
        ("requests", {"page": "0"}, 400),
        ("requests", {"page": "101", "page_size": "1000"}, 400),
        ("requests", {"cursor": "é"}, 400),
    ],
)
def test_errors_have_one_shape_in_both_formats(
    program: Program, path: str, query: dict[str, str], status: int
) -> None:
    answer = program.get(f"{path}.json", query)
    assert answer.status_code == status, answer.content
    if path != "nothing":
        for each in answer.json():
            assert set(each) == {"code", "description"}
            assert each["code"] == status and each["description"]
    answer = program.get(f"{path}.xml", query)
    assert answer.status_code == status
    root = tree(answer)
    assert root.tag == "errors"
    assert [each.tag for each in root[0]] == ["code", "description"]
    assert root[0].findtext("code") == str(status)


def test_a_wrong_key_never_passes_for_none(program: Program) -> None:
    answer = program.get("requests.json", authorization="Bearer socle_wrong")
    assert answer.status_code == 200  # a public list reads no key
    reference = program.report()
    answer = program.get(f"requests/{reference}.json", authorization="Bearer socle_wrong")
    assert answer.status_code == 403
    assert answer.json()[0]["code"] == 403


def test_hidden_reports_do_not_exist(program: Program) -> None:
    reference = program.report()
    reports.moderate(
        actor=SYSTEM, case_id=case(reference).pk, moderation=PublicReport.Moderation.HIDDEN
    )
    assert program.json("requests.json") == []
    assert program.get(f"requests/{reference}.json").status_code == 404
    assert program.json("requests.json", {"service_request_id": reference}) == []


def test_methods_that_are_not_of_the_specification_are_refused(program: Program) -> None:
    answer = program.http.delete(f"{V2}/requests.json")
    assert answer.status_code == 405 and answer["Allow"] == "GET, POST"
    assert answer.json()[0]["code"] == 405


def test_the_clock_of_dates_is_read_with_its_zone() -> None:
    from socle.sites.api.open311.parameters import read_date

    assert read_date("1994-11-05T08:15:30-05:00") == read_date("1994-11-05T13:15:30Z")
    assert read_date("1994-11-05T13:15:30 01:00") == read_date("1994-11-05T12:15:30Z")
    assert read_date("1994-11-05T13:15:30") is None
    assert read_date("1994-11-05") == datetime(1994, 11, 5, tzinfo=UTC)
