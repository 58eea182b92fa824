"""Push messages: only their browser reads them, services see who we are, the gone are forgotten."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client, override_settings
from tests.cast import INSIDE, Cast, assemble

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework import queries as cases
from socle.capabilities.casework.models import Case
from socle.capabilities.notifications import actions, push, vapid
from socle.capabilities.notifications.models import PushSubscription
from socle.domains.reports import actions as reports
from socle.foundations.accounts.actors import ANONYMOUS
from socle.foundations.tasks import GiveUp
from socle.foundations.tasks.models import Task
from socle.kernel.errors import Invalid, Unavailable


class Service:
    """A push service on loopback: it keeps what it is given, and answers as told."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 201
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.received.append((self.path, headers, body))
                self.send_response(service.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    outgoing = settings.SOCLE.outgoing.model_copy(update={"private_hosts": ("127.0.0.1",)})
    with override_settings(SOCLE=settings.SOCLE.model_copy(update={"outgoing": outgoing})):
        yield made
    made.server.shutdown()
    made.server.server_close()


class Browser:
    """The other side: its own key and secret, which never leave it."""

    def __init__(self, service: Service, name: str = "abc") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)
        self.endpoint = f"{service.url}/push/{name}"

    @property
    def given(self) -> dict[str, str]:
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {
            "endpoint": self.endpoint,
            "p256dh": vapid.base64url(point),
            "auth": vapid.base64url(self.secret),
        }

    def read(self, body: bytes) -> dict[str, str]:
        text = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.secret, version="aes128gcm"
        )
        return dict(json.loads(text))


@pytest.fixture
def cast(db: None) -> Cast:
    return assemble()


def leave() -> int:
    """Run the push tasks that are queued."""
    rows = list(Task.objects.filter(name="notifications.push").order_by("pk"))
    for row in rows:
        push.deliver(**row.arguments)
    Task.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def reported(**contact: Any) -> Case:
    return reports.submit_report(
        actor=ANONYMOUS, category_id="nid-de-poule", lon=INSIDE[0], lat=INSIDE[1],
        description="Un trou", contact=contact,
    ).case  # fmt: skip


def subscribe(client: Client, browser: Browser, topic: str, token: str = "") -> int:
    data = browser.given | {"topic": topic, "token": token}
    return int(client.post("/notifications/appareil", data).status_code)


def move(cast: Cast, case: Case, transition: str) -> None:
    case.refresh_from_db()
    casework.perform(
        actor=cast.actor(cast.colleague), case_id=case.pk, transition_id=transition,
        version=case.version,
    )  # fmt: skip


def test_who_follows_by_the_private_link_is_told_each_public_change_once(
    cast: Cast, service: Service
) -> None:
    case, browser = reported(), Browser(service)
    token = cases.follow_token(case)
    assert subscribe(Client(), browser, f"case:{case.reference}", token) == 204
    assert subscribe(Client(), browser, f"case:{case.reference}", token) == 204
    move(cast, case, "plan")
    stored = json.dumps(list(Task.objects.values_list("arguments", flat=True)))
    assert token not in stored and case.reference not in stored, "tasks hold ids only"
    assert leave() == 1
    path, headers, body = service.received[0]
    said = browser.read(body)
    assert case.reference in said["title"] and "prévue" in said["title"]
    assert said["url"] == f"/suivi/{case.reference}/{token}"
    assert path == "/push/abc"
    assert headers["content-encoding"] == "aes128gcm" and int(headers["ttl"]) > 0
    assert b"suivi" not in body and case.reference.encode() not in body


def test_the_service_can_check_who_we_are(cast: Cast, service: Service) -> None:
    case, browser = reported(), Browser(service)
    subscribe(Client(), browser, f"case:{case.reference}", cases.follow_token(case))
    move(cast, case, "resolve")
    leave()
    scheme, _space, rest = service.received[0][1]["authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    assert parts["k"] == push.public_key()
    key = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), vapid.from_base64url(parts["k"])
    )
    claims = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=service.url)
    assert claims["sub"].startswith("mailto:")
    assert claims["exp"] <= (datetime.now(UTC) + timedelta(hours=24)).timestamp()
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(parts["t"], other, algorithms=["ES256"], audience=service.url)


def test_another_browser_cannot_read_it(cast: Cast, service: Service) -> None:
    case, browser = reported(), Browser(service)
    subscribe(Client(), browser, f"case:{case.reference}", cases.follow_token(case))
    move(cast, case, "resolve")
    leave()
    with pytest.raises(http_ece.ECEException):
        Browser(service).read(service.received[0][2])


def test_an_account_hears_of_its_notifications(cast: Cast, service: Service) -> None:
    browser = Browser(service)
    ada = cast.client(cast.resident)
    assert subscribe(ada, browser, "user:999999") == 204
    assert PushSubscription.objects.get().topic == f"user:{cast.resident.pk}"
    actions.notify(user_id=cast.resident.pk, kind="test", title="Bonjour", url="/mes-demandes")
    actions.notify(user_id=cast.neighbour.pk, kind="test", title="Pas pour vous")
    assert leave() == 1
    assert browser.read(service.received[0][2])["title"] == "Bonjour"


def test_nobody_follows_what_is_not_theirs(cast: Cast, service: Service) -> None:
    case, browser = reported(), Browser(service)
    assert subscribe(Client(), browser, f"case:{case.reference}", "faux") == 404
    assert subscribe(cast.client(cast.neighbour), browser, f"case:{case.reference}") == 404
    assert subscribe(Client(), browser, "user:1") == 404
    assert PushSubscription.objects.count() == 0


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_browser_that_is_gone_is_forgotten(cast: Cast, service: Service, status: int) -> None:
    subscribe(cast.client(cast.resident), Browser(service), "user")
    service.status = status
    actions.notify(user_id=cast.resident.pk, kind="test", title="Bonjour")
    leave()
    assert PushSubscription.objects.count() == 0


@pytest.mark.parametrize(
    ("status", "error"), [(429, Unavailable), (503, Unavailable), (400, GiveUp), (413, GiveUp)]
)
def test_a_service_in_trouble_is_asked_again_and_a_refusal_is_not(
    cast: Cast, service: Service, status: int, error: type[Exception]
) -> None:
    subscribe(cast.client(cast.resident), Browser(service), "user")
    service.status = status
    actions.notify(user_id=cast.resident.pk, kind="test", title="Bonjour")
    with pytest.raises(error):
        leave()
    assert PushSubscription.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "https://user:pass@push.example/1"},
        {"endpoint": "http://push.example/1"},
        {"endpoint": "file:///etc/passwd"},
        {"p256dh": "AAAA"},
        {"auth": "AAAA"},
        {"auth": "é"},
    ],
)
def test_what_is_no_subscription_is_refused(service: Service, changes: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        push.subscribe(topic="user:1", language="fr", **(Browser(service).given | changes))


@pytest.mark.django_db
def test_the_inside_is_never_called(service: Service) -> None:
    """Control of the fixture: without the permission, loopback is refused at subscription."""
    outgoing = settings.SOCLE.outgoing.model_copy(update={"private_hosts": ()})
    options = settings.SOCLE.model_copy(update={"outgoing": outgoing})
    with override_settings(SOCLE=options), pytest.raises(Invalid):
        push.subscribe(topic="user:1", language="fr", **Browser(service).given)


def test_leaving_a_device_or_an_account_ends_it(cast: Cast, service: Service) -> None:
    ada, browser = cast.client(cast.resident), Browser(service)
    subscribe(ada, browser, "user")
    case = reported()
    subscribe(Client(), browser, f"case:{case.reference}", cases.follow_token(case))
    data = {"endpoint": browser.endpoint, "topic": "user"}
    assert Client().post("/notifications/appareil/retrait", data).status_code == 204
    assert [each.topic for each in PushSubscription.objects.all()] == [f"case:{case.pk}"]
    subscribe(ada, browser, "user")
    actions.forget_person(user_id=cast.resident.pk, email=cast.resident.email)
    assert PushSubscription.objects.count() == 1


@pytest.mark.django_db
def test_a_topic_keeps_its_latest_devices(service: Service) -> None:
    for number in range(push.DEVICES + 2):
        browser = Browser(service, str(number))
        push.subscribe(topic="user:1", language="fr", **browser.given)
    assert PushSubscription.objects.count() == push.DEVICES


def test_the_key_is_made_once_and_kept(data_home: Any) -> None:
    first = push.public_key()
    vapid._load.cache_clear()
    assert push.public_key() == first
    assert (data_home / vapid.FILE).stat().st_mode & 0o077 == 0
