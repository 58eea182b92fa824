"""Handing over by Open311, to servers as they are: XML only, slow, down, forgetful, lying."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.connectors.open311 import client as protocol
from socle.connectors.open311 import reading
from socle.connectors.open311.client import Client
from socle.connectors.open311.sender import Open311Sender
from socle.connectors.open311.words import folded, status_of
from socle.domains.reports.handovers.ports import Addressee, NotSent, Outgoing, Photo
from socle.kernel import outgoing
from socle.kernel.clock import FixedClock
from socle.kernel.outgoing import Answer, CallFailed

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
URL = "https://311.example/v2"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    protocol.forget()
    yield
    protocol.forget()


class Server:
    """A GeoReport v2 server in this process. What a test changes is how it misbehaves."""

    def __init__(
        self, *, xml_only: bool = False, tokens: bool = False, updates: bool = True
    ) -> None:
        self.xml_only, self.tokens, self.has_updates = xml_only, tokens, updates
        self.requests: list[dict[str, str]] = []
        self.updates: list[dict[str, str]] = []
        self.calls: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.forms: list[list[tuple[str, str]]] = []
        self.bodies: list[bytes] = []
        self.extra: dict[str, str] = {}
        self.fail: Callable[[str, str], Answer | None] = lambda method, path: None
        self.numbered = True

    def fetch(
        self,
        url: str,
        *,
        policy: outgoing.Policy,
        method: str = "GET",
        content: bytes | None = None,
        headers: dict[str, str],
    ) -> Answer:
        parts = urlsplit(url)
        path = parts.path.removeprefix("/v2/")
        self.calls.append((method, path))
        self.headers.append(headers)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        before = self.fail(method, path)
        if before is not None and before.status != 598:
            return before
        answer = self._answer(method, path, query, content or b"", headers)
        if before is not None:
            # It did the work; the answer is lost on the way.
            raise CallFailed("timeout")
        return answer

    def _answer(
        self, method: str, path: str, query: dict[str, str], content: bytes, headers: dict[str, str]
    ) -> Answer:
        name, _dot, suffix = path.rpartition(".")
        if self.xml_only and suffix == "json":
            return self._said("errors", [{"code": "404", "description": "no json"}], 404)
        if method == "POST":
            self.bodies.append(content)
            form = parse_qsl(content.decode(errors="replace"), keep_blank_values=True)
            self.forms.append(form)
            if name == "servicerequestupdates":
                return self._said("service_request_updates", [{"update_id": "1"}], 201)
            return self._posted(dict(form))
        if name == "services":
            one = {"service_code": "DUMP", "service_name": "Dump", "metadata": "true"}
            return self._said("services", [one])
        if name == "services/DUMP":
            attributes = [{"code": "size", "datatype": "string"}, {"code": "external_id"}]
            return self._said("service_definition", {"attributes": attributes})
        if name.startswith("tokens/"):
            found = [r for r in self.requests if self.numbered and self.tokens]
            rows = [{"service_request_id": found[-1]["service_request_id"]}] if found else []
            return self._said("service_requests", rows)
        if name == "requests":
            return self._said("service_requests", self.requests)
        if name.endswith("/updates"):
            status = 200 if self.has_updates else 404
            return self._said("service_request_updates", self.updates, status)
        if name == "servicerequestupdates":
            return self._said("errors", [], 404)
        if name.startswith("requests/"):
            rows = [r for r in self.requests if r["service_request_id"] == name[9:]]
            return self._said("service_requests", rows, 200 if rows else 404)
        return self._said("errors", [{"code": "404", "description": "?"}], 404)

    def _posted(self, form: dict[str, str]) -> Answer:
        number = f"N-{len(self.requests) + 1}"
        keep = {k: form.get(k, "") for k in ("service_code", "lat", "long", "description")}
        self.requests.append({"service_request_id": number, "status": "open", **keep})
        given = {"token": "T1"} if self.tokens else {"service_request_id": number}
        return self._said("service_requests", [given], 201)

    def _said(self, root: str, value: Any, status: int = 200) -> Answer:
        from socle.sites.api.open311.answering import Document, to_json, to_xml

        document = Document(root, value)
        if self.xml_only:
            return Answer(status, {"content-type": "text/xml", **self.extra}, to_xml(document))
        kind = {"content-type": "application/json", **self.extra}
        return Answer(status, kind, to_json(document))

    def posts(self) -> int:
        return sum(method == "POST" for method, _path in self.calls)


def sender(server: Server) -> Open311Sender:
    def make(handover: Outgoing) -> Client:
        body = handover.body
        return Client(body.url, jurisdiction=body.jurisdiction, key=body.secret, fetch=server.fetch)

    return Open311Sender(make, FixedClock(NOW))


def handover(**changes: Any) -> Outgoing:
    body = Addressee(1, "other", "Other", url=URL, jurisdiction="other.example", secret="s3cret")
    known: dict[str, Any] = {
        "id": 7, "key": "SG-26-7K4M2X.7", "attempts": 0, "body": body,
        "reference": "SG-26-7K4M2X", "category": "depot-sauvage", "category_label": "Dépôt",
        "service_code": "DUMP", "title": "Dépôt – 1 rue du Lac", "description": "Un matelas",
        "reason": "Hors de nos voies", "address": "1 rue du Lac", "area_code": "99001",
        "lon": 2.05, "lat": 46.05, "created_at": NOW - timedelta(hours=2),
        "handed_at": NOW - timedelta(hours=1),
        "answers": {"Taille": "grand"}, "attributes": {"size": "large", "wet": True},
    }  # fmt: skip
    return Outgoing(**{**known, **changes})


@pytest.mark.parametrize("xml_only", [False, True])
def test_a_report_is_sent_with_what_the_specification_asks(xml_only: bool) -> None:
    server = Server(xml_only=xml_only)
    sent = sender(server).send(handover())
    assert (sent.external_id, sent.token) == ("N-1", "")
    form = dict(server.forms[0])
    assert form["api_key"] == "s3cret" and form["jurisdiction_id"] == "other.example"
    assert (form["service_code"], form["lat"], form["long"]) == ("DUMP", "46.05", "2.05")
    assert form["address_string"] == "1 rue du Lac"
    # What their definition asks for goes as attributes, the rest in words; our reference both ways.
    assert form["attribute[size]"] == "large" and form["attribute[external_id]"] == "SG-26-7K4M2X"
    assert "attribute[wet]" not in form
    assert "Un matelas" in form["description"] and "Taille : grand" in form["description"]
    assert "[SG-26-7K4M2X]" in form["description"]
    assert server.headers[-1]["Idempotency-Key"] == "SG-26-7K4M2X.7"
    assert "email" not in form and "phone" not in form


def test_an_answer_lost_on_the_way_makes_no_second_report() -> None:
    server = Server()
    server.fail = lambda method, path: Answer(598) if method == "POST" else None
    with pytest.raises(NotSent) as failed:
        sender(server).send(handover())
    assert not failed.value.permanent and len(server.requests) == 1
    server.fail = lambda method, path: None
    assert sender(server).send(handover(attempts=1)).external_id == "N-1"
    assert server.posts() == 1
    # The control: another's report at the same place is not taken for ours.
    server.requests[0]["description"] = "Un matelas"
    assert sender(server).send(handover(attempts=1)).external_id == "N-2"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (503, False), (429, False), (408, False), (301, True), (400, True), (403, True)],
)
def test_failures_are_passing_or_final(status: int, permanent: bool) -> None:
    server = Server()
    body = json.dumps([{"code": status, "description": "Pas ici"}]).encode()
    headers = {"content-type": "application/json", "retry-after": "120"}
    server.fail = lambda method, path: Answer(status, headers, body) if method == "POST" else None
    with pytest.raises(NotSent) as failed:
        sender(server).send(handover())
    assert failed.value.permanent is permanent
    assert failed.value.retry_after == 120
    assert "Pas ici" in failed.value.sentence


def test_nobody_answering_is_passing() -> None:
    def silent(url: str, **arguments: Any) -> Answer:
        raise CallFailed("ConnectionRefusedError")

    make = Open311Sender(lambda handover: Client(URL, fetch=silent), FixedClock(NOW))
    for call in (make.send, make.updates):
        with pytest.raises(NotSent) as failed:
            call(handover(external_id="N-1"))
        assert not failed.value.permanent


def test_a_service_they_do_not_have_is_final_after_asking_again() -> None:
    server = Server()
    with pytest.raises(NotSent) as failed:
        sender(server).send(handover(service_code="LOST"))
    assert failed.value.permanent and "LOST" in failed.value.sentence
    assert server.calls.count(("GET", "services.json")) == 2 and server.posts() == 0


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/v2", "https://127.0.0.1:9/v2", "ftp://x/v2", "https://u:p@x.example/v2"],
)
def test_the_local_network_is_not_called_unless_the_settings_say_so(url: str) -> None:
    body = Addressee(1, "other", "Other", url=url)
    with pytest.raises(NotSent) as failed:
        Open311Sender().send(handover(body=body))
    assert failed.value.permanent


def test_photos_go_along_where_the_server_takes_them() -> None:
    picture = Photo("a.jpg", "image/jpeg", lambda: b"\xff\xd8picture", "https://us.example/a.jpg")
    server = Server()
    sender(server).send(handover(photos=(picture,)))
    assert dict(server.forms[0])["media_url"] == "https://us.example/a.jpg"
    protocol.forget()
    server.extra = {"accept-post": "application/x-www-form-urlencoded, multipart/form-data"}
    sender(server).send(handover(photos=(picture,)))
    assert server.headers[-1]["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b"\xff\xd8picture" in server.bodies[-1] and b"media_url" not in server.bodies[-1]


def test_a_token_becomes_a_reference_when_they_have_one() -> None:
    server = Server(tokens=True)
    server.numbered = False
    sent = sender(server).send(handover())
    assert (sent.external_id, sent.token) == ("", "T1")
    waiting = handover(external_token="T1")
    assert sender(server).updates(waiting) == []
    server.numbered = True
    found = sender(server).updates(waiting)
    assert [(each.external_id, each.status) for each in found] == [("N-1", "open")]
    assert not found[0].public


def test_updates_are_read_oldest_first_with_their_meaning() -> None:
    server = Server()
    rows = [
        ("2", "fixed", NOW, "Réparé"),
        ("1", "In Progress", NOW - timedelta(hours=3), "Une équipe part"),
        ("0", "open", NOW - timedelta(days=9), "Reçu"),
    ]
    server.updates = [
        {"update_id": key, "service_request_id": "N-1", "status": status,
         "updated_datetime": at.isoformat(), "description": text}
        for key, status, at, text in rows
    ]  # fmt: skip
    server.updates += [{"update_id": "", "status": "open"}, {"update_id": "9", "status": "x"}]
    found = sender(server).updates(handover(external_id="N-1", synced_at=NOW - timedelta(hours=5)))
    assert [(each.key, each.status, each.public) for each in found] == [
        ("open311:1", "accepted", True), ("open311:2", "done", True),
    ]  # fmt: skip


def test_a_server_without_updates_is_read_by_its_status() -> None:
    server = Server(updates=False)
    sender(server).send(handover())
    known = handover(external_id="N-1", synced_at=NOW)
    assert sender(server).updates(known) == []
    server.requests[0] |= {
        "status": "closed", "status_notes": "Enlevé", "updated_datetime": "2026-03-04T10:00:00Z",
    }  # fmt: skip
    first = sender(server).updates(known)
    assert [(each.status, each.text) for each in first] == [("done", "Enlevé")]
    assert [each.key for each in sender(server).updates(known)] == [first[0].key]
    server.requests.clear()
    with pytest.raises(NotSent):
        sender(server).updates(known)


def test_what_we_say_goes_with_a_key_that_is_the_same_each_time() -> None:
    server = Server()
    told = sender(server).tell(handover(external_id="N-1"), "K.3", text="Encore là", status="open")
    form = dict(server.forms[0])
    assert told == "1"
    assert (form["update_id"], form["status"], form["description"]) == ("K.3", "OPEN", "Encore là")
    assert form["service_request_id"] == "N-1"


# --- Reading ---


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><services>&e;</services>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><services/>'.encode("utf-16-le"),
        b"<services><service>" * 2000,
        b"[" * 100_000,
        b'{"a": ',
        b"<html>",
        b"",
        b"nothing",
    ],
)
def test_what_is_not_of_the_specification_is_unreadable(body: bytes) -> None:
    with pytest.raises(reading.Unreadable):
        reading.mapping_list(body, "text/xml", "services")


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"<a>{text}</a>".encode()))
def test_no_answer_breaks_the_reader(body: bytes) -> None:
    try:
        found = reading.mapping_list(body, "", "services")
    except reading.Unreadable:
        return
    assert isinstance(found, list)


@given(st.text(max_size=60))
def test_every_status_means_something(text: str) -> None:
    assert status_of(text) in {"open", "accepted", "done", "returned"}
    assert folded(folded(text)) == folded(text)
