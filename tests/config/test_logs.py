"""Logs help whoever operates and betray nobody."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.config.logs import MASK, Discretion, JsonLines, RequestNumber, redact
from socle.config.middleware.identification import request_id


@pytest.mark.parametrize(
    "text",
    [
        "mail to jeanne.martin+test@exemple.fr refused",
        "<jeanne.martin@mairie.exemple.fr>",
        "call 06 12 34 56 78 back",
        "call 0612345678",
        "call +33 6 12 34 56 78",
        "call +33(0)612345678",
        "call 06.12.34.56.78",
        "GET /recherche?q=aide+sociale HTTP/1.1",
        "https://exemple.fr/suivi?token=abc&x=1",
        "session 3q2x8v7b6n5m4k3j2h1g0f9d8s7a6p5o4i3u2y1t",
    ],
)
def test_personal_data_and_keys_are_masked(text: str) -> None:
    masked = redact(text)
    assert MASK in masked
    for secret in ("jeanne", "12 34", "123456", "12.34", "aide", "abc", "3q2x"):
        assert secret not in masked


@pytest.mark.parametrize(
    "text",
    [
        "task mail.send done in 12.5 ms",
        "SG-26-7K4M2X moved from received to closed",
        "2026-03-04 10:30:05 worker villeneuve-3412-0f3a9c started",
        "GET portal:service 200",
        "request 3f9c0a1b2c3d4e5f",
        "SIREN 200054807, 1234567 reports, port 8000",
        "why? because of that",
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert redact(text) == text


@given(st.text(max_size=300))
def test_masking_never_fails_and_masking_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.emails())
def test_no_address_survives(address: str) -> None:
    local = address.partition("@")[0]
    masked = redact(f"sent to {address} now")
    assert f"{local}@" not in masked


def _line(record: logging.LogRecord) -> dict[str, object]:
    Discretion().filter(record)
    RequestNumber().filter(record)
    line = JsonLines().format(record)
    assert "\n" not in line
    found: dict[str, object] = json.loads(line)
    return found


def _record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    logger = logging.getLogger("socle.test")
    return logger.makeRecord("socle.test", 30, "f", 1, message, arguments, None, extra=extra)


def test_a_line_is_one_json_object_with_its_request() -> None:
    token = request_id.set("3f9c0a1b2c3d4e5f")
    try:
        line = _line(_record("sent %s to %s", 3, "jeanne@exemple.fr", route="portal:home"))
    finally:
        request_id.reset(token)
    assert line["message"] == f"sent 3 to {MASK}"
    assert line["level"] == "WARNING"
    assert line["logger"] == "socle.test"
    assert line["request_id"] == "3f9c0a1b2c3d4e5f"
    assert line["route"] == "portal:home"
    assert "at" in line


def test_the_request_that_django_attaches_is_dropped() -> None:
    line = _line(_record("Not Found", request="<WSGIRequest: GET '/suivi?token=abc'>"))
    assert "request" not in line


def test_a_traceback_is_masked_too() -> None:
    try:
        raise ValueError("jeanne@exemple.fr")
    except ValueError:
        record = logging.getLogger("x").makeRecord("x", 40, "f", 1, "failed", (), sys.exc_info())
    line = _line(record)
    assert "ValueError" in str(line["traceback"])
    assert "jeanne" not in str(line)
