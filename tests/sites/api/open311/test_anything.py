"""Whatever is asked, in whatever form, the answer is an answer: never a failure of the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sites.api.open311.conftest import SOMETHING, V2, Program

from socle.sites.api.open311 import parameters
from socle.sites.api.open311.answering import Document, to_json, to_xml

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
NAMES = [
    "jurisdiction_id", "service_request_id", "service_code", "start_date", "end_date", "status",
    "page", "page_size", "cursor", "bbox", "lat", "long", "radius", "updated_after",
    "updated_before", "extensions", "api_key",
]  # fmt: skip
LIKELY = st.sampled_from(
    [
        "", " ", "0", "-1", "1", "1e9", "nan", "inf", "1_0", "９", "2026-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
        "2026-01-01", "open", "closed", "open,closed", "2.0,46.0,2.1,46.1", "2,46,1,45",
        "1e308,1e308,1e308,1e308", "lat", "metropole-du-lac", "saint-test", "99001", "depot-sauvage",
        ",".join(["x"] * 600), "%00", "\x00", "true",
        "PjAwMDEtMDEtMDFUMDA6MDA6MDArMjM6NTl8MQ", "PHx8", "'; DROP TABLE casework_case; --",
    ]
)  # fmt: skip
VALUES = LIKELY | st.text(max_size=30)
QUERIES = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6)
PATHS = st.sampled_from(
    ["requests", "services", "servicerequestupdates", "services/tag", "requests/SG-26-AAAAAA",
     "requests/SG-26-AAAAAA/updates", "tokens/x"]
) | st.text(min_size=1, max_size=20).map(lambda text: "requests/" + quote(text, safe=""))  # fmt: skip
FORMS = st.dictionaries(
    st.sampled_from(
        [*SOMETHING, "address_string", "address_id", "email", "phone", "media_url", "first_name",
         "attribute[x]", "attribute[x][]", "update_id", "service_request_id", "jurisdiction_id"]
    ),
    VALUES,
    max_size=8,
)  # fmt: skip


def shaped(answer: Any) -> None:
    """An answer of the specification."""
    assert answer.status_code < 500, answer.content
    if answer["Content-Type"].startswith("application/json"):
        value = json.loads(answer.content)
        if answer.status_code >= 400:
            assert value and all(set(each) == {"code", "description"} for each in value)
    else:
        assert ET.fromstring(answer.content).tag  # noqa: S314 -- our own


@settings(max_examples=120)
@given(path=PATHS, suffix=st.sampled_from(["", ".xml", ".json"]), query=QUERIES)
def test_no_query_makes_the_server_fail(
    program: Program, path: str, suffix: str, query: list[tuple[str, str]]
) -> None:
    text = "&".join(f"{name}={quote(value)}" for name, value in query)
    shaped(program.http.get(f"{V2}/{path}{suffix}?{text}"))


@settings(max_examples=80)
@given(form=FORMS, path=st.sampled_from(["requests.json", "servicerequestupdates.json"]))
def test_no_form_makes_the_server_fail(program: Program, form: dict[str, str], path: str) -> None:
    shaped(program.post(path, {**(SOMETHING if "lat" not in form else {}), **form}))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n"),
        ("multipart/form-data", b"nothing"),
        ("application/json", b"{"),
        ("application/x-www-form-urlencoded; charset=martian", b"a=b"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(3000))),
        ("application/x-www-form-urlencoded", b"description=\xff\xfe&service_code=%ff"),
    ],
)
def test_no_body_makes_the_server_fail(program: Program, kind: str, body: bytes) -> None:
    answer = Client().generic(
        "POST", f"{V2}/requests.json", body, content_type=kind, headers={"x-api-key": program.key}
    )
    shaped(answer)
    assert answer.status_code in (400, 403, 404)


@given(query=QUERIES)
def test_a_search_is_within_bounds_or_refused_in_sentences(query: list[tuple[str, str]]) -> None:
    raw = QueryDict(mutable=True)
    for name, value in query:
        raw.appendlist(name, value)
    try:
        search = parameters.read_search(raw, NOW)
    except parameters.Mistakes as mistakes:
        assert mistakes.sentences and all(mistakes.sentences)
        return
    if search.references:
        return
    assert 1 <= search.page_size <= 1000
    assert search.statuses <= {"open", "closed"}
    if search.since and search.until:
        assert timedelta(0) <= search.until - search.since <= parameters.SPAN
    elif not (search.updated_since or search.updated_until):
        assert search.since == NOW.replace(minute=0) - parameters.SPAN


WORDS = st.text(max_size=40)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)


@given(TREES)
def test_xml_and_json_say_the_same_and_are_well_formed(tree: Any) -> None:
    document = Document("service_requests", [{"value": tree}])
    root = ET.fromstring(to_xml(document))  # noqa: S314 -- our own
    assert root.tag == "service_requests" and root[0].tag == "request"
    clean = json.loads(json.dumps(tree).encode("ascii", "ignore"))
    if not _surrogate(tree):
        assert json.loads(to_json(document))[0]["value"] == clean


def _surrogate(tree: Any) -> bool:
    return any(
        "\ud800" <= each <= "\udfff" for each in json.dumps(tree, ensure_ascii=False)
    ) or any(abs(each) >= 2**63 for each in _numbers(tree))


def _numbers(tree: Any) -> list[int]:
    if isinstance(tree, dict):
        return [number for each in tree.values() for number in _numbers(each)]
    return [tree] if isinstance(tree, int) else []
