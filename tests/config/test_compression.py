"""What travels is compressed, and its length says nothing of what it holds."""

from __future__ import annotations

import gzip
import re

import brotli
import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from socle.config.middleware.compression import CompressionMiddleware


def answer(content: bytes, kind: str, accepted: str = "gzip", **headers: str) -> HttpResponse:
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


def test_pages_are_squeezed_harder_for_who_accepts_it() -> None:
    response = answer(TEXT, "text/html; charset=utf-8", accepted="gzip, deflate, br, zstd")
    assert response.headers["Content-Encoding"] == "br"
    assert "Accept-Encoding" in response.headers["Vary"]
    page = brotli.decompress(response.content)
    assert re.fullmatch(re.escape(TEXT) + rb"<!--[0-9a-f]*-->", page)
    assert int(response.headers["Content-Length"]) == len(response.content)


def test_what_is_validated_weakly_says_so() -> None:
    assert answer(TEXT, "text/html", accepted="br", ETag='"1"').headers["ETag"] == 'W/"1"'


def test_an_answer_compressed_elsewhere_is_not_compressed_again() -> None:
    body = gzip.compress(TEXT * 10)
    response = answer(body, "text/html", accepted="gzip, br", **{"Content-Encoding": "gzip"})
    assert response.content == body


def test_others_get_it_as_it_is() -> None:
    response = answer(TEXT, "text/html", accepted="identity")
    assert "Content-Encoding" not in response.headers and response.content == TEXT


@pytest.mark.parametrize("kind", ["image/jpeg", "application/pdf", "font/woff2"])
def test_what_is_compressed_already_is_left_alone(kind: str) -> None:
    assert "Content-Encoding" not in answer(TEXT, kind).headers


@pytest.mark.parametrize("accepted", ["gzip", "br"])
def test_the_same_page_never_has_the_same_length_for_long(accepted: str) -> None:
    lengths = {len(answer(TEXT, "text/html", accepted).content) for _ in range(60)}
    assert len(lengths) > 10
