"""The interface holds to its own description, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, assume, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from tests.sites.api.conftest import Program, report

from socle.capabilities.casework.models import PublicStatus
from socle.domains.reports import queries as reports
from socle.sites.api.models import Window
from socle.sites.api.v1 import limits, openapi
from socle.sites.api.v1.operations import Operation
from socle.sites.api.v1.schemas.shared import StatusName
from socle.sites.api.v1.table import OPERATIONS, by_path

pytestmark = pytest.mark.django_db

EXAMPLES = 8
# What is valid in form may be refused in fact (a category unknown here, a place elsewhere): the
# description cannot say so. Keys are tried in `test_scoping`; others need several requests.
LEFT_OUT = {
    "positive_data_acceptance", "ignored_auth", "use_after_free", "ensure_resource_availability",
    "object_level_authorization",
}  # fmt: skip


@contextmanager
def _one_connection() -> Iterator[None]:
    """Django closes its connection after a request; the test's own must live on. (Its own client
    does the same, and undoes it.)
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@cache
def _application() -> WSGIHandler:
    return WSGIHandler()


@cache
def _schema() -> Any:
    load_all_checks()
    schema = schemathesis.openapi.from_dict(openapi.document(OPERATIONS, "fr"))
    schema.app = _application()
    return schema


def _checks(mode: GenerationMode) -> list[Any]:
    left_out = set(LEFT_OUT)
    if mode is GenerationMode.POSITIVE:
        left_out |= {"negative_data_rejection", "missing_required_header"}
    return [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in left_out]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_description_is_valid_openapi(language: str) -> None:
    validate(openapi.document(OPERATIONS, language))


def test_every_operation_is_described_once() -> None:
    described = openapi.document(OPERATIONS, "fr")["paths"]
    assert {(path, method) for path, item in by_path().items() for method in item} == {
        (path, method.upper())
        for path, item in described.items()
        for method in item
        if method != "parameters"
    }
    assert len({each.id for each in OPERATIONS}) == len(OPERATIONS)


def test_the_statuses_described_are_those_of_cases() -> None:
    assert set(StatusName.__args__) == set(PublicStatus.values)  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_whatever_is_sent_the_answer_is_as_described(
    commune: Program, mode: GenerationMode
) -> None:
    reference = commune.post("/reports", report()).json()["reference"]
    wrong = []
    for operation in OPERATIONS:
        try:
            _attack(operation, commune, mode, reference)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            wrong.append(f"{operation.id}: {_said(error)}")
    assert wrong == [], "\n".join(wrong)


def _said(error: BaseException) -> str:
    inner = getattr(error, "exceptions", ())
    return " | ".join(map(_said, inner)) if inner else f"{type(error).__name__} {error}"[:600]


def _attack(operation: Operation, program: Program, mode: GenerationMode, reference: str) -> None:
    """Send `EXAMPLES` requests made from the description; half to a case that exists."""
    described = _schema().find_operation_by_id(operation.id)
    negative = mode is GenerationMode.NEGATIVE
    if negative and not (described.query or described.body or described.headers):
        return
    known = operation.holes == ("reference",)
    chosen = {"path_parameters": {"reference": reference}} if known else {}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=described.as_strategy(generation_mode=mode, **chosen))
    def attempt(case: Any) -> None:
        limits.counters.clear()
        # HTTP itself takes away what surrounds the value of a header (RFC 9110, 5.5).
        sent = [value for value in (case.headers or {}).values() if isinstance(value, str)]
        assume(all(value == value.strip() and value.isprintable() for value in sent))
        headers = {"Accept-Encoding": "identity"}
        # A spoilt key that was made for this case is the case: ours would mend it.
        if not negative or "Authorization" not in (case.headers or {}):
            headers["Authorization"] = f"Bearer {program.secret}"
        with _one_connection():
            response = case.call(headers=headers)
            assert response.status_code < 500, response.content
            case.validate_response(response, checks=_checks(mode), headers=headers)

    attempt()


def test_the_machinery_sees_an_answer_that_is_not_described(
    commune: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same checks refuse a number that became a text."""
    described = _schema().find_operation_by_id("getStatistics")
    case = described.Case(method="GET", path_parameters={}, query={}, headers={})
    headers = {"Authorization": f"Bearer {commune.secret}", "Accept-Encoding": "identity"}
    with _one_connection():
        case.validate_response(case.call(headers=headers), checks=_checks(GenerationMode.POSITIVE))
        wrong = reports.Counts("many", {}, {})  # type: ignore[arg-type]
        monkeypatch.setattr(reports, "public_counts", lambda wanted: wrong)
        with pytest.raises(BaseException, match="integer"):
            case.validate_response(
                case.call(headers=headers), checks=_checks(GenerationMode.POSITIVE)
            )


def test_without_a_key_writes_are_counted_to_the_unit(anonymous: Program) -> None:
    bodies = [report(description=f"n° {number}") for number in range(limits.REPORTS.count + 2)]
    codes = [anonymous.post("/reports", body).status_code for body in bodies]
    assert codes == [201] * limits.REPORTS.count + [429] * 2
    refused = anonymous.post("/reports", report())
    assert refused["Content-Type"] == "application/problem+json"
    assert int(refused["Retry-After"]) > 0
    Window.objects.update(ends_at=Window.objects.get().ends_at - timedelta(hours=2))
    assert anonymous.post("/reports", report()).status_code == 201


def test_reads_beyond_the_limit_are_refused_then_open_again(
    anonymous: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(limits.counters, "_now", lambda: now[0])
    first = anonymous.get("/statistics")
    assert first["RateLimit-Policy"] == '"public";q=600;w=60'
    assert first["RateLimit"] == '"public";r=599;t=60'
    for _count in range(limits.PUBLIC.count - 1):
        limits.counters.hit(limits.PUBLIC, "127.0.0.1")
    refused = anonymous.get("/statistics")
    assert refused.status_code == 429
    assert refused["Access-Control-Allow-Origin"] == "*"
    # Of another network, nothing is refused.
    assert limits.counters.hit(limits.PUBLIC, "192.0.2.7").left == 599
    now[0] = 61.0
    assert anonymous.get("/statistics").status_code == 200
