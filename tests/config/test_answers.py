"""What every answer carries, and what errors become."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path

from socle.config import pages
from socle.config.middleware.identification import ClientAddressMiddleware, RequestIdMiddleware
from socle.config.middleware.limits import BodySizeMiddleware
from socle.kernel.errors import Conflict, Invalid, NotFound, Throttled, TooLarge, Unavailable

pytestmark = pytest.mark.django_db

_RAISED = {
    "invalid": Invalid("Le code postal est faux.", fields={"postcode": ["Cinq chiffres."]}),
    "missing": NotFound(),
    "conflict": Conflict(),
    "large": TooLarge(),
    "throttled": Throttled(90),
    "away": Unavailable(),
    "database": OperationalError("server closed the connection"),
    "http404": Http404("nothing"),
    "denied": PermissionDenied("no"),
    "suspicious": SuspiciousOperation("bad"),
    "bug": ZeroDivisionError("secret 42"),
}


def fails(request: HttpRequest, how: str) -> HttpResponse:
    raise _RAISED[how]


def fine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>ok</p>")


def mine(request: HttpRequest) -> HttpResponse:
    request.session["x"] = 1
    return HttpResponse("mine")


urlpatterns = [
    path("fails/<str:how>", fails, name="fails"),
    path("api/fails/<str:how>", fails, name="api-fails"),
    path("fine", fine, name="fine"),
    path("mine", mine, name="mine"),
    path("", include("socle.config.urls")),
]
handler404 = "socle.config.pages.not_found"
handler500 = "socle.config.pages.server_error"
handler400 = "socle.config.pages.bad_request"
handler403 = "socle.config.pages.denied"


@pytest.fixture(autouse=True)
def _addresses() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("invalid", 422),
        ("missing", 404),
        ("conflict", 409),
        ("large", 413),
        ("throttled", 429),
        ("away", 503),
        ("database", 503),
        ("http404", 404),
        ("denied", 403),
        ("suspicious", 400),
        ("bug", 500),
    ],
)
def test_an_error_is_a_page_for_people_and_a_problem_for_programs(
    visitor: Client, how: str, status: int
) -> None:
    page = visitor.get(f"/fails/{how}", headers={"accept": "text/html"})
    assert page.status_code == status
    assert page["Content-Type"].startswith("text/html")
    assert "<h1" in page.text
    assert "secret 42" not in page.text
    assert page["Cache-Control"] == "no-store"
    problem = visitor.get(f"/api/fails/{how}")
    assert problem.status_code == status
    assert problem["Content-Type"] == "application/problem+json"
    body = json.loads(problem.content)
    assert body["status"] == status
    assert body["instance"] == f"/api/fails/{how}"
    assert "secret 42" not in problem.text


def test_a_program_may_ask_for_json_anywhere(visitor: Client) -> None:
    answer = visitor.get("/fails/missing", headers={"accept": "application/json"})
    assert answer["Content-Type"] == "application/problem+json"


def test_a_browser_that_accepts_anything_gets_a_page(visitor: Client) -> None:
    accept = "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"
    answer = visitor.get("/fails/missing", headers={"accept": accept})
    assert answer["Content-Type"].startswith("text/html")


def test_wrong_fields_are_told_one_by_one(visitor: Client) -> None:
    body = json.loads(visitor.get("/api/fails/invalid").content)
    assert body["errors"] == [
        {"field": "postcode", "pointer": "#/postcode", "detail": "Cinq chiffres."}
    ]
    assert "Cinq chiffres." in visitor.get("/fails/invalid").text


def test_waiting_times_are_told(visitor: Client) -> None:
    assert visitor.get("/fails/throttled")["Retry-After"] == "90"
    assert visitor.get("/fails/away")["Retry-After"] == "30"


def test_a_fragment_that_fails_replaces_the_page(visitor: Client) -> None:
    answer = visitor.get("/fails/missing", headers={"hx-request": "true"})
    assert answer["HX-Retarget"] == "body"


def test_an_address_that_does_not_exist_is_a_page(visitor: Client) -> None:
    answer = visitor.get("/no/such/page")
    assert answer.status_code == 404
    assert "<h1" in answer.text


def test_the_error_page_survives_broken_templates(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no template")

    monkeypatch.setattr(pages, "select_template", broken)
    answer = visitor.get("/fails/away")
    assert answer.status_code == 503
    assert "<h1>" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_a_stale_form_is_explained(visitor: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/fine", {"a": "b"})
    assert answer.status_code == 403
    assert "formulaire" in answer.text


@pytest.mark.parametrize("address", ["/fine", "/no/such/page", "/fails/bug", "/fails/missing"])
def test_every_answer_is_protected(visitor: Client, address: str) -> None:
    headers = visitor.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.search(r"script-src 'self'(;|$)", policy)
    assert re.search(r"style-src 'self'(;|$)", policy)
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "geolocation=(self)" in headers["Permissions-Policy"]
    assert "microphone=()" in headers["Permissions-Policy"]
    assert re.fullmatch(r"[0-9a-f]{16}", headers["X-Request-ID"])


def test_a_personal_page_is_not_kept_by_the_browser(visitor: Client) -> None:
    assert visitor.get("/mine")["Cache-Control"] == "private, no-store"
    assert "Cache-Control" not in Client().get("/fine").headers


@pytest.mark.parametrize(("cookie", "theme"), [("dark", "dark"), ("x", "auto"), (None, "auto")])
def test_the_theme_is_the_cookies_when_it_is_one(cookie: str | None, theme: str) -> None:
    from socle.config.middleware.headers import HeadersMiddleware

    request = RequestFactory().get("/")
    if cookie:
        request.COOKIES["theme"] = cookie
    HeadersMiddleware(lambda _: HttpResponse())(request)
    assert request.theme == theme  # type: ignore[attr-defined]


def _behind(proxies: int) -> SimpleNamespace:
    return SimpleNamespace(security=SimpleNamespace(proxies=proxies))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),  # the left part is the visitor's word
        (2, "198.51.100.7, 203.0.113.9, 192.0.2.2", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),  # fewer hops than promised: nobody is believed
        (1, "", "192.0.2.1"),
    ],
)
def test_only_trusted_proxies_say_where_a_visitor_comes_from(
    proxies: int, forwarded: str, expected: str
) -> None:
    with override_settings(SOCLE=_behind(proxies)):
        middleware = ClientAddressMiddleware(lambda _: HttpResponse())
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    middleware(request)
    assert request.META["REMOTE_ADDR"] == expected


@pytest.mark.parametrize(
    ("proxies", "given", "kept"),
    [
        (0, "abcdef123456", False),
        (1, "abcdef123456", True),
        (1, "x", False),
        (1, "a b\r\nSet-Cookie: c", False),
    ],
)
def test_a_request_number_from_outside_is_kept_only_behind_a_proxy(
    proxies: int, given: str, kept: bool
) -> None:
    with override_settings(SOCLE=_behind(proxies)):
        middleware = RequestIdMiddleware(lambda _: HttpResponse())
    request = RequestFactory().get("/", HTTP_X_REQUEST_ID=given)
    assert (middleware(request).headers["X-Request-ID"] == given) is kept


@pytest.mark.parametrize("length", ["104857601", "9" * 5000, "-1", "1e3", "١٢"])
def test_a_body_too_large_is_refused_unread(length: str) -> None:
    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

    request = RequestFactory().post("/fine")
    request.META |= {"CONTENT_LENGTH": length, "wsgi.input": Unread()}
    answer = BodySizeMiddleware(lambda _: HttpResponse("in"))(request)
    assert answer.status_code == 413
    assert answer["Connection"] == "close"


@pytest.mark.parametrize("length", ["", "0", "104857600"])
def test_a_body_within_the_limit_passes(length: str) -> None:
    request = RequestFactory().post("/fine")
    request.META["CONTENT_LENGTH"] = length
    assert BodySizeMiddleware(lambda _: HttpResponse("in"))(request).status_code == 200
