"""GeoReport v2, as its specification words it: what is written, and who may."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests.cast import OUTSIDE, photo
from tests.sites.api.open311.conftest import (
    SOMETHING,
    V2,
    Program,
    act,
    agent_of,
    api_key,
    case,
    resolve,
    tree,
)
from tests.sites.api.open311.test_reading import questions

from socle.capabilities.casework import actions as casework
from socle.capabilities.casework.models import Case, Message
from socle.domains.reports.models import PublicPhoto


def sentences(answer: Any, status: int = 400) -> str:
    assert answer.status_code == status, answer.content
    return " ".join(each["description"] for each in answer.json())


# --- POST Service Request ---


def test_a_request_becomes_a_report_and_answers_with_its_number(program: Program) -> None:
    answer = program.post(
        "requests.xml",
        {
            **SOMETHING, "address_string": "1 rue du Lac", "first_name": "Ada", "last_name": "Test",
            "email": "ada@lac.example", "phone": "0600000000", "device_id": "x", "account_id": "y",
        },
    )  # fmt: skip
    assert answer.status_code == 201
    root = tree(answer)
    assert root.tag == "service_requests"
    assert {each.tag for each in root[0]} == {"service_request_id", "service_notice", "account_id"}
    made = case(root[0].findtext("service_request_id") or "")
    assert (made.category, made.channel) == ("depot-sauvage", "api")
    assert (made.contact_name, made.contact_email) == ("Ada Test", "ada@lac.example")
    assert made.address == "1 rue du Lac"
    assert made.applicant_id is None and made.filed_by_id is None


@pytest.mark.parametrize(
    ("key", "said"), [("", "api_key"), ("socle_" + "x" * 43, "clé"), ("nonsense", "clé")]
)
def test_a_key_is_asked_for_and_a_wrong_one_refused(program: Program, key: str, said: str) -> None:
    answer = program.http.post(f"{V2}/requests.json", {**SOMETHING, "api_key": key})
    assert said in sentences(answer, 403)
    assert answer.json()[0]["code"] == 403
    assert not Case.objects.exists()


def test_a_key_without_the_scope_sends_nothing(program: Program) -> None:
    key = api_key("metropole-du-lac", "cases:read")
    answer = program.http.post(f"{V2}/requests.json", {**SOMETHING, "api_key": key})
    assert answer.status_code == 403


def test_a_browsers_session_is_no_key(program: Program, cast: Any) -> None:
    browser = cast.client(cast.administrator)
    assert browser.post(f"{V2}/requests.json", SOMETHING).status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "nothing"}, 404, "service_code"),
        ({"lat": ""}, 400, "lat"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"lat": "", "long": "", "address_id": "12"}, 400, "address_id"),
        ({"lat": "", "long": "", "address_string": "rue introuvable 99"}, 400, "adresse"),
        ({"lat": "north"}, 400, "lat"),
        ({"lat": "nan"}, 400, "lat"),
        ({"lat": "0", "long": "0"}, 400, ""),
        ({"lat": str(OUTSIDE[1]), "long": str(OUTSIDE[0])}, 400, "territoire"),
        ({"description": ""}, 400, "Décrivez"),
        ({"description": "x" * 4001}, 400, "4000"),
        ({"email": "nobody"}, 400, "email"),
        ({"jurisdiction_id": "nowhere"}, 404, "jurisdiction_id"),
        ({"jurisdiction_id": "saint-test"}, 400, "juridiction"),
    ],
)
def test_what_cannot_be_a_report_is_refused_with_the_reason(
    program: Program, change: dict[str, str], status: int, said: str
) -> None:
    assert said in sentences(program.post("requests.json", {**SOMETHING, **change}), status)
    assert not Case.objects.exists()


def test_the_same_key_makes_one_report_and_its_token_finds_it(
    program: Program, other: Program
) -> None:
    first = program.post("requests.json", SOMETHING, **{"idempotency-key": "ours-1"})
    again = program.post("requests.json", SOMETHING, **{"idempotency-key": "ours-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Case.objects.count() == 1
    token = {"authorization": f"Bearer {program.key}"}
    number = first.json()[0]["service_request_id"]
    found = program.json("tokens/ours-1.json", **token)
    assert found == [{"service_request_id": number, "token": "ours-1"}]
    # The control: the same word from somebody else is another key.
    assert other.get("tokens/ours-1.json", api_key=other.key).status_code == 404
    theirs = other.post("requests.json", {**SOMETHING, "idempotency_key": "ours-1"})
    assert theirs.status_code == 201 and Case.objects.count() == 2


def test_answers_to_the_extra_questions_are_typed_and_checked(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions(monkeypatch)
    hole = {**SOMETHING, "service_code": "nid-de-poule"}
    assert "attribute[size]" in sentences(program.post("requests.json", hole))
    wrong = {**hole, "attribute[size]": "huge", "attribute[depth]": "deep"}
    said = sentences(program.post("requests.json", wrong))
    assert "attribute[size]" in said and "attribute[depth]" in said
    answer = program.post(
        "requests.json",
        {
            **hole, "attribute[size]": "large", "attribute[depth]": "12",
            "attribute[dangers][]": ["bus", "bike"], "attribute[WHISPAWN]": "123456",
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    made = case(answer.json()[0]["service_request_id"])
    assert made.answers == {"size": "large", "depth": 12, "dangers": ["bike", "bus"]}


# --- Photos ---


def test_photos_are_sent_along_and_shown_once_an_agent_agreed(program: Program) -> None:
    reference = program.report(media=photo())
    one = case(reference)
    document = one.documents.get()
    assert document.file.media_type == "image/jpeg"
    assert program.json("requests.json")[0]["media_url"] is None
    PublicPhoto.objects.update_or_create(
        document=document, defaults={"report_id": one.pk, "shown": document.file}
    )
    address = program.json("requests.json")[0]["media_url"]
    shown = Client().get(address)
    assert shown.status_code == 200 and shown["Content-Type"] == "image/jpeg"
    assert b"".join(shown.streaming_content)[:2] == b"\xff\xd8"  # type: ignore[attr-defined]
    PublicPhoto.objects.update(shown=None)
    assert Client().get(address).status_code == 404


def test_what_is_no_picture_is_refused(program: Program) -> None:
    from io import BytesIO

    upload = BytesIO(b"<svg onload='x'/>")
    upload.name = "photo.jpg"
    assert program.post("requests.json", {**SOMETHING, "media": upload}).status_code == 400
    assert not Case.objects.exists()


@contextmanager
def photo_server() -> Iterator[tuple[str, list[str]]]:
    """A web server of this machine that gives a photo, and what it was asked."""
    asked: list[str] = []
    picture = photo().getvalue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path == "/moved" else 200)
            if self.path == "/moved":
                self.send_header("Location", "/photo.jpg")
            self.end_headers()
            if self.path != "/moved":
                self.wfile.write(picture)

        def log_message(self, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_an_address_of_the_local_network_is_never_fetched(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with photo_server() as (address, asked):
        for url in (f"{address}/photo.jpg", "http://169.254.169.254/latest", "file:///etc/passwd"):
            said = sentences(program.post("requests.json", {**SOMETHING, "media_url": url}))
            assert "media_url" in said
        assert asked == []
        # The control: the same address, once the settings name its host.
        allow_loopback(monkeypatch)
        reference = program.report(media_url=f"{address}/photo.jpg")
        assert asked == ["/photo.jpg"]
        assert case(reference).documents.count() == 1
        moved = program.post("requests.json", {**SOMETHING, "media_url": f"{address}/moved"})
        assert moved.status_code == 400


def allow_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    options = settings.SOCLE
    allowed = options.outgoing.model_copy(update={"private_hosts": ("127.0.0.1",)})
    monkeypatch.setattr(settings, "SOCLE", options.model_copy(update={"outgoing": allowed}))


# --- Updates ---


def test_the_history_of_a_request_is_public_without_what_is_private(program: Program) -> None:
    reference = program.report()
    one = case(reference)
    casework.reply(actor=agent_of(one), case_id=one.pk, body="Où exactement ?")
    casework.reply(actor=agent_of(one), case_id=one.pk, body="Secret", internal=True)
    resolve(reference)
    public = program.json(f"requests/{reference}/updates.json")
    assert [each["status"] for each in public] == ["open", "fixed"]
    for each in public:
        assert set(each) == {
            "update_id", "service_request_id", "status", "updated_datetime", "description",
            "media_url",
        }  # fmt: skip
    own = program.json(f"requests/{reference}/updates.json", {"api_key": program.key})
    assert [each["status"] for each in own] == ["open", "open", "fixed"]
    assert own[1]["description"] == "Où exactement ?"
    assert "Secret" not in str(own) and "Où" not in str(public)
    root = tree(program.get(f"requests/{reference}/updates.xml"))
    assert root.tag == "service_request_updates" and root[0].tag == "request_update"


def test_the_updates_of_a_period_are_those_of_public_requests(program: Program) -> None:
    first, second = program.report(), program.report(service_code="tag")
    resolve(second)
    rows = program.json("servicerequestupdates.json")
    assert {(each["service_request_id"], each["status"]) for each in rows} == {
        (first, "open"), (second, "open"), (second, "fixed"),
    }  # fmt: skip
    asked = {"start_date": "2020-01-01T00:00:00Z", "end_date": "2020-02-01T00:00:00Z"}
    assert program.json("servicerequestupdates.json", asked) == []


def test_who_sent_a_request_adds_to_it_once(program: Program, other: Program) -> None:
    reference = program.report()
    update = {
        "service_request_id": reference, "update_id": "77", "status": "OPEN",
        "updated_datetime": "2026-01-01T00:00:00Z", "description": "Il y en a deux maintenant.",
    }  # fmt: skip
    for _again in range(2):
        answer = program.post("servicerequestupdates.json", update)
        assert answer.status_code == 201, answer.content
        assert answer.json() == [{"update_id": "77"}]
    message = Message.objects.get(case__reference=reference)
    assert (message.body, message.from_agent) == ("Il y en a deux maintenant.", False)
    assert case(reference).has_news
    # The controls: without a key, and with somebody else's.
    assert program.http.post(f"{V2}/servicerequestupdates.json", update).status_code == 403
    assert other.post("servicerequestupdates.json", update).status_code == 403
    assert Message.objects.count() == 1
    unknown = {**update, "service_request_id": "SG-26-000000"}
    assert program.post("servicerequestupdates.json", unknown).status_code == 404


def test_a_program_of_the_owner_moves_the_request_along_its_workflow(program: Program) -> None:
    reference = program.report()
    owner = case(reference).organisation
    theirs = Program(Client(), api_key(owner.slug, "cases:write"))
    done = theirs.post(
        f"requests/{reference}/updates.json",
        {"update_id": "1", "status": "IN_PROGRESS", "description": "Une équipe part."},
    )
    assert done.status_code == 201, done.content
    assert case(reference).public_status == "in_progress"
    theirs.post(f"requests/{reference}/updates.json", {"update_id": "2", "status": "FIXED"})
    assert program.json(f"requests/{reference}.json")[0]["status"] == "closed"
    refused = theirs.post(
        f"requests/{reference}/updates.json",
        {"update_id": "3", "status": "ACTION_SCHEDULED", "description": "x"},
    )
    assert refused.status_code == 400
    reader = Program(Client(), api_key(owner.slug, "cases:read"))
    denied = reader.post(
        f"requests/{reference}/updates.json", {"status": "OPEN", "description": "x"}
    )
    assert denied.status_code == 403


def test_a_reporter_does_not_decide_of_the_status(program: Program) -> None:
    reference = program.report()
    answer = program.post(
        f"requests/{reference}/updates.json",
        {"update_id": "1", "status": "FIXED", "description": "C’est réparé."},
    )
    assert answer.status_code == 201
    assert case(reference).public_status == "received"
    assert Message.objects.get().body == "C’est réparé."
    assert program.post(f"requests/{reference}/updates.json", {"update_id": "2"}).status_code == 400


def test_words_on_a_closed_request_are_refused_with_the_reason(program: Program) -> None:
    reference = program.report()
    resolve(reference)
    said = {"update_id": "1", "description": "Encore là"}
    assert "close" in sentences(program.post(f"requests/{reference}/updates.json", said))
    assert not Message.objects.exists()


def test_a_transition_says_why(program: Program) -> None:
    reference = program.report()
    act(reference, "decline", message="C’est une voie privée.")
    own = program.json(f"requests/{reference}/updates.json", {"api_key": program.key})
    assert own[-1]["status"] == "not_councils_responsibility"
    assert "voie privée" in own[-1]["description"]


def test_a_merged_request_still_answers_and_goes_on_with_the_other(program: Program) -> None:
    kept, merged = program.report(), program.report()
    survivor, one = case(kept), case(merged)
    casework.merge(
        actor=agent_of(one), survivor_id=survivor.pk, merged_ids=[one.pk],
        versions={survivor.pk: survivor.version, one.pk: one.version},
    )  # fmt: skip
    own = {"authorization": f"Bearer {program.key}"}
    row = program.json(f"requests/{merged}.json", **own)[0]
    assert (row["service_request_id"], row["status"]) == (merged, "open")
    assert program.json(f"requests/{merged}.json")[0]["service_request_id"] == kept
    resolve(kept)
    assert program.json(f"requests/{merged}.json", **own)[0]["status"] == "closed"
    told = program.json(f"requests/{merged}/updates.json", **own)
    assert {each["service_request_id"] for each in told} == {merged}
    assert told[-1]["status"] == "fixed"
    words = {"update_id": "1", "description": "Encore un"}
    assert kept in sentences(program.post(f"requests/{merged}/updates.json", words))
