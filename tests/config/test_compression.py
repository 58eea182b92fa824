"""What travels is compressed, and its length says nothing of what it holds."""

from __future__ import annotations

import gzip

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from socle.config.middleware.compression import CompressionMiddleware


def answer(content: bytes, kind: str, accepted: str = "gzip, br", **headers: str) -> HttpResponse:
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepted})
    middleware = CompressionMiddleware(
        lambda _request: HttpResponse(content, content_type=kind, headers=headers)
    )
    response = middleware(request)
    assert isinstance(response, HttpResponse)
    return response


TEXT = "Une page qui se répète. ".encode() * 200


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "application/json", "application/geo+json", "text/csv"]
)
def test_text_is_compressed_for_who_accepts_it(kind: str) -> None:
    response = answer(TEXT, kind)
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert gzip.decompress(response.content) == TEXT
    assert len(response.content) < len(TEXT) / 4
    assert int(response.headers["Content-Length"]) == len(response.content)


def test_others_get_it_as_it_is() -> None:
    response = answer(TEXT, "text/html", accepted="identity")
    assert "Content-Encoding" not in response.headers and response.content == TEXT


@pytest.mark.parametrize("kind", ["image/jpeg", "application/pdf", "font/woff2"])
def test_what_is_compressed_already_is_left_alone(kind: str) -> None:
    assert "Content-Encoding" not in answer(TEXT, kind).headers


def test_the_same_page_never_has_the_same_length_for_long() -> None:
    lengths = {len(answer(TEXT, "text/html").content) for _ in range(60)}
    assert len(lengths) > 10
